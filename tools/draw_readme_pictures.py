"""README pictures: the curve of a run on MNIST and the explanation of one answer, into docs/.

Run from the root after training: `python tools/draw_readme_pictures.py MODEL`. The photo is made:
our own strokes on made, ruled paper under uneven light.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from digitnet.handwriting.camera import PageStyle
from digitnet.handwriting.pages import draw_page
from digitnet.imaging.framing import framing_stages
from digitnet.models.folder import load_model
from digitnet.plots.explanation import save_explanation
from digitnet.plots.loss_curve import save_loss_curve
from digitnet.training.events import History

DOCS = Path(__file__).resolve().parents[1] / "docs"
SEED = 5


def main() -> None:
    folder = Path(sys.argv[1])
    history = History(**json.loads((folder / "history.json").read_text()))
    save_loss_curve(
        history, DOCS / "training_loss.png", "Learning to read digits: 784-64-10 on MNIST"
    )
    rng = np.random.default_rng(SEED)
    photo = draw_page(["4"], rng, style=PageStyle.sample(rng)).picture
    model = load_model(folder)
    save_explanation(
        framing_stages(photo, model.framing),
        model.predict(photo),
        model.class_names,
        DOCS / "prediction.png",
    )


if __name__ == "__main__":
    main()
