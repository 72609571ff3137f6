// One file: the page in one file, without a server: Draw and Inside, with the weights beside them.

import { startLab } from "./draw_and_inside.js";
import { decodeModel } from "./network/network.js";
import { startTabs } from "./common/tabs.js";
import { startTheme } from "./common/theme.js";

startTheme(document.getElementById("theme"));
const live = document.getElementById("live");
const lab = startLab({ say: (text) => (live.textContent = text) });
startTabs(document.querySelector('[role="tablist"]'), (part) => lab.show(part));
const { textContent: text, dataset } = document.getElementById("weights");
const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
const model = decodeModel(dataset.numbers === "float16" ? widened(bytes) : bytes);
document.getElementById("made-of").textContent = `: ${model.name}, ${model.network}`;
lab.use(model);

// The same bytes with float32 in place of float16.
function widened(narrow) {
  const start = 4 + new DataView(narrow).getUint32(0, true);
  const halves = new Uint16Array(narrow, start);
  const wide = new ArrayBuffer(start + 4 * halves.length);
  new Uint8Array(wide).set(new Uint8Array(narrow, 0, start));
  new Float32Array(wide, start).set(Float32Array.from(halves, fromHalf));
  return wide;
}

// A float16 of one sign bit, five bits of exponent and ten of fraction.
function fromHalf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
