"""Report plots: every picture is whole, says what it should, and copes with the odd case."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from digitnet.plots import report
from digitnet.plots.report import (
    as_tiles,
    save_confusion_matrix,
    save_image_grid,
    save_weights,
    save_worst_mistakes,
)

DIGITS = tuple("0123456789")


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that were saved, to look into."""
    saved: list[Figure] = []
    original = report.save_figure

    def save(figure: Figure, path: str | Path) -> None:
        original(figure, path)
        saved.append(figure)

    monkeypatch.setattr(report, "save_figure", save)
    return saved


def size(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        picture.load()
        assert picture.format == "PNG"
        return picture.size


def test_the_confusion_matrix_says_every_count_and_share(
    tmp_path: Path, figures: list[Figure]
) -> None:
    confusion = np.array([[8, 2, 0], [0, 5, 0], [0, 0, 0]])  # nothing of class "$c_" was there
    save_confusion_matrix(confusion, ("a", "b", "$c_"), tmp_path / "confusion.png")
    axes = figures[0].axes[0]
    cells = {text.get_position(): text.get_text() for text in axes.texts}
    assert cells[(0, 0)] == "8"
    assert cells[(1, 0)] == "2"  # row 0 (true a), column 1 (read b)
    assert cells[(1, 1)] == "5"
    assert sorted(text for text in cells.values() if "%" in text) == ["100.0 %", "80.0 %"]
    assert axes.get_title(loc="left") == "13 of 15 read rightly (86.67 %)"
    assert size(tmp_path / "confusion.png")[0] > 800


LONG = ("F", "small letter d", "a name that is longer than any letter has")


def test_long_names_stand_upright_below_their_columns_and_none_over_another(
    tmp_path: Path, figures: list[Figure]
) -> None:
    save_confusion_matrix(np.eye(3, dtype=np.int64), LONG, tmp_path / "confusion.png")
    save_confusion_matrix(np.eye(3, dtype=np.int64), ("a", "b", "c"), tmp_path / "short.png")
    for figure, turned in zip(figures, (90, 0), strict=True):
        labels = figure.axes[0].get_xticklabels()
        assert [label.get_rotation() for label in labels] == [turned] * 3
        boxes = [label.get_window_extent() for label in labels]
        assert not any(one.overlaps(other) for one, other in itertools.pairwise(boxes))
        assert all(box.x0 >= 0 and box.y0 >= 0 for box in boxes)
    names = [label.get_text() for label in figures[0].axes[0].get_yticklabels()]
    assert names == ["F", "small letter d", "a name that is longer t…"]


def test_a_mistake_between_long_names_has_a_line_for_each(
    tmp_path: Path, figures: list[Figure]
) -> None:
    images = np.zeros((2, 28, 28), np.uint8)
    probabilities = np.array([[0.2, 0.8, 0.0], [0.1, 0.3, 0.6]])
    target = tmp_path / "mistakes.png"
    save_worst_mistakes(images, np.array([0, 1]), probabilities, target, class_names=LONG)
    assert [axes.get_title() for axes in figures[0].axes] == [
        "true F\nread small letter d (80 %)",
        "true small letter d\nread a name that is longe… (60 %)",
    ]


@pytest.mark.parametrize("k", [1, 26])
def test_a_confusion_matrix_of_any_size(tmp_path: Path, k: int) -> None:
    target = tmp_path / "confusion.png"
    save_confusion_matrix(np.eye(k, dtype=np.int64) * 99, [f"c{i}" for i in range(k)], target)
    assert min(size(target)) > 500


def test_worst_mistakes_come_first_with_label_and_reading(
    tmp_path: Path, figures: list[Figure], rng: np.random.Generator
) -> None:
    images = rng.integers(0, 256, (4, 28, 28), dtype=np.uint8)
    probabilities = np.full((4, 10), 0.01)
    for row, (read, sure) in enumerate([(9, 0.91), (1, 0.91), (7, 0.9999), (3, 0.5)]):
        probabilities[row] = (1 - sure) / 9
        probabilities[row, read] = sure
    labels = np.array([4, 1, 2, 5])
    save_worst_mistakes(images, labels, probabilities, tmp_path / "mistakes.png", k=2)
    tiles = figures[0].axes
    assert [axes.get_title() for axes in tiles] == [
        "true 2, read 7 (>99 %)",
        "true 4, read 9 (91 %)",
    ]
    np.testing.assert_array_equal(tiles[0].images[0].get_array(), images[2])


def test_a_model_without_mistakes_has_a_picture_too(tmp_path: Path, figures: list[Figure]) -> None:
    images = np.zeros((10, 28, 28), dtype=np.uint8)
    save_worst_mistakes(images, np.arange(10), np.eye(10), tmp_path / "mistakes.png")
    assert figures[0].get_suptitle() == "Not one mistake, out of 10 images"
    assert size(tmp_path / "mistakes.png")[0] > 500


def test_each_unit_is_drawn_in_its_place_on_a_scale_symmetric_about_zero(
    tmp_path: Path, figures: list[Figure], rng: np.random.Generator
) -> None:
    weights = rng.normal(size=(784, 6))
    save_weights(weights, tmp_path / "weights.png")
    drawn = figures[0].axes[0].images[0]
    assert drawn.norm.vmin == -drawn.norm.vmax
    mosaic = np.ma.filled(drawn.get_array(), np.nan)  # 2 rows of 3 units, 2 pixels apart
    assert mosaic.shape == (58, 88)
    np.testing.assert_array_equal(mosaic[30:58, 30:58], weights[:, 4].reshape(28, 28))
    assert np.isnan(mosaic[28:30]).all()


@pytest.mark.parametrize("n_units", [1, 2, 64, 500])
def test_weights_of_any_number_of_units(tmp_path: Path, n_units: int) -> None:
    save_weights(np.zeros((784, n_units), dtype=np.float32), tmp_path / "weights.png")
    assert min(size(tmp_path / "weights.png")) > 400


def test_a_grid_has_a_row_per_class_also_where_images_are_few(
    tmp_path: Path, figures: list[Figure], rng: np.random.Generator
) -> None:
    images = rng.integers(0, 256, (30, 28, 28), dtype=np.uint8)
    labels = np.arange(30) % 3  # ten images each of 0, 1 and 2, none of the rest
    one = (images[:1], np.array([9]), "another $source_")
    save_image_grid(images, labels, tmp_path / "grid.png", "made", beside=one, per_class=12)
    left, right = figures[0].axes
    assert (left.get_title(), right.get_title()) == ("made", "another $source_")
    mosaic = np.ma.filled(left.images[0].get_array(), np.nan)
    assert mosaic.shape == (10 * 30 - 2, 12 * 30 - 2)
    np.testing.assert_array_equal(mosaic[30:58, 0:28], images[1])  # row 1, first image of class 1
    assert np.isnan(mosaic[:, 300:]).all()
    assert np.isnan(mosaic[90:]).all()
    width, height = size(tmp_path / "grid.png")
    assert width > 2 * height


@pytest.mark.parametrize("name", ["confusion", "mistakes", "weights", "grid"])
def test_a_failing_save_leaves_the_old_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    target = tmp_path / "old.png"
    target.write_bytes(b"the old picture")

    def fail(self: Figure, path: Path, **_: object) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(Figure, "savefig", fail)
    images, labels = np.zeros((10, 28, 28), dtype=np.uint8), np.arange(10)
    with pytest.raises(KeyboardInterrupt):
        if name == "confusion":
            save_confusion_matrix(np.eye(10, dtype=np.int64), DIGITS, target)
        elif name == "mistakes":
            save_worst_mistakes(images, labels, np.full((10, 10), 0.1), target)
        elif name == "weights":
            save_weights(np.ones((784, 4)), target)
        else:
            save_image_grid(images, labels, target, "made")
    assert target.read_bytes() == b"the old picture"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("side", [28, 14, 5])
def test_weights_are_cut_into_the_squares_their_unit_sees(side: int) -> None:
    weights = np.arange(side**2 * 6, dtype=np.float32).reshape(side**2, 6)
    tiles = as_tiles(weights)
    assert tiles.shape == (6, side, side)
    np.testing.assert_array_equal(tiles[4].ravel(), weights[:, 4])


@pytest.mark.parametrize(("n_units", "title"), [(144, "The 144"), (145, "The first 144 of 145")])
def test_at_most_144_units_are_drawn(
    tmp_path: Path, figures: list[Figure], n_units: int, title: str
) -> None:
    weights = np.tile(np.linspace(-1, 1, 25)[:, None], n_units)
    save_weights(weights, tmp_path / "weights.png")
    assert figures[0].axes[0].get_title().startswith(f"{title} hidden units")
    assert len(as_tiles(weights)) == 144


def test_one_weight_in_200_may_be_beyond_the_scale(
    tmp_path: Path, figures: list[Figure], rng: np.random.Generator
) -> None:
    weights = rng.permutation(np.linspace(-1, 1, 784 * 4)).reshape(784, 4)
    save_weights(weights, tmp_path / "weights.png")
    assert figures[0].axes[0].images[0].norm.vmax == pytest.approx(0.995, abs=1e-3)
    save_weights(np.zeros((25, 1)), tmp_path / "weights.png")
    assert figures[1].axes[0].images[0].norm.vmax == 1.0


@pytest.mark.parametrize(
    ("share", "words"),
    [(0.0, "0 %"), (0.504, "50 %"), (0.9949, "99 %"), (0.995, ">99 %"), (0.9999, ">99 %"),
     (1.0, "100 %")],
)  # fmt: skip
def test_only_certainty_is_100_percent(share: float, words: str) -> None:
    assert report._percent(share) == words


def test_the_25_worst_mistakes_and_12_images_a_class_unless_told(
    tmp_path: Path, figures: list[Figure]
) -> None:
    images, labels = np.zeros((40, 28, 28), dtype=np.uint8), np.zeros(40, dtype=np.int64)
    save_worst_mistakes(images, labels, np.tile([0.2, 0.8], (40, 1)), tmp_path / "mistakes.png")
    assert len(figures[0].axes) == 25
    save_image_grid(images, labels, tmp_path / "grid.png", "made", class_names=("a",))
    mosaic = np.ma.filled(figures[1].axes[0].images[0].get_array(), np.nan)
    assert mosaic.shape == (28, 12 * 30 - 2)
