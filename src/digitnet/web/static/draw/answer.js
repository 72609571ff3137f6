// Answer: which digit it is, how likely each one is, and the frame that was looked at.

import { paintFrame } from "../common/paint.js";

const PAUSE = 700; // milliseconds without a change before the answer is said aloud
const EMPTY = new Uint8Array(784);

export function startAnswer({ say }) {
  const digit = document.getElementById("digit");
  const verdict = document.getElementById("verdict");
  const insideVerdict = document.getElementById("inside-verdict");
  const seen = document.getElementById("seen");
  const list = document.getElementById("bars");
  let bars = [];
  let speaking = 0;

  // One bar for each class the model knows.
  function use(model) {
    bars = model.classNames.map((name) => {
      const item = document.createElement("li");
      const [label, track, fill, value] = ["name", "track", "fill", "value"].map((part) => {
        const span = document.createElement("span");
        span.className = `bar-${part}`;
        return span;
      });
      label.textContent = name;
      track.append(fill);
      item.append(label, track, value);
      return { item, fill, value };
    });
    list.replaceChildren(...bars.map(({ item }) => item));
  }

  // What there is to say: `drawn` whether there is any ink, `answer` the network's where it saw it.
  function show(model, frame, answer, drawn) {
    const { letter, sentence } = words(model, answer, drawn);
    digit.textContent = letter;
    digit.classList.toggle("unsure", letter === "?");
    verdict.textContent = sentence;
    insideVerdict.textContent = /^\d$/.test(letter) ? `It reads ${letter}: ${sentence}.` : sentence;
    paintFrame(seen, frame ?? EMPTY);
    bars.forEach(({ item, fill, value }, label) => {
      const share = answer ? answer.probabilities[label] : 0;
      fill.style.transform = `scaleX(${share})`;
      value.textContent = answer ? short(share) : "";
      item.classList.toggle("first", answer?.isNone === false && answer.order[0] === label);
    });
    clearTimeout(speaking);
    if (!drawn) return;
    speaking = setTimeout(() => {
      const spoken = letter && letter !== "?" ? `It reads ${letter}, ${sentence}.` : sentence;
      say(spoken);
      seen.setAttribute("aria-label", `What the network sees: your drawing in 28 by 28 pixels. ${spoken}`);
    }, PAUSE);
  }

  return { use, show };
}

// The answer as a large letter and a few words.
export function words(model, answer, drawn) {
  if (!drawn) return { letter: "", sentence: "The answer follows your pen." };
  if (!answer) return { letter: "", sentence: "Only a dot so far." };
  const [first, second] = answer.order.map((label) => model.classNames[label]);
  if (answer.isNone) return { letter: "?", sentence: "No digit that it has learnt looks like this" };
  if (!answer.sure) return { letter: "?", sentence: `Unsure: ${first} or ${second}` };
  return { letter: first, sentence: `${percent(answer.probabilities[answer.order[0]])} likely` };
}

// A probability in a table: as short as can be.
export function short(share) {
  if (share > 0.9995) return "> 99.9 %";
  if (share < 0.0005) return "< 0.1 %";
  return `${(100 * share).toFixed(1)} %`;
}

// A probability in words that do not claim too much: never 100 % and never 0 %.
export function percent(share) {
  return short(share).replace(">", "over").replace("<", "under");
}
