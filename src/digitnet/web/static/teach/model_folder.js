// Model folder: a model as the files that digitnet loads. As in Python: digitnet/models/folder.py
// and description.py, whose versions come with the model.

import { sha256 } from "./sha256.js";
import { joined } from "./zip.js";

const encoder = new TextEncoder();

/** The files of a model that was taught, name to content. @param {Model} model @returns {Record<string, Uint8Array>} */
export function modelFolder(model) {
  /** @type {Record<string, Uint8Array>} */
  const files = {};
  /** @type {Record<string, unknown>} */
  const arrays = {};
  const { layers: described, folder, novelty: toldNovelty } = model.described;
  /** @param {string} name @param {number[]} shape @param {Float32Array} numbers */
  const put = (name, shape, numbers) => {
    const content = npy(shape, numbers);
    files[`${name}.npy`] = content;
    arrays[`${name}.npy`] = { shape, dtype: "float32", sha256: sha256(content) };
  };
  const layers = described.map(({ parameters, epsilon, ...settings }, k) => {
    for (const { name, shape } of parameters) put(name, shape, model.members[0][k][name.replace(/\d+$/, "")]);
    return settings;
  });
  const { novelty } = model;
  for (const { name, shape } of novelty ? toldNovelty : []) {
    put(`novelty_${name}`, shape, /** @type {any} */ (novelty)[name]);
  }
  const description = {
    format: folder.format,
    version: folder.version,
    layers,
    class_names: model.classNames,
    framing: { name: model.framing, version: folder.framing_version },
    calibration: {
      temperature: model.temperature,
      least_probability: model.leastProbability,
      most_novelty: novelty ? novelty.most : null,
      novelty_shape: novelty ? folder.novelty_shape : null,
    },
    training: { plan: { source: "drawings on the page", start: model.name }, ...model.taught },
    arrays,
  };
  const seal = sha256(encoder.encode(canonical(description)));
  files["model.json"] = encoder.encode(`${JSON.stringify({ ...description, seal }, null, 2)}\n`);
  return files;
}

/** An array as the bytes of an .npy file, version 1.0, float32. @param {number[]} shape @param {Float32Array} numbers */
function npy(shape, numbers) {
  const sides = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const words = `{'descr': '<f4', 'fortran_order': False, 'shape': (${sides}), }`;
  const text = `${words}${" ".repeat((64 - ((10 + words.length + 1) % 64)) % 64)}\n`;
  const magic = [0x93, ...encoder.encode("NUMPY"), 1, 0, text.length & 255, text.length >> 8];
  const content = new DataView(new ArrayBuffer(4 * numbers.length));
  numbers.forEach((number, k) => {
    content.setFloat32(4 * k, number, true);
  });
  return joined([Uint8Array.from(magic), encoder.encode(text), new Uint8Array(content.buffer)]);
}

/** JSON as Python writes it for the seal: keys in order, no blanks, ASCII alone. @param {unknown} value @returns {string} */
export function canonical(value) {
  if (typeof value === "number") return asPython(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value && typeof value === "object") {
    const keys = Object.keys(value).sort();
    const of = /** @type {Record<string, unknown>} */ (value);
    return `{${keys.map((key) => `${canonical(key)}:${canonical(of[key])}`).join(",")}}`;
  }
  const text = JSON.stringify(value);
  return text.replace(
    /[\u007f-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A small number has its exponent sooner in Python than here, and that has two digits. @param {number} value */
function asPython(value) {
  const small = value !== 0 && Math.abs(value) < 1e-4;
  return small ? value.toExponential().replace(/e-(\d)$/, "e-0$1") : `${value}`;
}
