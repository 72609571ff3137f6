// Run pictures: small pictures of a run: what neurons look for, what was mistaken for what.

import { bytesOf, make, pngUrl } from "../common/elements.js";
import { paintPixels, scale } from "../common/paint.js";
import { colour } from "../common/theme.js";

const PIXELS = 28 * 28;

// One weight far from 0 would leave the others pale: small ones are shown stronger than they are.
const spread = (share) => Math.sign(share) * Math.abs(share) ** 0.6;

// W1's columns, one picture for each hidden neuron; they are painted again as they change.
export function startWeights() {
  const tiles = make("div", { class: "weights", role: "img" });
  const words = make("p", { class: "hint" });
  let shown = null;

  function show(picture) {
    shown = picture;
    const n = picture?.weights ? picture.n : 0;
    while (tiles.children.length > n) tiles.lastChild.remove();
    while (tiles.children.length < n)
      tiles.append(make("canvas", { class: "pixels", width: 28, height: 28 }));
    if (!n) return; // the first layer does not look at the whole picture
    const bytes = bytesOf(picture.weights);
    const tint = scale(colour("--card"), colour("--accent"), colour("--against"));
    const colours = Array.from({ length: 256 }, (_, byte) => tint(spread((byte - 127.5) / 127.5)));
    [...tiles.children].forEach((canvas, i) => {
      const values = bytes.subarray(i * PIXELS, (i + 1) * PIXELS);
      paintPixels(canvas, values, 28, 28, (byte) => colours[byte]);
    });
    const all = picture.n_hidden ?? n;
    tiles.setAttribute(
      "aria-label",
      `The weights of ${n} hidden neurons as pictures, after epoch ${picture.epoch}`,
    );
    const some = all > n ? `The first ${n} of ${all} neurons. ` : "";
    words.textContent = `${some}Where a picture is blue, ink excites the neuron; where it is orange, ink calms it. They begin as noise.`;
  }

  document.addEventListener("themechange", () => shown && show(shown));
  return { element: make("div", {}, words, tiles), show };
}

// Which digit was read as which: a table whose cells are filled in by their share of the row.
export function startConfusion() {
  const names = [..."0123456789"];
  const cells = names.map(() => names.map(() => make("td")));
  const head = names.map((name) => make("th", { scope: "col" }, name));
  const rows = cells.map((row, i) => make("tr", {}, make("th", { scope: "row" }, names[i]), ...row));
  const corner = make("td", { class: "corner" });
  const table = make(
    "table",
    { class: "confusion" },
    make(
      "caption",
      { class: "hint" },
      "Each row is a true digit, each column what it was read as. Right answers lie on the diagonal.",
    ),
    make("thead", {}, make("tr", {}, corner, ...head)),
    make("tbody", {}, ...rows),
  );

  function show(counts) {
    counts?.forEach((row, i) => {
      const all = Math.max(
        1,
        row.reduce((sum, count) => sum + count, 0),
      );
      const worst = Math.max(0.02, ...row.map((count, j) => (j === i ? 0 : count / all)));
      row.forEach((count, j) => {
        const cell = cells[i]?.[j];
        if (!cell) return;
        cell.textContent = count || "";
        cell.className = count === 0 ? "" : i === j ? "right" : "wrong";
        cell.style.setProperty("--share", i === j ? count / all : count / all / worst);
      });
    });
  }

  return { element: table, show };
}

// The digits that were read wrongly with the least doubt.
export function startMistakes() {
  const list = make("ul", { class: "mistakes", role: "list" });
  const words = make("p", { class: "hint" });

  function show(mistakes) {
    words.textContent = mistakes.length
      ? "Digits it had not learnt from and got wrong, the surest first."
      : "None of the digits it had not learnt from was read wrongly.";
    list.replaceChildren(
      ...mistakes.map(({ frame, label, read_as: readAs, probability }) => {
        const sure = `${Math.round(100 * probability)} % sure`;
        const image = make("img", {
          class: "pixels",
          src: pngUrl(frame),
          width: 28,
          height: 28,
          alt: `a ${label}`,
          title: sure,
        });
        const caption = make("span", {}, make("b", {}, `${readAs}`), `, not ${label}`);
        return make("li", { class: "tile" }, image, caption);
      }),
    );
  }

  return { element: make("div", {}, words, list), show };
}
