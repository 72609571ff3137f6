// Picture queue: several pictures that came in at once, of which one lies on top.

import { button, make } from "../common/elements.js";

// `turned(file)` hears which picture is on top now.
export function startPile({ turned }) {
  const words = make("p", { class: "pile-words", "aria-live": "polite" });
  const before = button("Previous picture", () => turn(-1), { class: "button quiet" });
  const after = button("Next picture", () => turn(1), { class: "button quiet" });
  const element = make("div", { class: "row spread pile", hidden: true }, before, words, after);
  let files = [];
  let at = 0;

  function turn(step) {
    at += step;
    tell();
    turned(files[at]);
  }

  function tell() {
    element.hidden = files.length < 2;
    words.textContent = `${at + 1} of ${files.length}: ${files[at].name}`;
    const focused = document.activeElement;
    before.disabled = at === 0;
    after.disabled = at === files.length - 1;
    if (focused === before && before.disabled) after.focus();
    if (focused === after && after.disabled) before.focus();
  }

  return {
    element,
    // Others take the place of those that were there; the first lies on top.
    take(pictures) {
      files = pictures;
      at = 0;
      tell();
      turned(files[at]);
    },
  };
}
