// Upload: a model's zip or folder is handed to the server, which loads it before it keeps it.

import { button, make, Notice } from "../common/elements.js";
import { ask, sentenceOf } from "../common/server.js";

const WORDS =
  "A zip as Download gives it, or the folder that digitnet train has written. It is checked whole before it is kept.";

export class ModelUpload {
  notice = new Notice();
  zip = make("input", {
    type: "file",
    accept: ".zip,application/zip",
    hidden: true,
    id: "model-zip",
    "aria-label": "A model's zip",
  });
  folder = make("input", {
    type: "file",
    webkitdirectory: true,
    multiple: true,
    hidden: true,
    id: "model-folder",
    "aria-label": "A model's folder",
  });

  /** @param {(name: string) => Promise<void>} came hears of the name a model is kept under */
  constructor(came) {
    this.came = came;
    this.zip.addEventListener("change", () => this.#take(this.zip));
    this.folder.addEventListener("change", () => this.#take(this.folder));
    this.element = make(
      "section",
      { class: "card stack tight", "aria-label": "Add a model" },
      make("h3", {}, "Add a model"),
      make("p", { class: "hint" }, WORDS),
      make(
        "div",
        { class: "row" },
        button("Choose a zip", () => this.zip.click()),
        button("Choose a folder", () => this.folder.click()),
        this.zip,
        this.folder,
      ),
      this.notice.element,
    );
  }

  /** @param {HTMLInputElement} input */
  async #take(input) {
    const files = [...(input.files ?? [])];
    input.value = ""; // so that the same one can be chosen again
    if (!files.length) return;
    this.notice.tell("The model is being checked …");
    try {
      const { name, left_out: leftOut } = await send(files);
      const rest = leftOut.length ? ` Left out, as no part of a model: ${leftOut.join(", ")}.` : "";
      await this.came(name);
      this.notice.tell(`Kept as ${name}.${rest}`, leftOut.length ? "warn" : "good");
    } catch (error) {
      this.notice.tell(sentenceOf(error), "error");
    }
  }
}

/** @param {File[]} files @returns {Promise<{ name: string, left_out: string[] }>} */
function send(files) {
  const [first] = files;
  const inFolder = Boolean(first.webkitRelativePath);
  const called = inFolder ? first.webkitRelativePath.split("/")[0] : first.name.replace(/\.zip$/i, "");
  const path = `api/models?name=${encodeURIComponent(asName(called))}`;
  if (!inFolder)
    return ask(path, { method: "POST", headers: { "Content-Type": "application/zip" }, body: first });
  const body = new FormData();
  for (const file of files) {
    const isInside = file.webkitRelativePath.split("/").length === 2;
    if (isInside && !file.name.startsWith(".")) body.append("files", file, file.name);
  }
  return ask(path, { method: "POST", body });
}

/** The nearest that a model may be called. @param {string} words */
function asName(words) {
  const name = words.replace(/[^A-Za-z0-9_-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "");
  return name.slice(0, 40) || "my-model";
}
