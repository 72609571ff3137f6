// Unit grid: the neurons or feature maps of a stage side by side, which pointer, finger and keys walk.

import { button, make, targetOf } from "../common/elements.js";

const AT_FIRST = 128; // more than that only when asked for

export class UnitGrid {
  /** @type {{ element: HTMLElement, canvas: HTMLCanvasElement, bar: HTMLElement }[]} */
  units = [];
  current = -1;
  pinned = false;

  /**
   * @param {number} n
   * @param {string} label
   * @param {{ chosen(index: number, byHand: boolean): void, grown(): void }} heard `chosen` which one
   *   is looked at, and whether someone chose it; `grown`: all are shown now
   */
  constructor(n, label, heard) {
    this.heard = heard;
    this.list = make("div", { class: "units", role: "listbox", "aria-label": label });
    this.element = make("div", {}, this.list);
    this.#grow(Math.min(n, AT_FIRST));
    if (n > AT_FIRST) {
      const more = button(`Show all ${n}`, () => {
        this.#grow(n);
        more.remove();
        heard.grown();
      });
      this.element.append(more);
    }
    this.#hear();
    // In the next frame: other columns have other heights, of which an observer would hear at once.
    new ResizeObserver(() => requestAnimationFrame(() => this.#fit())).observe(this.list);
  }

  /** So many in a row that the rows are full, as far as that costs at most half of their number. */
  #fit() {
    const style = getComputedStyle(this.list);
    const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
    const least = Number.parseFloat(style.getPropertyValue("--least")) * rem;
    const gap = Number.parseFloat(style.columnGap) || 0;
    if (!this.list.clientWidth || !least) return;
    const most = Math.max(1, Math.floor((this.list.clientWidth + gap) / (least + gap)));
    const full =
      Array.from({ length: most }, (_, k) => most - k).find((n) => this.units.length % n === 0) ?? 1;
    const columns = Math.min(this.units.length, 2 * full > most ? full : most);
    this.list.style.setProperty("--columns", `${columns}`);
  }

  /** @param {number} until */
  #grow(until) {
    while (this.units.length < until) {
      const canvas = make("canvas", { "aria-hidden": "true" });
      const bar = make("span", { class: "unit-bar" });
      const index = this.units.length;
      const option = {
        role: "option",
        "aria-selected": "false",
        tabindex: index ? -1 : 0,
        "data-index": index,
      };
      const element = make("div", { class: "unit", ...option }, canvas, bar);
      this.list.append(element);
      this.units.push({ element, canvas, bar });
    }
    this.#fit();
  }

  /** @param {number} index @param {boolean} byHand @param {boolean} focus */
  choose(index, byHand = false, focus = false) {
    if (index < 0 || index >= this.units.length) return;
    const before = this.units[Math.max(this.current, 0)].element;
    before.setAttribute("aria-selected", "false");
    before.tabIndex = -1;
    this.current = index;
    const { element } = this.units[index];
    element.setAttribute("aria-selected", "true");
    element.tabIndex = 0;
    if (focus) element.focus();
    this.heard.chosen(index, byHand);
  }

  #hear() {
    const indexOf = (/** @type {Event} */ event) => Number(targetOf(event, ".unit")?.dataset.index ?? -1);
    this.list.addEventListener("pointerover", (event) => {
      const index = indexOf(event);
      if (event.pointerType === "mouse" && !this.pinned && index !== this.current) this.choose(index, true);
    });
    this.list.addEventListener("click", (event) => {
      const index = indexOf(event);
      if (index < 0) return;
      this.pinned = !(this.pinned && index === this.current); // once more lets it go
      this.list.classList.toggle("pinned", this.pinned);
      this.choose(index, true, true);
    });
    this.list.addEventListener("focusin", (event) => {
      if (indexOf(event) !== this.current) this.choose(indexOf(event), true);
    });
    this.list.addEventListener("keydown", (event) => {
      const top = this.units[0].element.offsetTop;
      const perRow = this.units.filter(({ element }) => element.offsetTop === top).length;
      const at = Math.max(this.current, 0);
      const to = {
        ArrowLeft: at - 1,
        ArrowRight: at + 1,
        ArrowUp: at - perRow,
        ArrowDown: at + perRow,
        Home: 0,
        End: this.units.length - 1,
      }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      this.choose(to, true, true);
    });
  }

  /** One picture that is not chosen from: where there is nothing but it. @param {string} title */
  asPicture(title) {
    const [{ element: picture }] = this.units;
    for (const attribute of ["role", "aria-label"]) this.list.removeAttribute(attribute);
    for (const attribute of ["aria-selected", "tabindex"]) picture.removeAttribute(attribute);
    picture.classList.add("map");
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", title);
  }
}
