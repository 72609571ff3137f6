// Picture queue: several pictures that came in at once, of which one is looked at.

import { button, make } from "../common/elements.js";

export class PictureQueue {
  words = make("p", { class: "queue-words", "aria-live": "polite" });
  before = button("Previous picture", () => this.#turn(-1));
  after = button("Next picture", () => this.#turn(1));
  element = make(
    "div",
    { class: "row spread picture-queue", hidden: true },
    this.before,
    this.words,
    this.after,
  );
  /** @type {File[]} */
  files = [];
  at = 0;

  /** @param {(file: File) => void} turned hears which picture is looked at now */
  constructor(turned) {
    this.turned = turned;
  }

  /** Others take the place of those that were there, the first to begin with. @param {File[]} files */
  take(files) {
    this.files = files;
    this.at = 0;
    this.#turn(0);
  }

  /** The picture that is looked at is looked at anew. */
  again() {
    if (this.files.length) this.#turn(0);
  }

  /** @param {number} step */
  #turn(step) {
    this.at += step;
    const { files, at, before, after } = this;
    this.element.hidden = files.length < 2;
    this.words.textContent = `${at + 1} of ${files.length}: ${files[at].name}`;
    const focused = document.activeElement;
    before.disabled = at === 0;
    after.disabled = at === files.length - 1;
    if (focused === before && before.disabled) after.focus();
    if (focused === after && after.disabled) before.focus();
    this.turned(files[at]);
  }
}
