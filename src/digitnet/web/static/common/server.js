// Server: what it answers, or an error whose message is the sentence it said.

const SILENT = "The server does not answer. Is `digitnet serve` still running?";

/** The answer's JSON, or null where the answer has no body. @param {string} path @param {RequestInit} options */
export async function ask(path, options = {}) {
  const answer = await answerOf(path, options);
  const text = await answer.text();
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    throw new Error(`The server answered ${answer.status} without words.`);
  }
}

/** @param {string} path @param {string} method @param {unknown} values sent as JSON */
export function askWithJson(path, method, values) {
  const headers = { "Content-Type": "application/json" };
  return ask(path, { method, headers, body: JSON.stringify(values) });
}

/** @param {string} path @param {Blob} picture @param {AbortSignal} [signal] */
export function askWithPicture(path, picture, signal) {
  const headers = { "Content-Type": picture.type || "application/octet-stream" };
  return ask(path, { method: "POST", headers, body: picture, signal });
}

/** @param {string} path @param {Record<string, File>} files @param {AbortSignal} [signal] */
export function askWithFiles(path, files, signal) {
  const body = new FormData();
  for (const [name, file] of Object.entries(files)) body.append(name, file);
  return ask(path, { method: "POST", body, signal });
}

/** The answer's bytes. @param {string} path */
export async function askForBytes(path) {
  return (await answerOf(path, {})).arrayBuffer();
}

/** An answer that is well; else an Error with one sentence. @param {string} path @param {RequestInit} options */
async function answerOf(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new Error(SILENT);
  }
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => null);
  throw new Error(said?.error ?? `The server answered ${answer.status}.`);
}

/** Whether nobody waits for the answer any more. @param {unknown} error */
export const isAbort = (error) => error instanceof DOMException && error.name === "AbortError";

/** What there is to say of an error. @param {unknown} error */
export const sentenceOf = (error) => (error instanceof Error ? error.message : String(error));
