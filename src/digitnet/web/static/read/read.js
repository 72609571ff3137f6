// Read: a photo or a page is read, looked at closely, and corrected; corrections are kept.

import { ask } from "../common/server.js";
import { startCloser } from "./digit_view.js";
import { cutOut, framePicture } from "./crop.js";
import { button, make, startNotice, whenShown } from "../common/elements.js";
import { startIntake } from "./picture_input.js";
import { trainWith } from "../common/intent.js";
import { startPile } from "./picture_queue.js";
import { readPicture, stagesOf } from "./recognition.js";
import { nameOf, startSheet } from "./picture_view.js";
import { many } from "../common/words.js";

export async function mount(root, context) {
  const pile = startPile({ turned: read });
  const refused = (sentence) => notice.tell(sentence, "error");
  const intake = startIntake(root, { taken: pile.take, refused });
  const notice = startNotice();
  const sheet = startSheet({ chosen });
  const closer = startCloser({ correct, takeBack, stages });
  const text = make("div", { class: "lines", id: "read-lines" });
  const copy = button("Copy", copyLines, { class: "button quiet" });
  const result = make(
    "section",
    { class: "card stack tight", hidden: true, "aria-label": "What was read" },
    make("div", { class: "row spread" }, make("h3", {}, "It says"), copy),
    text,
  );
  const count = make("p", { id: "read-corrections" });
  const train = button("Train with them", () =>
    trainWith({ source: "corrections", start: context.currentModel() }),
  );
  const kept = make(
    "section",
    { class: "card stack tight", "aria-label": "Corrections" },
    make("h3", {}, "Corrections"),
    count,
    train,
  );
  let file = null;
  let url = null;
  let page = null;
  let at = -1;
  let reading = null;
  let readWith = null;
  const pages = new WeakMap(); // what was read in each picture, and corrected since

  root.classList.add("reading-part");
  root.append(
    make(
      "div",
      { class: "stack" },
      make("h2", {}, "Read a picture"),
      intake.element,
      pile.element,
      notice.element,
      sheet.element,
    ),
    make("div", { class: "stack beside-sheet" }, result, closer.element, kept),
  );
  root.addEventListener("keydown", typed);
  whenShown(root, shown);
  context.onModel?.(() => !root.hidden && shown());
  await showCount();

  // The part comes into sight: corrections may have been used up, the model may be another.
  function shown() {
    showCount();
    if (file && readWith !== context.currentModel()) read(file);
  }

  async function read(picture) {
    reading?.abort();
    reading = new AbortController();
    const { signal } = reading;
    file = picture;
    readWith = context.currentModel();
    notice.tell("Reading …");
    root.setAttribute("aria-busy", "true");
    try {
      const known = pages.get(picture);
      page = known?.model === readWith ? known.page : await readPicture(picture, readWith, signal);
      pages.set(picture, { page, model: readWith });
      show();
    } catch (error) {
      if (error.name === "AbortError") return;
      page = null;
      at = -1;
      for (const part of [sheet, closer]) part.hide();
      result.hidden = true;
      notice.tell(error.message, "error");
    }
    root.removeAttribute("aria-busy");
  }

  function show() {
    if (url) URL.revokeObjectURL(url);
    url = URL.createObjectURL(file);
    at = -1;
    closer.hide();
    sheet.show(page, url);
    result.hidden = !page.digits.length;
    showLines();
    const none = page.single && page.digits[0]?.reason?.startsWith("no digit");
    const unsure = page.digits.filter(({ sure }) => !sure).length;
    const found = none
      ? capital(page.digits[0].reason)
      : page.digits.length
        ? `${many(page.digits.length, "digit")} found`
        : capital(page.reason ?? "no digits");
    const doubt =
      unsure && !none ? `, ${unsure === page.digits.length ? "" : `${unsure} of them `}unsure` : "";
    let advice = page.single
      ? " Is it another? Type the right digit."
      : " Choose one by pointer or arrow keys to look closer or to correct it.";
    if (!page.digits.length) advice = "";
    notice.tell(`${found}${doubt}.${advice}`, page.digits.length ? (unsure ? "warn" : "good") : "warn");
    context.say(`${found}${doubt}. ${page.lines.join("; ")}`);
    if (page.digits.length === 1) sheet.choose(0, false);
  }

  // The lines as text, with what was corrected since.
  function lines() {
    const digits = [...page.digits];
    return page.lines.map((line) =>
      line.replace(/[0-9?]/g, (letter) => {
        const digit = digits.shift();
        return digit?.corrected === undefined ? letter : `${digit.corrected}`;
      }),
    );
  }

  function showLines() {
    text.replaceChildren(...lines().map((line) => make("p", {}, line)));
  }

  async function copyLines() {
    try {
      await navigator.clipboard.writeText(lines().join("\n"));
      context.say("Copied.");
    } catch {
      notice.tell("The browser does not allow copying; select the text instead.", "warn");
    }
  }

  function chosen(index) {
    at = index;
    closer.show(page.digits[at], nameOf(page, at));
  }

  function typed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select")) return;
    if (at < 0) return;
    if (/^[0-9]$/.test(event.key)) {
      event.preventDefault();
      correct(Number(event.key));
    } else if (event.key === "Delete" && page.digits[at].corrected !== undefined) {
      event.preventDefault();
      takeBack();
    }
  }

  async function correct(label) {
    const index = at;
    const here = page;
    const digit = here.digits[index];
    try {
      const picture = await cutOut(sheet.bitmap(), sheet.scale(), here.digits, index);
      const { mark, kept: all, per_label: counts } = await keep(label, picture).catch(() =>
        keep(label, framePicture(digit)),
      );
      Object.assign(digit, { corrected: label, mark });
      tellCount(all, counts);
      context.say(`Kept as ${label}. ${many(all, "correction")} so far.`);
    } catch (error) {
      closer.tell(error.message, "error");
      return;
    }
    showAnew(here, index, `Kept as ${label}.`);
  }

  async function takeBack() {
    const index = at;
    const here = page;
    const digit = here.digits[index];
    try {
      const { count: all, per_label: counts } = await ask(`api/corrections/${digit.mark}`, {
        method: "DELETE",
      });
      delete digit.corrected;
      tellCount(all, counts);
      context.say(`Taken back. ${many(all, "correction")} left.`);
    } catch (error) {
      closer.tell(error.message, "error");
      return;
    }
    showAnew(here, index, "Taken back: its picture is no longer kept.");
  }

  // A digit's correction has changed: wherever it is still seen, it is shown, and said.
  function showAnew(here, index, sentence) {
    if (here !== page) return;
    sheet.draw();
    showLines();
    if (index !== at) return;
    chosen(at);
    closer.tell(sentence, "good");
  }

  // A cut-out in which nothing can be found is refused; then its frame is sent.
  function keep(label, picture) {
    return ask(`api/corrections?label=${label}`, {
      method: "POST",
      body: picture,
      headers: { "Content-Type": "image/png" },
    });
  }

  function stages() {
    if (page.single) return stagesOf(file, context.currentModel());
    return cutOut(sheet.bitmap(), sheet.scale(), page.digits, at).then((picture) =>
      stagesOf(picture, context.currentModel()),
    );
  }

  async function showCount() {
    try {
      const { count: all, per_label: counts } = await ask("api/corrections");
      tellCount(all, counts);
    } catch (error) {
      notice.tell(error.message, "error");
    }
  }

  // Nothing is learnt from one kind of digit alone.
  function tellCount(all, counts) {
    const enough = counts.filter(Boolean).length > 1;
    const use = enough
      ? "A model that trains with them learns your hand."
      : "Correct another digit too, and a model can learn from them.";
    count.textContent = all
      ? `${many(all, "correction")} kept. ${use}`
      : "None yet. Every digit you correct is kept here as a picture with its right label, to learn from.";
    train.hidden = !enough;
  }
}

const capital = (words) => words[0].toUpperCase() + words.slice(1);
