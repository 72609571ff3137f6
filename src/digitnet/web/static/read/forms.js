// Forms: pictures read by a template: a value for each field, corrected by hand, and a table of all.

import { button, make } from "../common/elements.js";
import { askWithFiles } from "../common/server.js";
import { percent } from "../common/words.js";

const PICTURE = /^\s*picture\s*=\s*["']([^"']+)["']/m; // what a template's TOML calls its blank form
const SETTLED = ["ok", "empty", "corrected"];

/**
 * The template among files, and the other files; an Error where the blank form is not among them.
 * @param {File[]} files
 * @returns {Promise<{ template: Template | null, others: File[] }>}
 */
export async function templateAmong(files) {
  const toml = files.find(({ name }) => name.toLowerCase().endsWith(".toml"));
  if (!toml) return { template: null, others: files };
  const named = PICTURE.exec(await toml.text())?.[1]
    .split("/")
    .pop();
  if (!named) throw new Error(`${toml.name} is no template: it names no picture of the blank form.`);
  const blank = files.find(({ name }) => name === named);
  if (!blank) throw new Error(`${toml.name} needs the blank form's picture: choose ${named} with it.`);
  return { template: { toml, blank }, others: files.filter((file) => file !== toml && file !== blank) };
}

/** What a form's fields say. @param {File} form @param {Template} template @param {string} model @param {AbortSignal} [signal] @returns {Promise<ReadForm>} */
export function readForm(form, { toml, blank }, model, signal) {
  const path = `api/read-form?model=${encodeURIComponent(model)}`;
  return askWithFiles(path, { template: toml, blank, form }, signal);
}

/** @param {ReadForm} form */
export const toLookAt = ({ fields }) => fields.filter(({ status }) => !SETTLED.includes(status));

/**
 * The table of `digitnet read --template`, as text.
 * @param {string[]} names of the fields
 * @param {{ name: string, form: ReadForm | null, reason: string }[]} rows a form, or why it is refused
 */
export function tableOf(names, rows) {
  const header = ["path", ...names.flatMap((name) => [name, `${name} confidence`, `${name} status`])];
  const table = rows.map(({ name, form, reason }) => {
    if (!form) return [name, ...names.flatMap(() => ["", "", ""]), "refused", reason];
    const look = toLookAt(form);
    return [
      name,
      ...form.fields.flatMap((field) => [field.value, field.confidence?.toFixed(4) ?? "", field.status]),
      look.length ? "look" : "ok",
      look.map((field) => `${field.name}: ${field.reason}`).join("; "),
    ];
  });
  const cells = [[...header, "status", "reason"], ...table];
  return `${cells.map((row) => row.map(quoted).join(",")).join("\n")}\n`;
}

/** @param {string} cell */
const quoted = (cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

export class FormView {
  words = make("p", { class: "template-words" });
  rows = make("tbody", {});
  table = make(
    "table",
    { class: "form-fields", hidden: true },
    make("caption", { class: "visually-hidden" }, "The fields of the form"),
    make(
      "thead",
      {},
      make(
        "tr",
        {},
        make("th", { scope: "col" }, "Field"),
        make("th", { scope: "col" }, "Value"),
        make("th", { scope: "col" }, "State"),
      ),
    ),
    this.rows,
  );

  /** @param {{ leave(): void, download(): void }} heard */
  constructor({ leave, download }) {
    this.download = button("Download CSV", download, { class: "button primary", disabled: true });
    this.element = make(
      "section",
      { class: "card stack tight", hidden: true, "aria-label": "The form" },
      make("h3", {}, "Form"),
      this.words,
      this.table,
      make("div", { class: "row" }, this.download, button("Leave the template", leave)),
    );
  }

  /** @param {Template | null} template */
  use(template) {
    this.element.hidden = !template;
    this.words.textContent = template ? `Read by ${template.toml.name}, with ${template.blank.name}.` : "";
    this.clear();
    this.download.disabled = true;
  }

  clear() {
    this.table.hidden = true;
  }

  /** @param {ReadForm} form @param {() => void} changed hears that a value was corrected */
  show(form, changed) {
    this.table.hidden = false;
    this.download.disabled = false;
    this.rows.replaceChildren(...form.fields.map((field) => rowOf(field, changed)));
  }
}

/** A row of the table, whose value may be corrected. @param {ReadField} field @param {() => void} changed */
function rowOf(field, changed) {
  const value = make("input", { value: field.value, "aria-label": field.name, autocomplete: "off" });
  const state = make("td", { class: "form-state" });
  const row = make("tr", {}, make("th", { scope: "row" }, field.name), make("td", {}, value), state);
  const tell = () => {
    row.className = SETTLED.includes(field.status) ? "" : "to-look-at";
    state.textContent = stateOf(field);
  };
  value.addEventListener("change", () => {
    Object.assign(field, { value: value.value.trim(), status: "corrected", confidence: null, reason: null });
    tell();
    changed();
  });
  tell();
  return row;
}

/** @param {ReadField} field */
function stateOf({ status, confidence, reason }) {
  if (status === "ok" && confidence !== null) return `ok, ${percent(confidence)}`;
  return reason ? `${status}: ${reason}` : status;
}
