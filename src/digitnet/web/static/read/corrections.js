// Corrections: digits that someone put right: kept by the server as pictures, to learn from.

import { button, make } from "../common/elements.js";
import { ask, askWithPicture } from "../common/server.js";
import { many } from "../common/words.js";
import { framePicture } from "./crop.js";

const NONE =
  "None yet. Every digit you correct is kept here as a picture with its right label, to learn from.";

/** How many there are, and the way to train with them. */
export class Corrections {
  count = make("p", { id: "read-corrections" });

  /** @param {() => void} train */
  constructor(train) {
    this.train = button("Train with them", train);
    const card = { class: "card stack tight", "aria-label": "Corrections" };
    this.element = make("section", card, make("h3", {}, "Corrections"), this.count, this.train);
  }

  /** Ask how many there are. */
  async look() {
    const { count, per_label: counts } = await ask("api/corrections");
    this.#tell(count, counts);
  }

  /**
   * Keep a digit's picture under its right label; how many there are then. A crop in which nothing
   * can be found is refused; then the frame is sent, which the network saw.
   * @param {Digit} digit
   * @param {number} label
   * @param {Blob} picture
   * @returns {Promise<number>}
   */
  async keep(digit, label, picture) {
    const path = `api/corrections?label=${label}`;
    const answer = await askWithPicture(path, picture).catch(() => askWithPicture(path, framePicture(digit)));
    Object.assign(digit, { corrected: label, mark: answer.mark });
    this.#tell(answer.kept, answer.per_label);
    return answer.kept;
  }

  /** Forget a digit's picture; how many are left. @param {Digit} digit @returns {Promise<number>} */
  async takeBack(digit) {
    const answer = await ask(`api/corrections/${digit.mark}`, { method: "DELETE" });
    delete digit.corrected;
    this.#tell(answer.count, answer.per_label);
    return answer.count;
  }

  /** Nothing is learnt from one kind of digit alone. @param {number} all @param {number[]} perLabel */
  #tell(all, perLabel) {
    const enough = perLabel.filter(Boolean).length > 1;
    const use = enough
      ? "A model that trains with them learns your hand."
      : "Correct another digit too, and a model can learn from them.";
    this.count.textContent = all ? `${many(all, "correction")} kept. ${use}` : NONE;
    this.train.hidden = !enough;
  }
}
