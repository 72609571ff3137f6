"""Classifier: scikit-learn's own checks, and what its users do with an estimator."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="needs scikit-learn: pip install 'digitnet[sklearn]'")

from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import digitnet
from digitnet.data.synthetic import synthesize
from digitnet.sklearn import DigitClassifier
from digitnet.sklearn.classifier import SETTINGS
from digitnet.training.config import settings_of


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks([DigitClassifier()])
def test_scikit_learns_own_checks(
    estimator: Any, check: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCIPY_ARRAY_API", "1")  # without it one check skips itself
    check(estimator)


def blobs(n: int = 300, n_classes: int = 3, dtype: Any = np.float32) -> tuple[Any, Any]:
    """Rows of 7 numbers around a place for each class, (N, 7), and the classes (N,)."""
    rng = np.random.default_rng(5)
    y = np.arange(n) % n_classes
    centres = 3 * rng.standard_normal((n_classes, 7))
    return (centres[y] + rng.standard_normal((n, 7))).astype(dtype), y


def small(**arguments: Any) -> DigitClassifier:
    usual = {"hidden": (12,), "epochs": 15, "learning_rate": 0.02, "random_state": 3}
    return DigitClassifier(**{**usual, **arguments})


@pytest.mark.parametrize(
    "names",
    [[0, 1, 2], [30, -10, 20], ["cat", "ant", "bee"], [2.0, 0.0, 1.0]],
    ids=["ints", "unsorted", "text", "floats"],
)
def test_classes_of_any_kind(names: list[Any]) -> None:
    X, y = blobs()
    named = np.array(names)[y]
    model = small().fit(X, named)
    np.testing.assert_array_equal(model.classes_, np.unique(named))
    assert model.predict(X).dtype == named.dtype
    assert model.score(X, named) > 0.95
    best = model.classes_[model.predict_proba(X).argmax(axis=1)]
    np.testing.assert_array_equal(best, model.predict(X))


def test_two_classes_true_and_false() -> None:
    X, y = blobs(n_classes=2)
    model = small().fit(X, y == 1)
    assert model.predict(X).dtype == bool
    assert model.predict_proba(X).shape == (300, 2)


def test_logarithms_are_finite_where_probabilities_are_none() -> None:
    X, y = blobs()
    model = small(learning_rate=0.05).fit(X, y)
    logs = model.predict_log_proba(1e4 * X)
    assert np.isfinite(logs).all()
    assert logs.min() < -200
    np.testing.assert_allclose(np.exp(logs), model.predict_proba(1e4 * X), atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_comes_in_decides_what_is_computed_with(dtype: Any) -> None:
    X, y = blobs(dtype=dtype)
    model = small().fit(X, y)
    assert model.network_.dtype == dtype
    assert model.predict_proba(X).dtype == dtype
    assert model.predict_proba(X.astype(np.float64)).dtype == dtype


def test_the_same_seed_gives_the_same_weights() -> None:
    X, y = blobs()
    first, second, other = small().fit(X, y), small().fit(X, y), small(random_state=4).fit(X, y)
    np.testing.assert_array_equal(first.network_.vector, second.network_.vector)
    assert (first.network_.vector != other.network_.vector).any()


def test_a_pickle_and_a_deep_copy_answer_the_same_and_learn_on() -> None:
    """A copy whose views were arrays of their own would answer, and never learn again."""
    X, y = blobs()
    model = small().fit(X, y)
    for copied in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        np.testing.assert_array_equal(copied.predict_proba(X), model.predict_proba(X))
        before = copied.predict_proba(X)
        copied.partial_fit(X, y)
        assert (copied.predict_proba(X) != before).any()
        np.testing.assert_array_equal(model.predict_proba(X), before)
    expected = copy.deepcopy(model).partial_fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(model.partial_fit(X, y).predict_proba(X), expected)


def test_a_clone_has_the_arguments_alone() -> None:
    X, y = blobs()
    model = small(class_weight={0: 2.0}).fit(X, y)
    copied = clone(model)
    assert copied.get_params() == model.get_params()
    assert not hasattr(copied, "network_")
    with pytest.raises(NotFittedError):
        copied.predict(X)


def test_partial_fit_learns_batch_by_batch() -> None:
    X, y = blobs(600)
    model = small(optimizer="adam", learning_rate=0.01)
    model.partial_fit(X[:100], y[:100], classes=[0, 1, 2])
    early = model.score(X, y)
    for _ in range(8):
        for start in range(0, 600, 100):
            model.partial_fit(X[start : start + 100], y[start : start + 100])
    assert model.score(X, y) > max(0.95, early)
    steps = int(model._optimizer_state["steps"])
    assert steps == 49 * 2  # the optimiser's state went along from call to call


def test_partial_fit_takes_some_of_the_classes() -> None:
    X, y = blobs()
    model = small().partial_fit(X[y == 1], y[y == 1], classes=[0, 1, 2, 9])
    assert model.predict_proba(X).shape == (300, 4)


def test_partial_fit_refuses_what_does_not_fit() -> None:
    X, y = blobs()
    with pytest.raises(ValueError, match="needs `classes`"):
        small().partial_fit(X, y)
    with pytest.raises(ValueError, match=r"y holds .*2.*, which is not among"):
        small().partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match="needs all rows at once"):
        small(class_weight="balanced").partial_fit(X, y, classes=[0, 1, 2])
    model = small().fit(X, y)
    with pytest.raises(ValueError, match="they stay the same"):
        model.partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match="describe the network have changed"):
        model.set_params(hidden=(3,)).partial_fit(X, y)


def test_warm_start_goes_on_from_where_it_was() -> None:
    X, y = blobs()
    model = small(warm_start=True, epochs=1, learning_rate=0.001)
    losses = [model.fit(X, y).history_.training_loss[0] for _ in range(6)]
    assert losses == sorted(losses, reverse=True)
    cold = small(epochs=1, learning_rate=0.001)
    assert cold.fit(X, y).history_.training_loss == cold.fit(X, y).history_.training_loss
    with pytest.raises(ValueError, match="classes stay"):
        model.fit(X, y + 1)
    with pytest.raises(ValueError, match="describe the network have changed"):
        model.set_params(activation="tanh").fit(X, y)


def test_a_weight_of_two_is_the_row_twice() -> None:
    X, y = blobs(40, dtype=np.float64)
    weights = np.arange(40) // 3 % 3
    model = small(batch_size=None)
    weighted = clone(model).fit(X, y, sample_weight=weights).predict_proba(X)
    repeated = clone(model).fit(X.repeat(weights, 0), y.repeat(weights)).predict_proba(X)
    np.testing.assert_allclose(weighted, repeated, rtol=1e-6)
    plain = clone(model).fit(X, y).predict_proba(X)
    assert np.abs(weighted - plain).max() > 1e-3


@pytest.mark.parametrize("bad", [[-1.0] * 40, [np.nan] * 40, [0.0] * 40, [1.0] * 39])
def test_weights_that_make_no_sense_are_refused(bad: list[float]) -> None:
    X, y = blobs(40)
    with pytest.raises(ValueError, match=r"[Ww]eight"):
        small().fit(X, y, sample_weight=bad)


def test_class_weights_are_sample_weights() -> None:
    X, y = blobs(60, dtype=np.float64)
    by_class = small(class_weight={0: 1.0, 1: 3.0, 2: 0.5}).fit(X, y)
    by_row = small().fit(X, y, sample_weight=np.array([1.0, 3.0, 0.5])[y])
    np.testing.assert_array_equal(by_class.predict_proba(X), by_row.predict_proba(X))


def test_balanced_weights_count_what_the_rows_weigh() -> None:
    """Each class counts the same in all, and rows twice count like rows of weight two."""
    X, y = blobs(60, dtype=np.float64)
    rare = np.concatenate([np.flatnonzero(y != 2), np.flatnonzero(y == 2)[:3]])
    X, y = X[rare], y[rare]
    model = small(class_weight="balanced", batch_size=None)
    weights = model.__class__._weights
    fitted = clone(model).fit(X, y)
    found = weights(fitted, X, y, y, None)
    sums = np.bincount(y, found)
    np.testing.assert_allclose(sums, sums[0])
    of_rows = np.where(np.arange(len(y)) % 2, 2.0, 1.0)
    weighted = clone(model).fit(X, y, sample_weight=of_rows).predict_proba(X)
    repeats = of_rows.astype(int)
    repeated = clone(model).fit(X.repeat(repeats, 0), y.repeat(repeats)).predict_proba(X)
    np.testing.assert_allclose(weighted, repeated, rtol=1e-6)


def test_validation_chooses_the_best_epoch_and_patience_ends() -> None:
    X, y = blobs()
    y[::3] = np.random.default_rng(0).integers(0, 3, 100)  # so that it learns by heart in the end
    model = small(validation=0.2, patience=3, epochs=100, learning_rate=0.05).fit(X, y)
    assert model.n_iter_ < 100
    assert model.history_.best_epoch == model.n_iter_ - 3
    assert None not in model.history_.validation_accuracy


def test_nothing_learnt_is_said() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((400, 5)), rng.integers(0, 2, 400)
    with pytest.warns(ConvergenceWarning, match="Nothing was learnt"):
        small(epochs=2, learning_rate=1e-6).fit(X, y)


def test_a_loss_without_bounds_is_a_value_error() -> None:
    X, y = blobs()
    with pytest.raises(ValueError, match="learning rate 1e\\+06 is too high"):
        small(optimizer="sgd", learning_rate=1e6, activation="relu").fit(1e5 * X, y)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"epochs": 0}, "number of epochs|epochs must be"),
        ({"hidden": ()}, "hidden neurons"),
        ({"activation": "gelu"}, "activation must be"),
        ({"optimizer": "lbfgs"}, "optimiser must be"),
        ({"conv": "4C3"}, "square pictures"),
        ({"augment": "elastic"}, "pictures of 28 x 28"),
        ({"learning_rate": -1.0}, "learning rate must be"),
        ({"class_weight": {7: 1.0}}, "[Cc]lass"),
    ],
)
def test_bad_arguments_are_value_errors(arguments: dict[str, Any], words: str) -> None:
    X, y = blobs()
    with pytest.raises(ValueError, match=words):
        small(**arguments).fit(X, y)


def test_a_whole_number_is_one_hidden_layer() -> None:
    X, y = blobs()
    assert small(hidden=9).fit(X, y).network_.layers[0].n_out == 9


def test_each_argument_is_a_setting_with_its_default_or_says_why() -> None:
    """Sigmoids at a rate of 1 suit pixels; rows of any kind are better served by ReLU and Adam."""
    own = {"activation": "relu", "optimizer": "adam", "batch_size": 64, "epochs": 50}
    own |= {"validation": 0.0}
    settings, given = settings_of(), DigitClassifier().get_params()
    for name in SETTINGS:
        assert given[name] == own.get(name, settings[name].default), name


@pytest.fixture(scope="module")
def digits() -> tuple[Any, Any]:
    """Drawn digits, (400, 784) float32, and their labels."""
    dataset = synthesize(400, np.random.default_rng(1))
    return dataset.images.reshape(400, -1).astype(np.float32) / 255, dataset.labels


def test_pictures_take_convolutions_and_augmentation(digits: tuple[Any, Any]) -> None:
    X, y = digits
    model = DigitClassifier(
        (32,), conv="4C5-MP2", augment="elastic", epochs=6, optimizer="nesterov", random_state=0
    ).fit(X, y)
    assert model.network_.convolves
    assert model.score(X, y) > 0.5


def test_square_pictures_of_other_sizes(digits: tuple[Any, Any]) -> None:
    X, y = digits
    X = X.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(-1, 196)
    model = DigitClassifier((32,), conv="4C3-MP2", epochs=10, random_state=0).fit(X, y)
    assert model.n_features_in_ == 196
    assert model.score(X, y) > 0.5


def test_a_model_is_kept_and_answers_the_same(digits: tuple[Any, Any], tmp_path: Any) -> None:
    X, y = digits
    fitted = DigitClassifier((16,), epochs=10, random_state=0).fit(X.astype(np.float64), y)
    digitnet.save_model(fitted.to_model(), tmp_path / "model")
    loaded = digitnet.load_model(tmp_path / "model")
    frames = np.rint(255 * X).astype(np.uint8).reshape(-1, 28, 28)
    np.testing.assert_allclose(
        loaded.probabilities(frames), fitted.predict_proba(X), rtol=1e-3, atol=1e-5
    )
    with pytest.raises(ValueError, match="784 numbers each"):
        small().fit(*blobs()).to_model()


def test_in_a_pipeline_with_named_columns() -> None:
    pandas = pytest.importorskip("pandas", reason="needs pandas")
    X, y = blobs()
    table = pandas.DataFrame(X, columns=[f"c{i}" for i in range(7)])
    steps = make_pipeline(StandardScaler(), small()).set_output(transform="pandas")
    steps.fit(table, y)
    assert list(steps[-1].feature_names_in_) == list(table.columns)
    assert steps.score(table, y) > 0.95
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert "DigitClassifier" in steps._repr_html_()


def test_calibrated_by_scikit_learn() -> None:
    X, y = blobs()
    model = CalibratedClassifierCV(small(), cv=3).fit(X, y)
    assert model.score(X, y) > 0.95
    assert log_loss(y, model.predict_proba(X)) < 0.5


GRID = """
import numpy as np
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV
from digitnet import threads
from digitnet.sklearn import DigitClassifier

def told(estimator, X, y):
    cores, blas = threads.n_cores(), threads.most_blas_threads()
    return {"cores": cores, "blas": blas, "right": estimator.score(X, y)}

if __name__ == "__main__":
    rng = np.random.default_rng(0)
    y = np.arange(120) % 3
    X = np.eye(3)[y] + 0.1 * rng.standard_normal((120, 3))
    search = GridSearchCV(
        DigitClassifier(epochs=20, learning_rate=0.05, random_state=0),
        {"hidden": [(4,), (8,)]}, scoring=told, refit="right", cv=2, n_jobs=2,
    )
    with parallel_config("loky", inner_max_num_threads=1):
        search.fit(X, y)
    results = search.cv_results_
    most = [int(results[f"mean_test_{what}"].max()) for what in ("cores", "blas")]
    print(*most, search.best_score_ > 0.9)
"""


def test_the_workers_of_a_grid_search_take_one_core_each(tmp_path: Any) -> None:
    """Threads of BLAS and of our own: as many as joblib grants the worker, on any machine."""
    program = tmp_path / "grid.py"
    program.write_text(GRID)
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=300)
    assert done.stdout.split() == ["1", "1", "True"], done.stderr[-1500:]


def test_a_grid_search_leaves_failed_settings_out() -> None:
    X, y = blobs()
    search = GridSearchCV(small(), {"hidden": [(4,), ()]}, cv=2, error_score=np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says which failed, and why
        search.fit(X, y)
    assert search.best_params_ == {"hidden": (4,)}
