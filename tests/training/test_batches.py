"""The data loader: every image once and in order, the same again when cut off, varied or not."""

from __future__ import annotations

import numpy as np
import pytest

from digitnet.data.dataset import Dataset, as_input, to_input
from digitnet.imaging.augment import MOST, Augmentation, augmented
from digitnet.nn import AveragePool2D, Dense, Distillation, Network, ToImages, ToRows, softmax
from digitnet.training.batches import AT_ONCE, DataLoader
from digitnet.training.config import Teacher
from support.helpers import bars

PLAIN = [Dense(784, 10)]
POOLED = [ToImages(28, 28), AveragePool2D(2), ToRows(), Dense(196, 10)]
AUGMENTATION = Augmentation(rotation=10, shift=2, elastic=1)


def taken(loader: DataLoader, order: np.ndarray, first: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """All inputs and labels, copied, since the next batch overwrites them."""
    pairs = [(x.copy(), labels) for x, labels, *_ in loader.batches(order, first)]
    return np.concatenate([x for x, _ in pairs]), np.concatenate([y for _, y in pairs])


@pytest.mark.parametrize("batch_size", [1, 32, 100, 300, 1000])
def test_every_image_comes_once_and_in_order(batch_size: int, rng: np.random.Generator) -> None:
    dataset = bars(700, rng)
    order = rng.permutation(700)
    loader = DataLoader(dataset, min(batch_size, 700), Network(PLAIN))
    x, labels = taken(loader, order)
    np.testing.assert_array_equal(x, as_input(dataset.images[order]))
    np.testing.assert_array_equal(labels, dataset.labels[order])
    sizes = [len(batch.labels) for batch in loader.batches(order)]
    assert set(sizes[:-1]) <= {min(batch_size, 700)}


def test_a_network_that_pools_first_gets_what_its_head_makes(rng: np.random.Generator) -> None:
    dataset, network = bars(600, rng), Network(POOLED)
    loader = DataLoader(dataset, 50, network)
    assert loader.layers_done == 3
    order = rng.permutation(600)
    x, _ = taken(loader, order)
    np.testing.assert_array_equal(x, network.head(as_input(dataset.images[order])))


@pytest.mark.parametrize("augmentation", [None, AUGMENTATION])
@pytest.mark.parametrize("first", [0, 3, 9])
def test_an_epoch_goes_on_where_it_was_cut(
    first: int, augmentation: Augmentation | None, rng: np.random.Generator
) -> None:
    dataset, order = bars(700, rng), rng.permutation(700)
    assert AT_ONCE % 60 != 0  # so that a cut falls into the middle of what is gathered together
    loader = DataLoader(dataset, 60, Network(PLAIN), augmentation)
    whole, labels = taken(loader, order)
    rest, rest_labels = taken(DataLoader(dataset, 60, Network(PLAIN), augmentation), order, first)
    np.testing.assert_array_equal(rest, whole[first * 60 :])
    np.testing.assert_array_equal(rest_labels, labels[first * 60 :])


def test_variations_are_new_in_every_epoch(rng: np.random.Generator) -> None:
    dataset = bars(300, rng)
    loader = DataLoader(dataset, 50, Network(PLAIN), AUGMENTATION)
    one, other = rng.permutation(300), rng.permutation(300)
    first, second = taken(loader, one)[0], taken(loader, other)[0]
    back = np.argsort(one), np.argsort(other)
    different = np.abs(first[back[0]] - second[back[1]]).max(axis=1) > 0.1
    assert different.mean() > 0.95


def test_stopping_in_the_middle_leaves_no_thread_behind(rng: np.random.Generator) -> None:
    import threading

    before = threading.active_count()
    batches = DataLoader(bars(900, rng), 50, Network(PLAIN), AUGMENTATION).batches(np.arange(900))
    next(batches)
    batches.close()
    assert threading.active_count() == before


@pytest.mark.parametrize("augmentation", [None, AUGMENTATION])
@pytest.mark.parametrize("layers", [PLAIN, POOLED], ids=["plain", "pooled"])
def test_a_teacher_answers_for_the_very_images_that_are_shown(
    augmentation: Augmentation | None, layers: list, rng: np.random.Generator
) -> None:
    dataset, order = bars(700, rng), rng.permutation(700)
    known = Network([Dense(784, 10)])
    known.vector[:] = rng.normal(0, 0.02, known.vector.shape)
    teacher = Teacher(known, Distillation(temperature=3.0))
    loader = DataLoader(dataset, 60, Network(layers), augmentation, teacher)
    plain = DataLoader(
        dataset, 60, Network(PLAIN), augmentation
    )  # the same images as the teacher sees
    for batch, shown in zip(loader.batches(order), plain.batches(order), strict=True):
        expected = softmax(known.forward(shown.inputs) / 3.0)
        np.testing.assert_allclose(batch.soft, expected, rtol=1e-4)


def test_every_part_of_an_epoch_is_varied_by_a_seed_of_its_own() -> None:
    """One picture 1,536 times: no two of the twelve parts that are warped together are alike."""
    one = bars(1, np.random.default_rng(0)).images[0]
    dataset = Dataset(np.repeat(one[None], 12 * MOST, axis=0), np.zeros(12 * MOST, np.int64))
    loader = DataLoader(dataset, 64, Network(PLAIN), AUGMENTATION)
    x, _ = taken(loader, np.arange(12 * MOST))
    parts = x.reshape(12, MOST * 784)
    assert len({part.tobytes() for part in parts}) == 12


@pytest.mark.parametrize(
    ("batch_size", "gathered"),
    [
        (1, [256, 256, 188]),
        (60, [240, 240, 220]),
        (128, [256, 256, 188]),
        (129, [129, 129, 129, 129, 129, 55]),
        (300, [300, 300, 100]),
        (700, [700]),
    ],
)
def test_how_many_images_are_gathered_at_a_time(
    batch_size: int, gathered: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []

    def noted(images: np.ndarray, out: np.ndarray) -> np.ndarray:
        sizes.append(len(images))
        return to_input(images, out)

    monkeypatch.setattr("digitnet.training.batches.to_input", noted)
    loader = DataLoader(bars(700, np.random.default_rng(0)), batch_size, Network(PLAIN))
    assert sum(len(batch.labels) for batch in loader.batches(np.arange(700))) == 700
    assert sizes == gathered


@pytest.mark.parametrize(
    ("batch_size", "at_once"), [(1, 512), (60, 480), (512, 512), (520, 520), (256, 512)]
)
def test_augmentation_is_drawn_from_its_place_and_the_first_eight_of_the_order(
    batch_size: int, at_once: int, rng: np.random.Generator
) -> None:
    """Any other seed would change what a training with a seed comes to."""
    dataset, order = bars(600, rng), rng.permutation(600)
    x, _ = taken(DataLoader(dataset, batch_size, Network(PLAIN), AUGMENTATION), order)
    for start in (0, at_once):
        chosen = order[start : start + at_once]
        for begin in range(0, len(chosen), MOST):
            part = chosen[begin : begin + MOST]
            seeded = np.random.default_rng([start, begin, *order[:8]])
            expected = as_input(augmented(dataset.images[part], AUGMENTATION, seeded))
            place = start + begin
            np.testing.assert_array_equal(x[place : place + len(part)], expected)


@pytest.mark.parametrize(
    ("layers", "augmentation", "layers_done", "n_given"),
    [
        (PLAIN, None, 0, 784),
        (POOLED, None, 3, 196),
        (POOLED, AUGMENTATION, 0, 784),  # other images in every epoch: the head anew each time
        ([ToImages(28, 28), ToRows(), Dense(784, 10)], None, 0, 784),  # a head that saves nothing
    ],
    ids=["plain", "pooled", "augmented", "same size"],
)
def test_a_head_is_gone_through_once_for_all_where_that_makes_the_images_smaller(
    layers: list, augmentation: Augmentation | None, layers_done: int, n_given: int
) -> None:
    loader = DataLoader(bars(300, np.random.default_rng(0)), 50, Network(layers), augmentation)
    assert loader.layers_done == layers_done
    batch = next(loader.batches(np.arange(300)))
    assert batch.inputs.shape == (50, n_given)
    assert batch.inputs.dtype == np.float32
    assert batch.inputs.flags.c_contiguous
    assert batch.soft is None


def test_inputs_have_the_network_s_type(rng: np.random.Generator) -> None:
    dataset = bars(10, rng)
    for layers in (PLAIN, POOLED):
        network = Network(layers, np.float64)
        (batch,) = DataLoader(dataset, 10, network).batches(np.arange(10))
        assert batch.inputs.dtype == np.float64
        np.testing.assert_array_equal(batch.labels, dataset.labels)
