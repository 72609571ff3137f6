// Digit view: one digit of a picture looked at: what it was read as, how it was framed, what it is.

import { button, make, pngUrl, startNotice } from "../common/elements.js";
import { percent } from "../draw/answer.js";

// `correct(label)` hears of the right digit, `takeBack()` that it was none; `stages()` gives a
// promise of the framing's stages.
export function startCloser({ correct, takeBack, stages }) {
  const title = make("h3", {}, "");
  const frame = make("img", {
    class: "pixels",
    width: 28,
    height: 28,
    alt: "The digit as the network sees it, 28 by 28 pixels",
  });
  const words = make("p", { class: "closer-words" });
  const notice = startNotice();
  const keys = [..."0123456789"].map((name) =>
    button(name, () => correct(Number(name)), { "aria-pressed": "false" }),
  );
  const back = button("Take the correction back", takeBack, { class: "button quiet", hidden: true });
  const list = make("ol", { class: "stages", hidden: true });
  const more = button("Show how it was framed", showStages, {
    class: "button quiet",
    "aria-expanded": "false",
  });
  const element = make(
    "section",
    { class: "card closer stack tight", hidden: true, "aria-label": "The chosen digit" },
    make("div", { class: "closer-head" }, frame, make("div", {}, title, words)),
    make("div", { class: "keys-of-digits", role: "group", "aria-label": "It is really a" }, ...keys),
    make(
      "p",
      { class: "hint" },
      "Is it another? Type the right digit, or press it here. Its picture is kept to learn from.",
    ),
    notice.element,
    make("div", { class: "row" }, back, more),
    list,
  );
  let open = false;
  let shown = null;

  function show(digit, name) {
    const other = digit.frame !== shown;
    shown = digit.frame;
    element.hidden = false;
    frame.src = pngUrl(digit.frame);
    title.textContent = name.replace(/^./, (first) => first.toUpperCase());
    words.textContent = sentence(digit);
    const is = digit.corrected ?? (digit.sure ? digit.label : null);
    keys.forEach((key, label) => {
      key.setAttribute("aria-pressed", String(label === is));
      key.classList.toggle("primary", label === is);
    });
    const lost = back === document.activeElement && digit.corrected === undefined;
    back.hidden = digit.corrected === undefined;
    if (lost) keys[digit.label].focus();
    if (other) {
      notice.tell("");
      close();
    }
  }

  function close() {
    open = false;
    list.hidden = true;
    more.setAttribute("aria-expanded", "false");
    more.textContent = "Show how it was framed";
  }

  async function showStages() {
    if (open) {
      close();
      return;
    }
    const asked = shown;
    try {
      const found = await stages();
      if (asked !== shown) return;
      open = true;
      list.replaceChildren(
        ...found.map(({ title: stage, image }, i) =>
          make(
            "li",
            {},
            make(
              "figure",
              {},
              make("img", { src: pngUrl(image), alt: `Stage ${i + 1}: ${stage}` }),
              make("figcaption", {}, `${i + 1}. ${stage}`),
            ),
          ),
        ),
      );
      list.hidden = false;
      more.setAttribute("aria-expanded", "true");
      more.textContent = "Hide the stages";
    } catch (error) {
      notice.tell(error.message, "error");
    }
  }

  return {
    element,
    show,
    tell: notice.tell,
    hide() {
      element.hidden = true;
      shown = null;
    },
  };
}

function sentence({ label, probability, sure, reason, corrected }) {
  let read = `Unsure; likeliest a ${label}, ${percent(probability)}.`;
  if (sure) read = `Read as ${label}, ${percent(probability)} likely.`;
  else if (reason) read = `${reason[0].toUpperCase()}${reason.slice(1)}. Nearest to a ${label}.`;
  return corrected === undefined ? read : `${read} You said ${corrected}.`;
}
