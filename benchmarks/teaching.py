"""Teaching: odd hands, each taught to the page by ten drawings: before, after, MNIST, seconds.

    python -m benchmarks.teaching [--models mlp cnn] [--hands 10] [--source mnist] [--n 10000]

Needs Chromium and Playwright. Everything is computed in the browser by the page's own modules, as
"That is a 7" does it. Two kinds of hands, all drawn by `digitnet.handwriting`: rare forms as hands
write them, and rare forms by a hand that leans and turns far over (`hands.odd_hand`). Each hand
writes ten digits to learn from, one of each, and fifty more; no hand and no digit is left out.
"""

from __future__ import annotations

import argparse
import base64
import shutil
from collections.abc import Callable
from typing import Any

import numpy as np
from playwright.sync_api import sync_playwright

from benchmarks.page import QUIET, served
from digitnet.data.sources import open_source
from digitnet.handwriting.hands import Hand, draw_digit, odd_hand

N_TAUGHT, N_MORE = 10, 50
SEED = 20

LEARN = """async ({ name, hands, frames, labels, nTaught }) => {
  const { decodeModel, forwardFrom } = await import("/static/network/network.js");
  const { frameOf } = await import("/static/network/framing.js");
  const { noveltyOf } = await import("/static/network/novelty.js");
  const { Pupil } = await import("/static/teach/pupil.js");
  const answer = await fetch(`/api/model?name=${name}`);
  const model = decodeModel(await answer.arrayBuffer());
  const pupil = new Pupil(model);
  const bytes = Uint8Array.from(atob(frames), (letter) => letter.charCodeAt(0));
  const usual = labels.map((label, n) =>
    ({ label, features: pupil.features(bytes.subarray(784 * n, 784 * (n + 1))) }));
  const share = (all, tail) => all.filter(({ features, label }) => {
    const logits = forwardFrom(tail, -1, features);
    return logits.indexOf(Math.max(...logits)) === label;
  }).length / all.length;
  const refused = ({ novelty }, all) => !novelty ? 0 :
    all.filter(({ frame }) => noveltyOf(novelty, model.frame, frame) > novelty.most).length
      / all.length;
  const found = [];
  const usualBefore = share(usual, pupil.tail);
  for (const drawings of hands) {
    const drawn = drawings.map(({ label, strokes }) => {
      const frame = frameOf(strokes, model.framing, model.frame);
      return { label, strokes, frame, features: pupil.features(frame) };
    });
    const [own, more] = [drawn.slice(0, nTaught), drawn.slice(nTaught)];
    const taught = await pupil.learn(own);
    const tail = taught.model.members[0].slice(pupil.start);
    found.push([
      share(more, pupil.tail), share(more, tail), usualBefore, share(usual, tail),
      refused(model, more), refused(taught.model, more), taught.seconds,
    ]);
  }
  return found;
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=["mlp", "cnn"], metavar="NAME")
    parser.add_argument("--hands", type=int, default=10, help="of each kind (default: 10)")
    parser.add_argument("--source", default="mnist", help="usual digits (default: mnist)")
    parser.add_argument("--n", type=int, default=10_000, help="of them (default: 10000)")
    parser.add_argument("--chromium", default=shutil.which("chromium"), metavar="PATH")
    args = parser.parse_args()
    usual = open_source(args.source, part="test", n_synthetic=args.n)
    images, labels = usual.images[: args.n], usual.labels[: args.n]
    kinds: dict[str, Callable[[np.random.Generator], Hand]] = {
        "rare forms": lambda rng: Hand.sample(rng, rare=True),
        "rare, far over": odd_hand,
    }
    heads = ("fifty more", f"{args.source}, {len(labels)}", "no digit", "seconds")
    print(
        f"{'per cent, means of hands':<26}{heads[0]:>16}{heads[1]:>18}{heads[2]:>16}{heads[3]:>14}"
    )
    with served() as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=args.chromium, args=list(QUIET))
        page = browser.new_page()
        page.goto(address)
        for name in args.models:
            for kind, hand_of in kinds.items():
                given = {
                    "name": name,
                    "hands": [drawings(hand_of, seed) for seed in range(args.hands)],
                    "frames": base64.b64encode(images.tobytes()).decode(),
                    "labels": labels.tolist(),
                    "nTaught": N_TAUGHT,
                }
                print(line(f"{name}, {kind}", np.array(page.evaluate(LEARN, given))), flush=True)
        browser.close()


def drawings(hand_of: Callable[[np.random.Generator], Hand], seed: int) -> list[dict[str, Any]]:
    """What one hand writes: each digit in turn, its label and its strokes as the page has them."""
    rng = np.random.default_rng([SEED, seed])
    hand = hand_of(rng)
    return [as_drawn(k % 10, rng, hand) for k in range(N_TAUGHT + N_MORE)]


def as_drawn(label: int, rng: np.random.Generator, hand: Hand) -> dict[str, Any]:
    strokes = [
        [
            {"x": x, "y": y, "r": r}
            for (x, y), r in zip(stroke.points.tolist(), stroke.radii.tolist(), strict=True)
        ]
        for stroke in draw_digit(label, rng, hand=hand)
    ]
    return {"label": label, "strokes": strokes}


def line(name: str, found: np.ndarray[Any, Any]) -> str:
    """Before and after, means of the hands; seconds: the median, the longest in brackets."""
    mean = 100 * found.mean(axis=0)
    fifty, usual, none = (f"{mean[k]:.1f} > {mean[k + 1]:.1f}" for k in (0, 2, 4))
    usual = f"{mean[2]:.2f} > {mean[3]:.2f}"
    seconds = f"{np.median(found[:, 6]):.1f} ({found[:, 6].max():.1f})"
    return f"{name:<26}{fifty:>16}{usual:>18}{none:>16}{seconds:>14}"


if __name__ == "__main__":
    main()
