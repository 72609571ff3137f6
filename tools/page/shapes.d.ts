// Shapes: what the page's modules hand to one another and get from the server, for the type check.

type Attributes = Record<string, string | number | boolean | null | undefined>;
/** Red, green and blue, 0 to 255. */
type Colour = [number, number, number];
/** Left, top, right, bottom. */
type Box = number[];
type Numbers = Float32Array | Float64Array;

type Place = { x: number; y: number };
/** A place on the pad or in a picture, and the pen's radius there. */
type Point = { x: number; y: number; r: number };
type Stroke = Point[];

/** How a drawing becomes a frame; comes with a model. */
type FrameNumbers = { side: number; box: number; fine: number; thinnest: number; thickest: number };

/** A layer of a model: its settings under Python's names, its parameters, and its shapes. */
type Layer = {
  kind: string;
  inputShape: number[];
  shape: number[];
  // biome-ignore lint/suspicious/noExplicitAny: each kind has settings of its own
  [setting: string]: any;
};
/** Where an array lies among a model's numbers, and a layer as the header describes it. */
type Placed = { name: string; shape: number[]; offset: number };
type Described = { kind: string; parameters: Placed[]; [setting: string]: unknown };
type Novelty = {
  most: number;
  cells: number;
  directions: number;
  ink_side: number;
  ink_weight: number;
  spread: number;
  axes: Float32Array;
  centres: Float32Array;
  whitening: Float32Array;
  hidden?: Float32Array;
  readout?: Float32Array;
};
type Model = {
  name: string;
  network: string;
  classNames: string[];
  framing: string;
  frame: FrameNumbers;
  temperature: number;
  leastProbability: number;
  /** Which share of the answers may be wrong where nobody says; null promises nothing, 0 answers always. */
  risk: number | null;
  offered: number[];
  /** Least probability and what it promises, the strictest first. */
  risks: [number, number][];
  novelty: Novelty | null;
  members: Layer[][];
  /** The ways of writing each class, as control points; none of what is no digit. */
  ways: string[][];
  /** What a model's folder says of it, beside the numbers. */
  described: { folder: FolderFacts; layers: Described[]; novelty: Placed[] };
  /** Of a model that was taught on the page. */
  taught?: { drawings: number; epochs_done: number };
};
type FolderFacts = { format: string; version: number; framing_version: number; novelty_shape: number[] | null };
/** What layer k gives is `at[k]`. */
type Activations = { at: Numbers[] };
type Pass = { input: Float32Array; logits: Float32Array; members: Activations[] };
/** One member's activations for a drawing. */
type Seen = { input: Float32Array; at: Numbers[] };
type Answer = { probabilities: number[]; order: number[]; isNone: boolean; sure: boolean };

/** A picture to try: its digits' boxes and the number of each one's line. */
type SamplePicture = { name: string; picture: string; boxes: number[][]; lines: number[] };
type Random = () => number;
/** How much hands differ; see teach/handwriting.js. */
type Spread = { lean: number; turn: number; width: number; miss: number; wave: number; pen: number };
/** A drawing that somebody said the digit of. */
type Drawn = { strokes: Stroke[]; label: number; frame: Uint8Array };
/** What the layers that learn get of a digit, and what they are to make of it. */
type Sample = { features: Numbers; label: number; target: Float32Array };
/** A model that was taught; what it read each drawing as before and after, and how many usual digits rightly. */
type Taught = {
  model: Model;
  before: number[];
  after: number[];
  usual: { n: number; before: number; after: number };
  seconds: number;
};

/** What backpropagation gives for a layer: dL/dx, and dL/dW and dL/db where it is learnt. */
type LayerGradient = { dx: Numbers; W?: Float32Array; b?: Float32Array };
/** The backward pass for one digit: `errors[k]` is dL/d(what layer k gives), `gradients[k]` layer k's. */
type Backward = {
  loss: number;
  probabilities: Float32Array;
  at: Numbers[];
  errors: Numbers[];
  gradients: (LayerGradient | null)[];
};
/** A digit to learn from, ready for the network's first Dense layer. */
type Lesson = { frame: Uint8Array; input: Numbers; label: number; name: string };
/** What was measured after a step: the loss of its digit, and over the ten samples. */
type Measured = { loss: number; mean: number; read: number[] };
type StepExperiment = import("../../src/digitnet/web/static/step/experiment.js").Experiment;
/** Two Dense layers with their activation between, and what is done to a frame before. */
type Learner = { fixed: Layer[]; layers: Layer[]; classNames: string[]; framing: string; frame: FrameNumbers };

/** Layers of a network that are shown together; see inside/stages.js. */
type Stage = {
  kind: string;
  layer: Layer;
  first: number;
  pixels: number[] | null;
  picture?: number[];
  steps: { name: string; index: number }[];
  isFirst: boolean;
  isLast: boolean;
  title: string;
  about: string;
  formula: string;
};
type Picture = { values: ArrayLike<number> & Iterable<number>; width: number; height: number };
type Colours = { none: Colour; most: Colour; least: Colour };

/** What a part of the page may ask of the whole. */
type Context = {
  chooseModel(name: string): Promise<void>;
  currentModel(): string;
  /** Which share of the answers may be wrong; null is as the model was made. */
  currentRisk(): number | null;
  onRisk(callback: () => void): void;
  onModel(callback: (name: string) => void): void;
  refreshModels(): Promise<void>;
  say(text: string): void;
  /** Open the Train part with a choice made already. */
  trainWith(choice: Choice): void;
  /** The choice that Train was opened with, once. */
  takeChoice(): Choice | null;
};
type Choice = { source: string; start: string };

type UnreadableModel = { name: string; reason: string };

type KeptModel = {
  name: string;
  kind: string;
  network: string;
  parameters: number;
  bytes: number;
  validation_accuracy: number | null;
  made_with: string;
};
/** A model that answers here. */
type ListedModel = KeptModel & { default: boolean };
/** A model in whole numbers, and the names of the exporters that take it. */
type DeviceModel = KeptModel & { purpose: string; exports: string[] };
/** Two models asked about the same digits. */
type Comparison = {
  title: string;
  n: number;
  of: number;
  models: { name: string; right: number; interval: [number, number] }[];
  only_first: number;
  only_second: number;
  p_value: number;
  sure: boolean;
  n_differ: number;
  differ: { frame: string; label: number; read_as: [number, number] }[];
};
/** A setting of a training, as the server has it. */
type FormField = {
  name: string;
  label: string;
  kind: string;
  hint: string;
  wrong: string;
  default: string | number | boolean | number[] | null;
  choices?: string[] | null;
  choice_words: string[];
  /** Whether nothing may stand in it. */
  optional: boolean;
  low: number | null;
  high: number | null;
  above_low?: boolean;
  below_high?: boolean;
  most?: number | null;
  pattern?: string | null;
};
/** A training as the form has it: values by their names, null where they are wrong. */
// biome-ignore lint/suspicious/noExplicitAny: each setting has a kind of its own
type Planned = { values: Record<string, any>; digits: number; start: string };
type OfferedSource = { name: string; title: string; digits: number | null };

/** A digit that was read in a picture. */
type Digit = {
  box: Box;
  label: number;
  probability: number;
  sure: boolean;
  line: number;
  frame: string;
  reason?: string | null;
  corrected?: number;
  mark?: string;
};
/** A picture as it was read; `single`: as one digit. */
type ReadPicture = {
  width: number;
  height: number;
  digits: Digit[];
  lines: string[];
  line_doubts?: (string | null)[];
  promised?: { characters: number | null; lines: number | null };
  reason: string | null;
  single: boolean;
  fields?: ReadField[];
};

/** How forms are read: the fields' TOML, and the blank form's picture. */
type Template = { toml: File; blank: File };
/** What a field of a form says. */
type ReadField = {
  name: string;
  value: string;
  confidence: number | null;
  status: string;
  reason: string | null;
  quad: [number, number][];
};
type ReadForm = { width: number; height: number; fields: ReadField[] };

type Start = {
  run: string;
  name: string;
  network: string;
  epochs: number;
  settings?: Record<string, unknown>;
  resumed: boolean;
  digits: Digits;
};
/** What was understood of a source; the sentences are those of the command line. */
type Digits = { notes: string[]; skipped: object[]; sentences: string[] };
type Step = { epoch: number; step: number; n_steps: number; loss: number };
type Epoch = {
  epoch: number;
  training_loss: number;
  validation_loss: number | null;
  validation_accuracy: number | null;
  seconds_left: number | null;
};
type Mistake = { frame: string; label: number; read_as: number; probability: number };
type RunPicture = {
  epoch: number;
  weights: string | null;
  n: number;
  n_hidden?: number;
  confusion: number[][] | null;
  mistakes: Mistake[];
};
type End = {
  state: "finished" | "stopped" | "failed";
  reason?: string;
  model?: string;
  best_epoch?: number;
  validation_accuracy: number | null;
};
type Preparing = { what?: string; done?: number; total?: number };
type Resumable = { name: string; epoch?: number; settings: Record<string, unknown> };
type Run = {
  id: string;
  name: string;
  network: string;
  nEpochs: number;
  settings: Record<string, unknown>;
  digits: Digits;
  steps: [number, number][];
  epochs: Epoch[];
  step: Step | null;
  picture: RunPicture | null;
  end: End | null;
  heardAt: number;
};
/** A stage of a picture's way into the frame; the image is a PNG in base64. */
type FramingStage = { title: string; image: string };
/** A line of a chart over the epochs, and a band around it: epoch, from, to. */
type Line = { kind: string; points: [number, number][]; band?: [number, number, number][] };
/** What a chart shows; while `key` is the same, its scale only grows. */
type Shown = { key: string; nEpochs: number; lines: Line[]; words: string };
type Ends = { low: number; high: number };
type Axes = { right: number; bottom: number; x(epoch: number): number; y(value: number): number };
type Scale = { place(value: number): number; ticks: number[] };
/** What a model can be exported to. */
type Exporter = { name: string; suffix: string; title: string };
type RunState = { running: boolean; preparing: Preparing | null; resumable: Resumable | null };
