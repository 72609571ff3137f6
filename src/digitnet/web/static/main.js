// Main: the page with a server behind it: which model, which part, and what is said aloud.

import { byId, make } from "./common/elements.js";
import { ask, askForBytes, sentenceOf } from "./common/server.js";
import { startTabs } from "./common/tabs.js";
import { startTheme } from "./common/theme.js";
import { DrawAndInside } from "./draw_and_inside.js";
import { decodeModel } from "./network/network.js";

const menu = byId("model", HTMLSelectElement);
const trouble = byId("trouble", HTMLElement);
const live = byId("live", HTMLElement);
/** @type {Set<(name: string) => void>} */
const listeners = new Set();
const mounted = new Set();
let inUse = ""; // the model that answers
let asked = 0; // how often one was asked for
/** @type {Choice | null} */
let choice = null; // what Train is to be opened with
/** @type {Record<string, () => Promise<{ mount(root: HTMLElement, context: Context): Promise<unknown> }>>} */
const parts = {
  train: () => import("./train/train.js"),
  read: () => import("./read/read.js"),
  models: () => import("./models/models.js"),
};

startTheme(byId("theme", HTMLElement));
const drawAndInside = new DrawAndInside(say, spareModel);

/** @type {Context} */
const context = {
  chooseModel,
  currentModel: () => inUse || menu.value,
  currentRisk: () => drawAndInside.riskMenu.risk,
  onRisk: (callback) => byId("risk", HTMLElement).addEventListener("change", callback),
  onModel: (callback) => listeners.add(callback),
  refreshModels,
  say,
  trainWith(wanted) {
    choice = wanted;
    byId("tab-train", HTMLElement).click();
  },
  takeChoice() {
    const taken = choice;
    choice = null;
    return taken;
  },
};

const whereItGoes = byId("where-it-goes", HTMLElement);
const drawnStays = whereItGoes.textContent;
const READ_THERE = `Pictures that you read here go to the server, ${location.host}; it keeps those alone that you correct.`;

startTabs(byId("tabs", HTMLElement), async (part) => {
  whereItGoes.textContent = part === "read" ? READ_THERE : drawnStays;
  drawAndInside.show(part);
  if (!parts[part] || mounted.has(part)) return;
  mounted.add(part);
  try {
    await (await parts[part]()).mount(byId(part, HTMLElement), context);
  } catch (error) {
    mounted.delete(part);
    complain(`This part of the page could not be opened: ${sentenceOf(error).replace(/\.$/, "")}.`);
  }
});

menu.addEventListener("change", () => chooseModel(menu.value));
await refreshModels();
await chooseModel(menu.value);

/** Read the list of models anew; the menu keeps its choice where it is still there. */
async function refreshModels() {
  /** @type {{ models: ListedModel[] } | null} */
  const answer = await well(ask("api/models"));
  if (!answer) return;
  const { models } = answer;
  const wanted = menu.value || models.find((model) => model.default)?.name;
  menu.replaceChildren(
    ...models.map(({ name, network }) => make("option", { value: name, title: network }, name)),
  );
  if (wanted && models.some(({ name }) => name === wanted)) menu.value = wanted;
}

/** Load a model and use it from now on. Of several that are asked for at once, the last one counts. @param {string} name */
async function chooseModel(name) {
  if (!name) return;
  const mine = ++asked;
  const bytes = await well(askForBytes(`api/model?name=${encodeURIComponent(name)}`));
  if (mine !== asked) return;
  menu.value = bytes ? name : inUse;
  if (!bytes) return;
  try {
    drawAndInside.use(decodeModel(bytes));
  } catch (error) {
    complain(`The model ${name} cannot be used here: ${sentenceOf(error)}.`);
    menu.value = inUse;
    return;
  }
  inUse = name;
  for (const callback of listeners) callback(name);
}

/** The model in the box with one hidden layer, for One step; null where it cannot be had. */
async function spareModel() {
  try {
    return decodeModel(await askForBytes("api/model?name=mlp"));
  } catch {
    return null;
  }
}

/** An answer that is well; else what went wrong is said, and there is none. @template T @param {Promise<T>} answer */
async function well(answer) {
  try {
    const found = await answer;
    trouble.hidden = true;
    return found;
  } catch (error) {
    complain(sentenceOf(error));
    return null;
  }
}

/** @param {string} sentence */
function complain(sentence) {
  trouble.textContent = sentence;
  trouble.hidden = false;
}

/** @param {string} text */
function say(text) {
  live.textContent = text;
}
