// Picture input: a picture comes in by drop, paste, choice or camera.

import { button, make } from "../common/elements.js";

/**
 * @param {HTMLElement} root where pictures may be dropped
 * @param {{ taken(files: File[]): void, refused(sentence: string): void }} heard `taken` hears of
 *   pictures that come in, one or several; `refused` of what is none
 */
export function pictureInput(root, { taken, refused }) {
  const file = { type: "file", accept: "image/*", hidden: true };
  const chooser = make("input", {
    ...file,
    accept: "image/*,application/pdf", // a server that reads no PDF says what it lacks
    multiple: true,
    id: "read-file",
    "aria-label": "Pictures",
  });
  const camera = make("input", { ...file, capture: "environment", "aria-label": "A photograph" });
  const template = make("input", {
    ...file,
    accept: ".toml,image/*,application/pdf",
    multiple: true,
    id: "read-template",
    "aria-label": "A template and its blank form",
  });
  const choose = button("Choose pictures", () => chooser.click(), { class: "button primary" });
  const photograph = button("Take a photograph", () => camera.click(), { class: "button camera" });
  const forms = button("Read forms by a template", () => template.click(), {
    title: "Choose the template's TOML and the picture of the blank form together.",
  });
  const words = "Drop pictures or PDFs here, or paste one: of a single digit, or of a page of them.";
  const told = make("p", { class: "drop-words" }, words);
  const element = make(
    "div",
    { class: "drop" },
    told,
    make("div", { class: "row" }, choose, photograph, forms, chooser, camera, template),
  );

  for (const input of [chooser, camera, template]) {
    input.addEventListener("change", () => {
      if (input.files?.length) taken([...input.files]);
      input.value = ""; // so that the same picture can be chosen again
    });
  }

  let depth = 0; // a drag enters and leaves every element on its way
  /** @param {number} change */
  function over(change) {
    depth = Math.max(0, change === 0 ? 0 : depth + change);
    element.classList.toggle("over", depth > 0);
  }
  root.addEventListener("dragenter", () => over(1));
  root.addEventListener("dragleave", () => over(-1));
  root.addEventListener("dragover", (event) => event.preventDefault());
  root.addEventListener("drop", (event) => {
    event.preventDefault();
    over(0);
    receive(event.dataTransfer);
  });
  document.addEventListener("paste", (event) => {
    if (!root.hidden) receive(event.clipboardData);
  });

  /** @param {DataTransfer | null} transfer */
  function receive(transfer) {
    const files = [...(transfer?.files ?? [])];
    if (!files.length) refused("That is not a picture: drop or paste a file, or choose one.");
    else taken(files);
  }

  /** There is a picture now: the place for more need not be large. */
  function shrink() {
    element.classList.add("slim");
    told.textContent = "Drop or paste another here.";
  }

  return { element, shrink };
}
