// Event stream: the server's stream of what happens in a training run, followed through interruptions.

const KINDS = ["preparing", "start", "step", "epoch", "picture", "end"];
const PAUSE = 3000; // milliseconds until a refused connection is tried again
const PATIENCE = 4000; // milliseconds without a connection before anybody is told

/**
 * Hears every event of the present run from its beginning on, and of those that come later. A browser
 * that loses the connection comes back by itself and says the last id it had; where it gave up (the
 * server was down or full) it is told to try again.
 * @param {string} path
 * @param {{ heard(kind: string, data: unknown, id: string): void, lost(): void, found(): void }} heard
 *   `lost` and `found` hear of the connection
 */
export function follow(path, { heard, lost, found }) {
  /** @type {string | null} */
  let last = null;
  let broken = false;
  let told = 0;

  function open() {
    const from = last === null ? "" : `?after=${encodeURIComponent(last)}`;
    const source = new EventSource(path + from);
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        if (event.lastEventId) last = event.lastEventId;
        heard(kind, JSON.parse(event.data), event.lastEventId);
      });
    }
    source.addEventListener("open", () => {
      clearTimeout(told);
      if (broken) found();
      broken = false;
    });
    source.addEventListener("error", () => {
      if (!broken) told = setTimeout(lost, PATIENCE);
      broken = true;
      if (source.readyState === EventSource.CLOSED) setTimeout(open, PAUSE);
    });
  }

  open();
}
