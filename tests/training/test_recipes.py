"""Recipes and the box: files that say what was trained, and models that are there at once."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from digitnet.data.synthetic import draw_forms, synthesize
from digitnet.errors import SettingsError
from digitnet.handwriting.schools import FORMS
from digitnet.models.box import BEST, MCU, box_names, in_box, recipe_of
from digitnet.models.folder import load_model
from digitnet.models.integer_network import IntegerNetwork
from digitnet.training.config import TrainingConfig
from digitnet.training.recipes import read_recipe, recipe_names
from support.helpers import assert_one_sentence, bars, digitnet

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    dataset = bars(200, np.random.default_rng(1))
    np.savez(tmp_path / "bars.npz", images=dataset.images, labels=dataset.labels)
    (tmp_path / "own.toml").write_text("hidden = [6]\nepochs = 3\noptimizer = 'adam'\n")
    return tmp_path


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_is_a_config(name: str) -> None:
    config = TrainingConfig(**read_recipe(name))
    assert config.source in ("mnist", "synthetic")


def test_the_command_line_wins_over_the_recipe_and_the_folder_keeps_both(place: Path) -> None:
    words = ("train", "bars.npz", "--recipe", "own.toml", "--epochs", "2", "--out", "m")
    done = digitnet(*words, cwd=place)
    assert done.returncode == 0, done.stderr
    plan = load_model(place / "m").training["plan"]
    assert (plan["hidden"], plan["epochs"], plan["optimizer"]) == ([6], 2, "adam")
    assert plan["source"] == "bars.npz"
    again = digitnet(*words, "--resume", cwd=place)
    assert "already finished" in again.stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hidden = 64", "a list of whole numbers from 1, not 64; try 64 or 128,64"),
        ("conv = [16, 32]", "convolutions must be a text"),
        ("colour = 1", "colour"),
        ("epochs = 0", r"odd\.toml: The epochs"),
        ("epochs = ", "cannot be read"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_one_sentence(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=said):
        read_recipe(str(path))


def test_an_unknown_recipe_names_the_known(place: Path) -> None:
    done = digitnet("train", "bars.npz", "--recipe", "nothing", cwd=place)
    assert_one_sentence(done, "nothing", *recipe_names())
    with pytest.raises(SettingsError, match="There is no recipe"):
        read_recipe("nowhere.toml")


def test_the_box_holds_whole_models_made_by_their_recipes_and_stays_small() -> None:
    assert BEST in box_names()
    for name in box_names():
        model = load_model(in_box(name))  # checks every SHA-256
        last = f"{name}-hands" if f"{name}-hands" in recipe_names() else recipe_of(name)
        assert TrainingConfig(**model.training["plan"]) == TrainingConfig(**read_recipe(last))
        assert (in_box(name).parent / f"{name}.md").is_file()
        assert '"/' not in json.dumps(model.training)  # no path of the machine it was made on
    files = [path for path in in_box("").rglob("*") if path.suffix in (".npy", ".json", ".md")]
    assert sum(path.stat().st_size for path in files) < 2_000_000


def test_the_models_in_the_box_read_the_pictures_of_the_readme(tmp_path: Path) -> None:
    """From any folder, without a model of one's own; every model, all ten digits."""
    for name in box_names():
        done = digitnet("predict", "--json", "--model", name, ROOT / "test_images", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        labels = [json.loads(line)["label"] for line in done.stdout.splitlines()]
        assert labels == list(range(10)), name


def test_the_models_in_the_box_read_forms_that_mnist_hardly_has() -> None:
    """Ones with flag and foot, hooked nines: read rightly, and seldom called no digit."""
    known = [
        (1, "flag and foot"),
        (1, "foot alone"),
        (6, "hooked"),
        (9, "hooked"),
        (9, "flat foot"),
    ]
    forms = [k for k, form in enumerate(FORMS) if (form.label, form.name) in known]
    assert len(forms) == len(known)
    images = draw_forms(np.repeat(forms, 60), np.random.default_rng(31))
    labels = np.repeat([FORMS[k].label for k in forms], 60)
    for name, least in (("cnn", 0.95), ("mlp", 0.92)):
        model = load_model(in_box(name))
        assert (model.probabilities(images).argmax(axis=1) == labels).mean() > least
        assert model.calibration.no_digit(images).mean() < 0.08


def test_the_model_for_a_microcontroller_fits_into_4_kb_and_refuses_by_itself() -> None:
    model = load_model(in_box(MCU))
    network = model.network
    assert isinstance(network, IntegerNetwork)
    assert network.packed_bytes() <= 4096
    assert 300 < network.limits.least <= 1000
    digits = synthesize(500, np.random.default_rng(0))
    labels, _, refused = network.read(digits.images)
    right = labels == digits.labels
    assert 0.02 < refused.mean() < 0.7
    assert right[~refused].mean() > right.mean() > right[refused].mean()


def test_a_model_of_ones_own_comes_before_the_box(place: Path) -> None:
    done = digitnet("train", "bars.npz", "--hidden", "5", "--epochs", "1", cwd=place)
    assert done.returncode == 0, done.stderr
    own = digitnet("evaluate", "bars.npz", cwd=place)
    boxed = digitnet("evaluate", "bars.npz", "--model", BEST, cwd=place)
    assert own.returncode == boxed.returncode == 0
    assert own.stdout != boxed.stdout
    assert_one_sentence(digitnet("predict", "x.png", "--model", "gone", cwd=place), "gone", BEST)


def test_models_lists_the_box(tmp_path: Path) -> None:
    done = digitnet("models", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for name in box_names():
        assert name in done.stdout
