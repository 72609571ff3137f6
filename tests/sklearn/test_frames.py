"""Frames: pictures and paths become the rows that `digitnet.predict` looks at."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("sklearn", reason="needs scikit-learn: pip install 'digitnet[sklearn]'")

from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

import digitnet
from digitnet.errors import PictureError, SettingsError
from digitnet.sklearn import DigitClassifier, FrameTransformer

PICTURES = sorted((Path(__file__).parents[2] / "test_images").glob("digi_*.png"))[:3]


@pytest.mark.filterwarnings("ignore:Can't test estimator")  # most checks give tables of numbers
def test_scikit_learns_own_checks() -> None:
    results = check_estimator(FrameTransformer(), on_skip=None)
    assert {result["status"] for result in results} == {"passed"}


def expected() -> np.ndarray:
    frames = [digitnet.predict(path, "mlp").frame.image for path in PICTURES]
    return np.stack(frames).reshape(len(frames), -1).astype(np.float32) / np.float32(255)


@pytest.mark.parametrize(
    "given",
    [
        lambda: PICTURES,
        lambda: [str(path) for path in PICTURES],
        lambda: np.array([str(path) for path in PICTURES]),
        lambda: np.array([[path] for path in PICTURES], dtype=object),
        lambda: [path.read_bytes() for path in PICTURES],
        lambda: [Image.open(path) for path in PICTURES],
        lambda: [PICTURES[0], PICTURES[1].read_bytes(), np.array(Image.open(PICTURES[2]))],
    ],
    ids=["paths", "text", "array of text", "column", "bytes", "pillow", "mixed"],
)
def test_pictures_however_they_come(given: Any) -> None:
    rows = FrameTransformer().fit_transform(given())
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows, expected(), atol=1e-7)


def test_a_column_of_a_table() -> None:
    pandas = pytest.importorskip("pandas", reason="needs pandas")
    table = pandas.DataFrame({"path": [str(path) for path in PICTURES]})
    for given in (table, table["path"]):
        np.testing.assert_allclose(FrameTransformer().transform(given), expected(), atol=1e-7)
    named = FrameTransformer().set_output(transform="pandas").transform(table)
    assert list(named.columns[[0, -1]]) == ["pixel0", "pixel783"]
    assert named.shape == (3, 784)


def test_an_array_of_frames_and_an_empty_list() -> None:
    frames = np.rint(255 * expected()).astype(np.uint8)
    np.testing.assert_allclose(FrameTransformer().transform(frames), expected(), atol=1e-7)
    same = FrameTransformer().transform(frames.reshape(-1, 28, 28))
    np.testing.assert_allclose(same, expected(), atol=1e-7)
    assert FrameTransformer().transform([]).shape == (0, 784)


def test_no_row_is_lost(tmp_path: Path) -> None:
    (tmp_path / "no.png").write_bytes(b"no picture")
    with pytest.raises(PictureError, match=r"no\.png"):
        FrameTransformer().transform([*PICTURES, tmp_path / "no.png"])
    Image.new("L", (40, 40), 255).save(tmp_path / "blank.png")
    with pytest.warns(UserWarning, match=r"1 of 2 pictures show no single digit: .*blank\.png"):
        rows = FrameTransformer().transform([tmp_path / "blank.png", PICTURES[0]])
    np.testing.assert_allclose(rows[1], expected()[0], atol=1e-7)
    assert not rows[0].any()


def test_what_it_cannot_take() -> None:
    with pytest.raises(PictureError, match="give a list"):
        FrameTransformer().transform(str(PICTURES[0]))
    with pytest.raises(PictureError, match="is one picture"):
        FrameTransformer().transform(np.zeros((40, 30), np.uint8))
    with pytest.raises(PictureError, match="one column"):
        FrameTransformer().transform(np.array([["a", "b"]]))
    with pytest.raises(PictureError, match="batch itself"):
        FrameTransformer().transform([np.zeros((2, 28, 28), np.uint8)])
    with pytest.raises(SettingsError, match="no framing"):
        FrameTransformer("round").transform(PICTURES)


def test_in_a_pipeline_from_paths_to_classes() -> None:
    steps = make_pipeline(FrameTransformer(), DigitClassifier((8,), random_state=0))
    steps.fit(PICTURES, ["a", "b", "c"])
    copied = pickle.loads(pickle.dumps(steps))
    assert list(copied.predict(PICTURES)) == ["a", "b", "c"]
    assert clone(steps).get_params()["frametransformer__framing"] == "mnist"
    assert "FrameTransformer" in steps._repr_html_()
