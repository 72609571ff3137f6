// Server: what the server answers, or an error whose message is the sentence it said.

const SILENT = "The server does not answer. Is `digitnet serve` still running?";

// The answer's JSON, or null where the answer has no body. Throws an Error with one sentence.
export async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error(SILENT);
  }
  const text = await answer.text().catch(() => "");
  let said = null;
  try {
    said = text ? JSON.parse(text) : null;
  } catch {
    throw new Error(`The server answered ${answer.status} without words.`);
  }
  if (!answer.ok) throw new Error(said?.error ?? `The server answered ${answer.status}.`);
  return said;
}

export function askWithJson(path, method, values) {
  const headers = { "Content-Type": "application/json" };
  return ask(path, { method, headers, body: JSON.stringify(values) });
}
