// Network map: every layer of the network side by side; it stays in sight, and leads to each.

import { make, makeSvg } from "../common/elements.js";

/** @typedef {{ name: string, size: string, glyph: "pixels" | "maps" | "neurons" | "sums", element: HTMLElement }} Stop */

export class NetworkMap {
  list = make("ol", { class: "map-stops table-scroll" });
  element = make("nav", { class: "network-map card", "aria-label": "Map of the network" }, this.list);
  /** @type {HTMLButtonElement[]} */
  buttons = [];
  at = -1;
  waiting = 0;

  /** @param {Stop[]} stops from the first layer to the last */
  constructor(stops) {
    this.stops = stops;
    this.list.append(...stops.map((stop, k) => this.#item(stop, k)));
    // One listener for each map: those of networks that are no longer shown take themselves away.
    const look = () => {
      if (!this.element.isConnected) removeEventListener("scroll", look);
      else this.waiting ||= requestAnimationFrame(() => this.#look());
    };
    addEventListener("scroll", look, { passive: true });
    this.#mark(0);
  }

  /** @param {Stop} stop @param {number} k */
  #item({ name, size, glyph, element }, k) {
    const go = make(
      "button",
      { type: "button", class: "map-stop" },
      glyphOf(glyph),
      name,
      make("small", {}, size),
    );
    go.addEventListener("click", () => {
      element.scrollIntoView({ block: "start" });
      const heading = element.querySelector("h2");
      heading?.setAttribute("tabindex", "-1");
      heading?.focus({ preventScroll: true });
      this.#mark(k);
    });
    this.buttons.push(go);
    return make("li", {}, go);
  }

  /** Which layer is looked at: the last that has come up to the map, or at the page's end the last. */
  #look() {
    this.waiting = 0;
    const { bottom } = this.element.getBoundingClientRect();
    const tops = this.stops.map(({ element }) => element.getBoundingClientRect().top);
    const isEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 2;
    const line = Math.max(bottom, 0) + 0.25 * innerHeight;
    this.#mark(
      isEnd && scrollY > 0
        ? tops.length - 1
        : Math.max(
            0,
            tops.findLastIndex((top) => top < line),
          ),
    );
  }

  /** @param {number} k */
  #mark(k) {
    if (k === this.at) return;
    this.buttons[this.at]?.removeAttribute("aria-current");
    this.at = k;
    const now = this.buttons[k];
    now.setAttribute("aria-current", "true");
    const { list } = this;
    const far = now.offsetLeft - list.offsetLeft - (list.clientWidth - now.offsetWidth) / 2;
    list.scrollTo({ left: far });
  }
}

/** A small sign for what a layer gives. @param {Stop["glyph"]} glyph */
function glyphOf(glyph) {
  const svg = makeSvg("svg", { class: "map-glyph", viewBox: "0 0 26 20", "aria-hidden": "true" });
  const square = (/** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ side) =>
    makeSvg("rect", { x, y, width: side, height: side, rx: 1 });
  if (glyph === "pixels") svg.append(square(5, 2, 16));
  if (glyph === "maps") svg.append(square(3, 1, 12), square(7, 4, 12), square(11, 7, 12));
  if (glyph === "neurons") for (const [x, y] of DOTS) svg.append(makeSvg("circle", { cx: x, cy: y, r: 2 }));
  if (glyph === "sums")
    [14, 6, 18, 9].forEach((width, k) => {
      svg.append(makeSvg("rect", { x: 4, y: 1.5 + 4.6 * k, width, height: 3, rx: 1 }));
    });
  return svg;
}

const DOTS = [4, 10, 16].flatMap((y) => [7, 13, 19].map((x) => [x, y]));
