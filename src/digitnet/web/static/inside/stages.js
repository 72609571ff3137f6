// Stages: a network's layers put together as a person would tell of them, and the words for it.

const MOVES = new Set(["Dropout", "Flatten", "ToImages", "ToRows"]); // change no number
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
const FUNCTIONS = { Sigmoid: "sigmoid", Tanh: "tanh", ReLU: "max(0, ·)" };

// The stages behind the frame. Each has `steps` ({ name, index }: what it is called and the layer
// that gives it), `first` (the layer it begins with), and `pixels`: [height, width] where its
// neurons look at pixels and their weights make pictures, else null. `picture` is the same where
// nothing is learnt yet, and the stage gives a picture itself.
export function stagesOf(layers) {
  const stages = [];
  let pixels = [28, 28];
  layers.forEach((layer, index) => {
    const { kind, shape } = layer;
    const last = stages[stages.length - 1];
    if (kind === "Dense" || kind === "Conv2D") {
      stages.push({ kind, layer, first: index, pixels: kind === "Dense" ? pixels : null, steps: [] });
      pixels = null;
    } else if (pixels && !MOVES.has(kind)) {
      stages.push({ kind, layer, first: index, pixels: null, picture: pixels, steps: [] });
      if (shape.length === 3) pixels = shape.slice(1);
    } else if (MOVES.has(kind)) {
      if (kind === "ToImages") pixels = [layer.height, layer.width];
      return;
    } else if (!last) {
      return;
    }
    stages[stages.length - 1].steps.push({ name: (STEPS[kind] ?? (() => kind))(layer), index });
  });
  stages.forEach((stage, k) => {
    stage.isFirst = !stages.slice(0, k).some(({ kind }) => kind === "Dense" || kind === "Conv2D");
    stage.isLast = k === stages.length - 1;
    Object.assign(stage, wordsOf(stage, layers));
  });
  return stages;
}

// Title, explanation and formula of a stage.
function wordsOf(stage, layers) {
  const { kind, layer, steps, isFirst, isLast } = stage;
  const kinds = steps.map(({ index }) => layers[index].kind);
  const squeezed = kinds.map((name) => FUNCTIONS[name]).filter(Boolean).pop();
  const f = squeezed ?? "";
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

function count(n) {
  return n === 10 ? "Ten" : String(n);
}

// What a unit is called.
export function unitName(stage, index) {
  return `${stage.kind === "Conv2D" ? "Map" : "Neuron"} ${index + 1}`;
}

// How one layer's unit (a neuron, or a whole map) changes the logits: with it minus without it.
export function withoutUnit(values, shape, unit) {
  const each = shape.length === 3 ? shape[1] * shape[2] : 1;
  const rest = values.slice();
  rest.fill(0, unit * each, (unit + 1) * each);
  return rest;
}
