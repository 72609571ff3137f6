// Main: the page with a server behind it: which model, which part, and what is said aloud.

import { startLab } from "./draw_and_inside.js";
import { decodeModel } from "./network/network.js";
import { startTabs } from "./common/tabs.js";
import { startTheme } from "./common/theme.js";

const menu = document.getElementById("model");
const trouble = document.getElementById("trouble");
const live = document.getElementById("live");
const listeners = new Set();
const mounted = new Set();
let inUse = ""; // the model that answers
let asked = 0; // how often one was asked for
const parts = {
  train: () => import("./train/train.js"),
  read: () => import("./read/read.js"),
  models: () => import("./models/models.js"),
};

startTheme(document.getElementById("theme"));
const lab = startLab({ say });

const context = {
  chooseModel,
  currentModel: () => inUse || menu.value,
  onModel: (callback) => listeners.add(callback),
  refreshModels,
  say,
};

startTabs(document.querySelector('[role="tablist"]'), async (part) => {
  lab.show(part);
  if (!parts[part] || mounted.has(part)) return;
  mounted.add(part);
  const root = document.getElementById(part);
  try {
    await (await parts[part]()).mount(root, context);
  } catch (error) {
    mounted.delete(part);
    complain(`This part of the page could not be opened: ${error.message.replace(/\.$/, "")}.`);
  }
});

menu.addEventListener("change", () => chooseModel(menu.value));
await refreshModels();
await chooseModel(menu.value);

// Read the list of models anew; the menu keeps its choice where it is still there.
async function refreshModels() {
  const answer = await ask("api/models");
  if (!answer) return;
  const { models } = await answer.json();
  const wanted = menu.value || models.find((model) => model.default)?.name;
  menu.replaceChildren(
    ...models.map(({ name, network }) => {
      const option = new Option(name, name);
      option.title = network;
      return option;
    }),
  );
  if (models.some(({ name }) => name === wanted)) menu.value = wanted;
}

// Load a model and use it from now on. Of several that are asked for at once, the last one counts.
async function chooseModel(name) {
  if (!name) return;
  const mine = ++asked;
  const answer = await ask(`api/model?name=${encodeURIComponent(name)}`);
  const bytes = await answer?.arrayBuffer();
  if (mine !== asked) return;
  menu.value = bytes ? name : inUse;
  if (!bytes) return;
  try {
    lab.use(decodeModel(bytes));
  } catch (error) {
    complain(`The model ${name} cannot be used here: ${error.message}.`);
    menu.value = inUse;
    return;
  }
  inUse = name;
  listeners.forEach((callback) => callback(name));
}

// A response that is well; else what went wrong is said, and there is none.
async function ask(path) {
  let answer;
  try {
    answer = await fetch(path);
  } catch {
    complain("The server does not answer. Is `digitnet serve` still running?");
    return null;
  }
  if (answer.ok) {
    trouble.hidden = true;
    return answer;
  }
  const { error } = await answer.json().catch(() => ({}));
  complain(error ?? `The server answered ${answer.status}.`);
  return null;
}

function complain(sentence) {
  trouble.textContent = sentence;
  trouble.hidden = false;
}

function say(text) {
  live.textContent = text;
}
