// Unit view: one neuron or map: what it looks for, what it saw, and what it adds to each digit.

import { paintPixels, reach, scale } from "../common/paint.js";

export function makeDetail(classNames) {
  const root = element("div", "detail");
  const title = element("h3", "detail-title");
  const pictures = element("div", "detail-pictures");
  const sentence = element("p", "detail-words");
  const list = element("ol", "adds");
  list.setAttribute("aria-label", "What it adds to each digit");
  const rows = classNames.map((name) => {
    const item = element("li");
    const label = element("span", "bar-name", name);
    const track = element("span", "adds-track");
    const fill = element("span", "adds-fill");
    const value = element("span", "bar-value");
    track.append(fill);
    item.append(label, track, value);
    list.append(item);
    return { fill, value };
  });
  const sums = element("p", "formula detail-formula");
  root.append(title, pictures, sentence, list, sums);
  const shown = new Map();

  // A picture by its caption; null hides it. Signed values have two colours.
  function picture(caption, found, colours) {
    if (!shown.has(caption)) {
      const figure = element("figure");
      const canvas = element("canvas", "pixels");
      canvas.setAttribute("aria-hidden", "true");
      figure.append(canvas, element("figcaption", "", caption));
      pictures.append(figure);
      shown.set(caption, { figure, canvas });
    }
    const { figure, canvas } = shown.get(caption);
    figure.hidden = !found;
    if (!found) return;
    const most = reach(found.values);
    const paint = scale(colours.none, colours.most, colours.least);
    paintPixels(canvas, found.values, found.width, found.height, (value) => paint(value / most));
  }

  // The words, the bars and the sum, for what one unit adds to each logit; `fires` says how it does,
  // null where nothing is drawn.
  function show({ name, fires, adds, formula }) {
    title.textContent = name;
    const most = reach(adds);
    const order = [...adds.keys()].sort((a, b) => adds[b] - adds[a]);
    const [best, worst] = [order[0], order[order.length - 1]];
    const parts = [];
    if (adds[best] > 0.005) parts.push(`it speaks most for ${classNames[best]}`);
    if (adds[worst] < -0.005) parts.push(`most against ${classNames[worst]}`);
    const says = parts.length ? parts.join(", ") : "it has no say in this drawing";
    sentence.textContent = fires ? `${fires}; ${says}.` : "Draw a digit to see it at work.";
    adds.forEach((value, label) => {
      const { fill, value: shownValue } = rows[label];
      fill.style.transform = `scaleX(${most > 0.005 ? value / most : 0})`;
      fill.classList.toggle("against", value < 0);
      shownValue.textContent = signed(value);
    });
    sums.textContent = formula;
  }

  return { root, picture, show };
}

export function element(name, className = "", text = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

// A number with its sign, two decimals.
export function signed(value) {
  const text = Math.abs(value).toFixed(2);
  return Number(text) === 0 ? "0.00" : `${value < 0 ? "−" : "+"}${text}`;
}
