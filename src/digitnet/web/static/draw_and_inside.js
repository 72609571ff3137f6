// Draw and Inside: drawing, answer and the look inside, tied together. Needs no server, only a model.

import { startAnswer } from "./draw/answer.js";
import { startPad } from "./draw/pad.js";
import { frameOf } from "./network/framing.js";
import { startInside } from "./inside/inside.js";
import { answerOf, forward } from "./network/network.js";

export function startLab({ say }) {
  const padElement = document.getElementById("pad");
  const answer = startAnswer({ say });
  const inside = startInside(document.getElementById("layers"));
  let model = null;
  let part = "draw";
  let waiting = 0;
  let looks = 0; // how often there was something new to look at
  const pad = startPad(padElement, { changed, say });

  // While the pen moves, one answer per frame of the screen; when it is lifted, at once.
  function changed(lifted) {
    if (lifted) {
      cancelAnimationFrame(waiting);
      update(true);
    } else {
      waiting ||= requestAnimationFrame(() => update(false));
    }
  }

  // `rests`: the pen is not on the paper.
  function update(rests) {
    waiting = 0;
    if (!model) return;
    const strokes = pad.strokes();
    const frame = frameOf(strokes, model.framing);
    const pass = frame && forward(model, frame);
    const said = pass && answerOf(model, pass.logits, frame);
    answer.show(model, frame, said, strokes.length > 0);
    const mine = ++looks;
    if (part !== "inside") return;
    // The answer is painted first: leaving out a neuron of each layer takes a frame or two.
    const look = () => mine === looks && inside.show(frame, pass, said, rests);
    if (rests) requestAnimationFrame(() => setTimeout(look));
    else look();
  }

  return {
    // Use another model from now on, for what is drawn already too.
    use(other) {
      model = other;
      answer.use(model);
      inside.use(model);
      update(true);
    },

    // The pad lies in the part that is open: there is one drawing for both.
    show(name) {
      part = name;
      const place = document.getElementById(`pad-in-${name}`);
      if (place && padElement.parentElement !== place) place.append(padElement);
      if (place) update(true);
    },
  };
}
