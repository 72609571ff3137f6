// Model row: one model in the table: its figures, and what is done with it.

import { button, make } from "../common/elements.js";
import { notation } from "../common/notation.js";
import { accuracy, size, whole } from "../common/words.js";

/** @type {Record<string, string>} */
const KINDS = { box: "in the box", own: "your own" };
const NAMES = "Letters, digits, - and _, beginning with a letter or digit; at most 40.";

/**
 * @typedef {{ use(name: string): void, rename(name: string, to: string): Promise<boolean>,
 *   remove(name: string): Promise<boolean> }} Heard
 */

/**
 * A row of the table. Roles are written out, as a narrow screen lays the rows out as sheets.
 * @param {ListedModel | DeviceModel} model
 * @param {Exporter[]} exporters all there are
 * @param {boolean} chosen whether it answers now
 * @param {Heard} heard
 */
export function modelRow(model, exporters, chosen, heard) {
  const share = model.validation_accuracy;
  const cell = (/** @type {string} */ kind, /** @type {(string | Node)[]} */ ...content) =>
    make("td", { role: "cell", class: kind || null }, ...content);
  const doing = make("div", { class: "row doing" });
  const name = make("div", { class: "row named" });
  const draw = () => {
    name.replaceChildren(make("span", { class: "model-name" }, model.name), chip(model, chosen));
    doing.replaceChildren(...actions(model, exporters, chosen, heard, { name, doing, draw }));
  };
  draw();
  return make(
    "tr",
    { role: "row", "data-row": model.name },
    make("th", { scope: "row", role: "rowheader" }, name, small(model)),
    cell(share === null ? "number" : "number measured", accuracy(share, 2)),
    cell("number wide", whole(model.parameters)),
    cell("number wide", size(model.bytes)),
    cell("", doing),
  );
}

/** @param {ListedModel | DeviceModel} model @param {boolean} chosen */
function chip({ kind }, chosen) {
  return make("span", { class: chosen ? "chip chosen" : "chip" }, KINDS[kind] ?? kind);
}

/** What it is, in small letters. @param {ListedModel | DeviceModel} model */
function small(model) {
  const { kind, network, made_with: madeWith, parameters, bytes } = model;
  const made = kind === "box" ? `made by ${madeWith}` : madeWith;
  return make(
    "div",
    { class: "hint" },
    make("div", {}, notation(network)),
    make("div", {}, made),
    make("div", { class: "narrow" }, `${whole(parameters)} parameters, ${size(bytes)}`),
    "purpose" in model ? make("div", { class: "purpose" }, model.purpose) : null,
  );
}

/**
 * @param {ListedModel | DeviceModel} model
 * @param {Exporter[]} exporters
 * @param {boolean} chosen
 * @param {Heard} heard
 * @param {{ name: HTMLElement, doing: HTMLElement, draw(): void }} row
 */
function actions(model, exporters, chosen, heard, row) {
  const { name } = model;
  /** @type {HTMLElement[]} */
  const found = [];
  if (!("purpose" in model)) {
    found.push(
      button(chosen ? "In use" : "Use", () => heard.use(name), {
        "data-model": name,
        "aria-pressed": String(chosen),
        "aria-label": chosen ? `In use: ${name}` : `Use ${name}`,
        class: chosen ? "button primary" : "button",
      }),
    );
  }
  const takes = "exports" in model ? exporters.filter((one) => model.exports.includes(one.name)) : exporters;
  found.push(downloads(name, takes));
  if (model.kind !== "own") return found;
  const renaming = button("Rename", () => askName(model, heard, row), { "aria-label": `Rename ${name}` });
  return [...found, renaming, remover(name, heard, row)];
}

/** All that a model is given away as, behind one button. @param {string} name @param {Exporter[]} exporters */
function downloads(name, exporters) {
  const links = [{ suffix: "zip", title: "Zip" }, ...exporters].map(({ suffix, title }) => {
    const href = `api/models/${encodeURIComponent(name)}.${suffix}`;
    const label = `${title} of ${name}`;
    return make("a", { href, download: `${name}.${suffix}`, "aria-label": label }, title);
  });
  const summary = make("summary", { class: "button", "aria-label": `Download ${name}` }, "Download");
  const menu = make("details", { class: "menu" }, summary, make("div", { class: "menu-list" }, ...links));
  const close = () => {
    menu.open = false;
  };
  menu.addEventListener("focusout", (event) => {
    if (!(event.relatedTarget instanceof Node && menu.contains(event.relatedTarget))) close();
  });
  menu.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    close();
    summary.focus();
  });
  return menu;
}

/**
 * The name becomes a field; Escape leaves it as it was.
 * @param {ListedModel | DeviceModel} model
 * @param {Heard} heard
 * @param {{ name: HTMLElement, doing: HTMLElement, draw(): void }} row
 */
function askName({ name }, heard, { name: place, doing, draw }) {
  const field = make("input", {
    type: "text",
    value: name,
    "aria-label": `New name of ${name}`,
    maxlength: 40,
    pattern: "[A-Za-z0-9][A-Za-z0-9_\\-]{0,39}",
    title: NAMES,
    required: true,
    autocomplete: "off",
    spellcheck: "false",
  });
  const form = make("form", { class: "row new-name" }, field);
  const back = () => {
    draw();
    focusOn(doing, "Rename");
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (field.value === name) back();
    else if (!(await heard.rename(name, field.value))) field.focus();
  });
  form.addEventListener("keydown", ({ key }) => key === "Escape" && back());
  place.replaceChildren(form);
  doing.replaceChildren(
    button("Save the name", () => form.requestSubmit(), { class: "button primary" }),
    button("Leave it", back),
  );
  field.select();
}

/** What deletes a model that has no row. @param {string} name @param {Pick<Heard, "remove">} heard */
export function deletion(name, heard) {
  const doing = make("div", { class: "row doing" });
  const draw = () => doing.replaceChildren(remover(name, heard, { doing, draw }));
  draw();
  return doing;
}

/** @param {string} name @param {Pick<Heard, "remove">} heard @param {{ doing: HTMLElement, draw(): void }} row */
function remover(name, heard, row) {
  const danger = { class: "button danger", "aria-label": `Delete ${name}` };
  return button("Delete", () => askTwice(name, heard, row), danger);
}

/** @param {string} name @param {Pick<Heard, "remove">} heard @param {{ doing: HTMLElement, draw(): void }} row */
function askTwice(name, heard, { doing, draw }) {
  const back = () => {
    draw();
    focusOn(doing, "Delete");
  };
  const sure = button(
    "Delete for good",
    async () => {
      if (!(await heard.remove(name))) back();
    },
    { class: "button danger", "aria-label": `Delete for good: ${name}` },
  );
  const keep = button("Keep it", back);
  const asked = make("span", { class: "asked", role: "alert" }, `Delete ${name}? It cannot be taken back.`);
  doing.replaceChildren(asked, sure, keep);
  keep.focus();
}

/** @param {HTMLElement} place @param {string} words */
function focusOn(place, words) {
  for (const each of place.querySelectorAll("button")) if (each.textContent === words) each.focus();
}
