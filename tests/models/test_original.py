"""The original program's four bare arrays: what is taken for a model, and as what."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from digitnet.errors import ModelError
from digitnet.models.folder import load_model
from digitnet.models.original import load_original


def written(
    folder: Path, shapes: tuple[tuple[int, ...], ...], dtypes: tuple[type, ...] = (np.float64,) * 4
) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    names = ("W1", "b1", "W2", "b2")
    arrays = {
        name: rng.normal(0, 0.1, shape).astype(dtype)
        for name, shape, dtype in zip(names, shapes, dtypes, strict=True)
    }
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    return arrays


@pytest.mark.parametrize("n_classes", [2, 3, 10])
@pytest.mark.parametrize("rows", [True, False])
def test_two_to_ten_classes_and_biases_as_rows_or_not(
    tmp_path: Path, n_classes: int, rows: bool
) -> None:
    biases = ((1, 7), (1, n_classes)) if rows else ((7,), (n_classes,))
    arrays = written(tmp_path, ((784, 7), biases[0], (7, n_classes), biases[1]))
    model = load_model(tmp_path)
    assert model.class_names == tuple("0123456789")[:n_classes]
    assert (model.framing, model.training) == ("stretch", {"source": "original format"})
    assert [type(layer).__name__ for layer in model.network.layers] == ["Dense", "Sigmoid", "Dense"]
    for name, view in model.network.parameters.items():
        np.testing.assert_array_equal(view, arrays[name].reshape(view.shape))
    assert model.calibration.novelty is None


@pytest.mark.parametrize("n_classes", [1, 11])
def test_other_numbers_of_classes_are_refused(tmp_path: Path, n_classes: int) -> None:
    written(tmp_path, ((784, 7), (7,), (7, n_classes), (n_classes,)))
    with pytest.raises(ModelError, match=f"W2 has {n_classes} columns; it should have one per"):
        load_original(tmp_path)


@pytest.mark.parametrize(
    "shapes",
    [
        ((783, 7), (7,), (7, 10), (10,)),
        ((784, 7, 1), (7,), (7, 10), (10,)),
        ((784, 7), (7,), (8, 10), (10,)),
        ((784, 7), (7,), (7, 10, 1), (10,)),
        ((784,), (7,), (7, 10), (10,)),
        ((784, 7), (7,), (7,), (10,)),
    ],
    ids=str,
)
def test_other_shapes_make_no_network(tmp_path: Path, shapes: tuple[tuple[int, ...], ...]) -> None:
    written(tmp_path, shapes)
    with pytest.raises(ModelError, match="do not make a network of 784 inputs"):
        load_original(tmp_path)


@pytest.mark.parametrize(
    ("index", "shape", "name"),
    [(1, (2, 7), "b1"), (1, (7, 1), "b1"), (1, (6,), "b1"), (3, (1, 11), "b2")],
)
def test_a_bias_of_another_shape_is_named(
    tmp_path: Path, index: int, shape: tuple[int, ...], name: str
) -> None:
    shapes: list[tuple[int, ...]] = [(784, 7), (7,), (7, 10), (10,)]
    shapes[index] = shape
    written(tmp_path, tuple(shapes))
    with pytest.raises(ModelError, match=rf"{name}\.npy is \("):
        load_original(tmp_path)


def test_one_array_of_double_precision_makes_all_so(tmp_path: Path) -> None:
    shapes = ((784, 7), (7,), (7, 10), (10,))
    written(tmp_path, shapes, (np.float32,) * 4)
    assert load_original(tmp_path).network.dtype == np.float32
    for place in range(4):
        dtypes = [np.float64 if i == place else np.float32 for i in range(4)]
        written(tmp_path, shapes, tuple(dtypes))
        assert load_original(tmp_path).network.dtype == np.float64
