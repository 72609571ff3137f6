// Picture input: a picture comes in by drop, paste, choice or camera.

import { button, make } from "../common/elements.js";

// `taken(files)` hears of pictures that come in, one or several; `refused(sentence)` of what is none.
export function startIntake(root, { taken, refused }) {
  const chooser = make("input", {
    type: "file",
    accept: "image/*",
    multiple: true,
    hidden: true,
    id: "read-file",
    "aria-label": "Pictures",
  });
  const camera = make("input", {
    type: "file",
    accept: "image/*",
    capture: "environment",
    hidden: true,
    "aria-label": "A photograph",
  });
  const choose = button("Choose pictures", () => chooser.click(), { class: "button primary" });
  const take = button("Take a photograph", () => camera.click(), { class: "button camera" });
  const element = make(
    "div",
    { class: "drop" },
    make(
      "p",
      { class: "drop-words" },
      "Drop pictures here, or paste one: of a single digit, or of a page of them.",
    ),
    make("div", { class: "row" }, choose, take, chooser, camera),
  );

  for (const input of [chooser, camera]) {
    input.addEventListener("change", () => {
      if (input.files.length) taken([...input.files]);
      input.value = ""; // so that the same picture can be chosen again
    });
  }

  let depth = 0; // a drag enters and leaves every element on its way
  const over = (change) => {
    depth = Math.max(0, change === 0 ? 0 : depth + change);
    element.classList.toggle("over", depth > 0);
  };
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

  function receive(transfer) {
    const files = [...(transfer?.files ?? [])];
    if (!files.length) refused("That is not a picture: drop or paste a file, or choose one.");
    else taken(files);
  }

  return { element };
}
