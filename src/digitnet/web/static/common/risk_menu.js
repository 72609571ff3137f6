// Risk menu: how many wrong answers are allowed, for what is drawn and what is read.

import { ALWAYS, isPromised } from "../network/risk.js";
import { byId, make } from "./elements.js";

/** The menu in the page's head; a model brings the choices. */
export class RiskMenu {
  menu = byId("risk", HTMLSelectElement);

  /** @param {() => void} changed */
  constructor(changed) {
    this.menu.addEventListener("change", changed);
  }

  /** What is chosen; null is as the model was made. */
  get risk() {
    return this.menu.value === "" ? null : Number(this.menu.value);
  }

  /** Choose a risk, where it is offered. @param {number | null} risk */
  choose(risk) {
    const value = `${risk ?? ""}`;
    if ([...this.menu.options].some((option) => option.value === value)) this.menu.value = value;
  }

  /** Offer what a model can promise; a choice that it offers too stays. @param {Model} model */
  use(model) {
    const before = this.menu.options.length ? this.menu.value : `${model.risk ?? ""}`;
    const offered = model.offered.map((risk) => make("option", { value: `${risk}` }, words(model, risk)));
    if (model.risk === null)
      offered.unshift(make("option", { value: "" }, model.taught ? "not counted" : "as it was made"));
    this.menu.replaceChildren(...offered);
    const kept = offered.some(({ value }) => value === before);
    this.menu.value = kept ? before : `${model.risk ?? ""}`;
  }
}

/** @param {Model} model @param {number} risk */
function words(model, risk) {
  if (risk === ALWAYS) return "answer always";
  const most = `at most ${Number((100 * risk).toPrecision(3))} %`;
  return isPromised(model, risk) ? most : `${most}, not sure`;
}
