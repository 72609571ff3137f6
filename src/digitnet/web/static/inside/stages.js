// Stages: a network's layers put together as a person would tell of them, and the words for it.

const MOVES = new Set(["Dropout", "Flatten", "ToImages", "ToRows"]); // change no number
/** @type {Record<string, (layer: Layer) => string>} */
const STEPS = {
  Dense: () => "sums",
  Conv2D: () => "sums",
  BatchNorm: () => "brought to scale",
  MaxPool2D: ({ size }) => `largest of ${size} × ${size}`,
  AveragePool2D: ({ size }) => `mean of ${size} × ${size}`,
  GlobalAveragePool2D: () => "mean of each map",
  ReLU: () => "below 0 cut off",
  Sigmoid: () => "squeezed into 0 to 1",
  Tanh: () => "squeezed into −1 to 1",
};
/** @type {Record<string, string>} */
const FUNCTIONS = { Sigmoid: "sigmoid", Tanh: "tanh", ReLU: "max(0, ·)" };

/**
 * The stages behind the frame. `steps` are what each is called and the layer that gives it, `first`
 * is the layer it begins with, and `pixels` [height, width] where its neurons look at pixels and
 * their weights make pictures, else null. `picture` is the same where nothing is learnt yet, and the
 * stage gives a picture itself.
 * @param {Layer[]} layers
 * @param {number} side the frame's
 * @returns {Stage[]}
 */
export function stagesOf(layers, side) {
  /** @type {Pick<Stage, "kind" | "layer" | "first" | "pixels" | "picture" | "steps">[]} */
  const stages = [];
  /** @type {number[] | null} */
  let pixels = [side, side];
  layers.forEach((layer, index) => {
    const { kind, shape } = layer;
    if (isLearnt(kind)) {
      stages.push({ kind, layer, first: index, pixels: kind === "Dense" ? pixels : null, steps: [] });
      pixels = null;
    } else if (MOVES.has(kind)) {
      if (kind === "ToImages") pixels = [layer.height, layer.width];
      return;
    } else if (pixels) {
      stages.push({ kind, layer, first: index, pixels: null, picture: pixels, steps: [] });
      if (shape.length === 3) pixels = shape.slice(1);
    }
    stages.at(-1)?.steps.push({ name: (STEPS[kind] ?? (() => kind))(layer), index });
  });
  return stages.map((stage, k) => {
    const isFirst = !stages.slice(0, k).some(({ kind }) => isLearnt(kind));
    const isLast = k === stages.length - 1;
    const kinds = stage.steps.map(({ index }) => layers[index].kind);
    return { ...stage, isFirst, isLast, ...wordsOf({ ...stage, isFirst, isLast }, kinds) };
  });
}

const isLearnt = (/** @type {string} */ kind) => kind === "Dense" || kind === "Conv2D";

/**
 * Title, explanation and formula of a stage.
 * @param {Omit<Stage, "title" | "about" | "formula">} stage
 * @param {string[]} kinds of its layers
 */
function wordsOf(stage, kinds) {
  const { kind, layer, isFirst, isLast } = stage;
  const f = kinds.map((name) => FUNCTIONS[name]).findLast(Boolean) ?? "";
  if (isLast && kind === "Dense") {
    return {
      title: `${count(layer.n_out)} sums, one for each digit`,
      about:
        "Each sum weighs up everything that fired before it. The digit with the largest sum is the answer; the lead it has over the others says how likely it is.",
      formula: "z = h W + b,   probability of k = exp(z[k] / T) / Σ exp(z / T)",
    };
  }
  if (kind === "Dense" && isFirst && stage.pixels) {
    return {
      title: `${layer.n_out} neurons look at every pixel`,
      about:
        "Each neuron has a weight for every pixel, and its picture shows them. Ink on the coloured places excites it or calms it down: blue excites, orange calms. The bar beneath says how strongly it fires at your drawing.",
      formula: `h[j] = ${f}(Σ x[i] W[i, j] + b[j])   over the ${layer.n_in} pixels i`,
    };
  }
  if (kind === "Dense") {
    return {
      title: `${layer.n_out} neurons weigh it all up`,
      about:
        "Each neuron weighs up everything that fired before it. The fuller the square, the more strongly it fires.",
      formula: `h[j] = ${f}(Σ x[i] W[i, j] + b[j])   over the ${layer.n_in} numbers i before it`,
    };
  }
  if (kind === "Conv2D") {
    const what = isFirst ? "the picture" : `all ${layer.channels_in} maps`;
    const pooled = kinds.some((name) => name.endsWith("Pool2D"));
    return {
      title: `${layer.channels_out} small windows slide over ${what}`,
      about: `Each window is a pattern of ${layer.size} × ${layer.size} weights${isFirst ? "" : " on every map before it"}. It is laid over every place of ${what}, and where the pattern fits, its map lights up.${pooled ? " Then the map is made smaller, so that it matters less where exactly something was." : ""}`,
      formula: `y[o, r, s] = ${f}(b[o] + Σ W[c, i, j, o] x[c, r + i, s + j])${pooled ? ", then pooled" : ""}`,
    };
  }
  if (kind === "Deskew") {
    return {
      title: "The digit is set upright",
      about:
        "Slanted writing is sheared until it stands straight, so that the neurons need not learn every slant.",
      formula: "row y moves sideways by cov(x, y) / var(y) · (y − mean y)",
    };
  }
  if (!kind.endsWith("Pool2D")) {
    return {
      title: "The pixels are brought to scale",
      about: "Every pixel is changed by the same rule, so that the numbers suit what comes next.",
      formula: `y = ${f || "a x + b"}, pixel by pixel`,
    };
  }
  return {
    title: "The picture is made smaller",
    about: "Several pixels become one: less to look at, and nearly as much to see.",
    formula: `y = mean or largest of each ${layer.size ?? ""} × ${layer.size ?? ""} pixels`,
  };
}

/** @param {number} n */
const count = (n) => (n === 10 ? "Ten" : String(n));

/** What a unit is called. @param {Stage} stage @param {number} index */
export function unitName(stage, index) {
  return `${stage.kind === "Conv2D" ? "Map" : "Neuron"} ${index + 1}`;
}
