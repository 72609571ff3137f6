"""Test-time augmentation: the mean of the logits over several views of a digit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from digitnet.imaging.augment import Augmentation, augmented
from digitnet.models.folder import save_model
from digitnet.models.model import classify
from digitnet.models.test_time_augmentation import AUGMENTATION, augmented_logits
from support.helpers import assert_one_sentence, bars, digitnet, small_model


def test_one_view_is_the_plain_answer_and_more_are_the_mean(rng: np.random.Generator) -> None:
    network, images = small_model(rng).network, bars(30, rng).images
    plain = classify(network, images)
    np.testing.assert_array_equal(augmented_logits(network, images, 1, rng), plain)
    got = augmented_logits(network, images, 3, np.random.default_rng(4))
    again = np.random.default_rng(4)
    views = [plain, *(classify(network, augmented(images, AUGMENTATION, again)) for _ in range(2))]
    np.testing.assert_allclose(got, sum(views) / 3, rtol=1e-5, atol=1e-6)
    assert not np.allclose(got, plain)


def test_a_view_without_augmentation_changes_nothing(rng: np.random.Generator) -> None:
    network, images = small_model(rng).network, bars(10, rng).images
    still = augmented_logits(network, images, 5, rng, Augmentation())
    np.testing.assert_allclose(still, classify(network, images), rtol=1e-5, atol=1e-6)


def test_a_view_differs_a_little() -> None:
    assert Augmentation(rotation=8, shift=1.0, scale=0.08, shear=0.1) == AUGMENTATION


def test_evaluate_takes_the_mean_over_as_many_views_as_asked(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    dataset = bars(60, rng)
    np.savez(tmp_path / "bars.npz", images=dataset.images, labels=dataset.labels)
    save_model(small_model(rng), tmp_path / "m")
    words = ("evaluate", "bars.npz", "--model", "m", "--json")
    found = [json.loads(digitnet(*words, *more, cwd=tmp_path).stdout)["loss"] for more in (
        (), ("--tta", "1"), ("--tta", "4"), ("--tta", "4"))]  # fmt: skip
    assert found[0] == found[1] != found[2] == found[3]
    assert_one_sentence(digitnet(*words, "--tta", "0", cwd=tmp_path), "--tta")
