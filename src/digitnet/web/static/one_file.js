// One file: the page without a server: Draw, Inside and One step, with the weights beside them.

import { bytesOf } from "./common/base64.js";
import { byId } from "./common/elements.js";
import { startTabs } from "./common/tabs.js";
import { startTheme } from "./common/theme.js";
import { DrawAndInside } from "./draw_and_inside.js";
import { decodeModel } from "./network/network.js";

startTheme(byId("theme", HTMLElement));
const live = byId("live", HTMLElement);
const drawAndInside = new DrawAndInside((text) => {
  live.textContent = text;
});
startTabs(byId("tabs", HTMLElement), (part) => drawAndInside.show(part));
const weights = byId("weights", HTMLScriptElement);
const bytes = bytesOf(weights.textContent).buffer;
const model = decodeModel(weights.dataset.numbers === "float16" ? widened(bytes) : bytes);
byId("made-of", HTMLElement).textContent = `: ${model.name}, ${model.network}`;
drawAndInside.use(model);

/** The same bytes with float32 in place of float16. @param {ArrayBuffer} narrow */
function widened(narrow) {
  const start = 4 + new DataView(narrow).getUint32(0, true);
  const halves = new Uint16Array(narrow, start);
  const wide = new ArrayBuffer(start + 4 * halves.length);
  new Uint8Array(wide).set(new Uint8Array(narrow, 0, start));
  new Float32Array(wide, start).set(Float32Array.from(halves, fromHalf));
  return wide;
}

/** A float16 of one sign bit, five bits of exponent and ten of fraction. @param {number} bits */
function fromHalf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
