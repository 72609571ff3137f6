"""One-hot labels, softmax and cross-entropy: worked by hand, and at the edge of the numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from digitnet.nn import Distillation, cross_entropy, log_softmax, one_hot, softmax


def test_one_hot_by_hand() -> None:
    np.testing.assert_array_equal(one_hot(np.array([2, 0]), 3), [[0, 0, 1], [1, 0, 0]])


def test_label_smoothing_by_hand() -> None:
    np.testing.assert_allclose(
        one_hot(np.array([1]), 4, smoothing=0.2), [[0.05, 0.85, 0.05, 0.05]], rtol=1e-6
    )


@pytest.mark.parametrize("labels", [[-1], [3]])
def test_labels_outside_the_classes_are_refused(labels: list[int]) -> None:
    with pytest.raises(ValueError, match="between 0 and 2"):
        one_hot(np.array(labels), 3)


def test_softmax_by_hand() -> None:
    logits = np.log(np.array([[1.0, 2.0, 5.0]]))
    np.testing.assert_allclose(softmax(logits), [[0.125, 0.25, 0.625]])


def test_cross_entropy_by_hand() -> None:
    """Two images over two classes: -(ln 0.75 + ln 0.5) / 2, gradient (p - y) / 2."""
    logits = np.log(np.array([[3.0, 1.0], [1.0, 1.0]]))
    loss, dlogits = cross_entropy(logits, np.array([[1.0, 0.0], [0.0, 1.0]]))
    assert loss == pytest.approx(-(np.log(0.75) + np.log(0.5)) / 2)
    np.testing.assert_allclose(dlogits, [[-0.125, 0.125], [0.25, -0.25]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(data=st.data())
def test_any_finite_logits_give_a_finite_loss_and_probabilities_that_sum_to_one(
    dtype: type, data: st.DataObject
) -> None:
    width = np.dtype(dtype).itemsize * 8
    logits = data.draw(
        hnp.arrays(
            dtype, (3, 10), elements=st.floats(allow_nan=False, allow_infinity=False, width=width)
        )
    )
    probabilities = softmax(logits)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-5)
    assert np.isfinite(log_softmax(logits)).all()
    loss, dlogits = cross_entropy(logits, one_hot(np.array([0, 4, 9]), 10, 0.1, dtype))
    assert np.isfinite(loss)
    assert np.isfinite(dlogits).all()


@given(
    hnp.arrays(np.float64, (4, 5), elements=st.floats(-50, 50)),
    st.floats(-1e3, 1e3),
)
def test_adding_a_constant_to_all_logits_changes_nothing(logits: np.ndarray, c: float) -> None:
    np.testing.assert_allclose(softmax(logits + c), softmax(logits), rtol=1e-9, atol=1e-12)


def test_distillation_by_hand() -> None:
    """Two classes, T = 2, half of each; logits 0 and 2 ln 3, so softmax(z / T) is 1/4 and 3/4."""
    logits = np.array([[0.0, 2 * np.log(3)]])
    targets = np.array([[1.0, 0.0, 0.5, 0.5]])
    loss, dlogits = Distillation(temperature=2.0, share=0.5)(logits, targets)
    hard = np.log(1 + 9)  # softmax(z) is 1/10 and 9/10
    soft = -(0.5 * np.log(0.25) + 0.5 * np.log(0.75))
    assert loss == pytest.approx(0.5 * hard + 0.5 * 4 * soft)
    # 0.5 (softmax(z) - labels) + 0.5 T (softmax(z / T) - teacher)
    np.testing.assert_allclose(dlogits, [[-0.45 - 0.25, 0.45 + 0.25]])


@pytest.mark.parametrize("weighted", [False, True])
def test_distillation_s_gradient_matches_central_differences(
    weighted: bool, rng: np.random.Generator
) -> None:
    loss = Distillation(temperature=3.0, share=0.7)
    logits = rng.normal(size=(4, 5))
    teacher = softmax(rng.normal(size=(4, 5)))
    targets = np.hstack([one_hot(rng.integers(0, 5, 4), 5, dtype=np.float64), teacher])
    weights = rng.random(4) if weighted else None
    _, dlogits = loss(logits, targets, weights)
    for place in np.ndindex(*logits.shape):
        moved = [logits.copy(), logits.copy()]
        moved[0][place] += 1e-6
        moved[1][place] -= 1e-6
        numeric = (loss(moved[0], targets, weights)[0] - loss(moved[1], targets, weights)[0]) / 2e-6
        assert dlogits[place] == pytest.approx(numeric, abs=1e-8)
