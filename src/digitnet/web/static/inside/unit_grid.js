// Unit grid: the neurons or feature maps of a stage as a grid that pointer, finger and keys walk.

const AT_FIRST = 128; // more than that only when asked for

// `chosen(index, byHand)` hears which one is looked at, and whether someone chose it.
export function makeUnits(n, label, chosen) {
  const root = document.createElement("div");
  const list = document.createElement("div");
  list.className = "units";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", label);
  root.append(list);
  const units = [];
  let current = -1;
  let pinned = false;

  function add(until) {
    while (units.length < until) {
      const unit = document.createElement("div");
      unit.className = "unit";
      unit.setAttribute("role", "option");
      unit.setAttribute("aria-selected", "false");
      unit.tabIndex = units.length === 0 ? 0 : -1;
      unit.dataset.index = units.length;
      const canvas = document.createElement("canvas");
      canvas.setAttribute("aria-hidden", "true");
      const bar = document.createElement("span");
      bar.className = "unit-bar";
      unit.append(canvas, bar);
      list.append(unit);
      units.push({ element: unit, canvas, bar });
    }
  }
  add(Math.min(n, AT_FIRST));
  if (n > AT_FIRST) {
    const more = document.createElement("button");
    more.type = "button";
    more.className = "button";
    more.textContent = `Show all ${n}`;
    more.addEventListener("click", () => {
      add(n);
      more.remove();
      root.dispatchEvent(new Event("more"));
    });
    root.append(more);
  }

  function choose(index, byHand = false, focus = false) {
    if (index < 0 || index >= units.length) return;
    if (current >= 0) {
      units[current].element.setAttribute("aria-selected", "false");
      units[current].element.tabIndex = -1;
    } else {
      units[0].element.tabIndex = -1;
    }
    current = index;
    const { element } = units[index];
    element.setAttribute("aria-selected", "true");
    element.tabIndex = 0;
    if (focus) element.focus();
    chosen(index, byHand);
  }

  const indexOf = (event) => Number(event.target.closest?.(".unit")?.dataset.index ?? -1);
  list.addEventListener("pointerover", (event) => {
    if (event.pointerType === "mouse" && !pinned && indexOf(event) !== current) choose(indexOf(event), true);
  });
  list.addEventListener("click", (event) => {
    const index = indexOf(event);
    if (index < 0) return;
    pinned = !(pinned && index === current); // once more lets it go
    list.classList.toggle("pinned", pinned);
    choose(index, true, true);
  });
  list.addEventListener("focusin", (event) => {
    if (indexOf(event) !== current) choose(indexOf(event), true);
  });
  list.addEventListener("keydown", (event) => {
    const perRow = units.filter(
      ({ element }) => element.offsetTop === units[0].element.offsetTop,
    ).length;
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -perRow, ArrowDown: perRow }[event.key];
    const to = { Home: 0, End: units.length - 1 }[event.key] ?? Math.max(current, 0) + by;
    if (Number.isNaN(to)) return;
    event.preventDefault();
    choose(to, true, true);
  });

  // One picture that is not chosen from: where there is nothing but it.
  function asPicture(title) {
    const [{ element: picture }] = units;
    ["role", "aria-label"].forEach((attribute) => list.removeAttribute(attribute));
    ["aria-selected", "tabindex"].forEach((attribute) => picture.removeAttribute(attribute));
    picture.classList.add("map");
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", title);
  }

  return { root, units, choose, asPicture, current: () => current };
}
