"""Where a model stands: the same on the command line, on the page and in Python."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from digitnet.errors import ModelError
from digitnet.files import being_replaced
from digitnet.models.box import BEST, box_names, in_box
from digitnet.models.find import DEFAULT, find_model, put_back, standing
from digitnet.models.folder import load_model, save_model
from support.helpers import small_model


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_names() -> None:
    assert (DEFAULT, BEST) == ("model", "cnn")
    assert box_names() == ["cnn", "mcu", "mlp"]
    assert being_replaced(Path("a/b")) == (Path("a/.b.new"), Path("a/.b.old"))
    assert put_back(Path("a/.b.new")) == Path("a/b")
    for name in ("b", ".b", "b.new", ".new", "..new", ".b.old"):
        assert put_back(Path(f"a/{name}")) == Path(f"a/{name}")


def test_a_name_in_the_box() -> None:
    assert find_model("mlp") == in_box("mlp")
    assert find_model(Path("cnn")) == in_box("cnn")
    assert load_model("mlp").training == load_model(in_box("mlp")).training


def test_unasked_the_best_in_the_box_and_rather_ones_own(rng: np.random.Generator) -> None:
    assert find_model() == find_model(None) == in_box("cnn")
    save_model(small_model(rng), "model")
    assert find_model() == Path("model")
    assert load_model().training == {"source": "a test"}


def test_ones_own_folder_goes_before_the_box(rng: np.random.Generator) -> None:
    save_model(small_model(rng), "mlp")
    assert find_model("mlp") == Path("mlp")
    assert load_model("mlp").n_parameters == 784 * 5 + 5 + 50 + 10


def test_a_model_that_is_just_being_replaced_is_found(rng: np.random.Generator) -> None:
    for name, asked in (("model", None), ("mlp", "mlp"), ("mine", "mine")):
        new, old = being_replaced(Path(name))
        save_model(small_model(rng), new)
        old.mkdir()
        assert find_model(asked) == standing(Path(name)) == new
        assert load_model(asked).training == {"source": "a test"}


def test_one_part_of_a_replacement_answers_for_nothing(rng: np.random.Generator) -> None:
    for alone in being_replaced(Path("mine")):
        save_model(small_model(rng), alone)
        with pytest.raises(ModelError, match="mine does not exist"):
            find_model("mine")
        shutil.rmtree(alone)


@pytest.mark.parametrize("name", ["gone", "deep/gone", "MLP", ""])
def test_what_is_nowhere_is_said_with_what_there_is(name: str) -> None:
    if name == "":
        assert find_model(name) == Path()  # this folder, which stands here and is no model
        return
    with pytest.raises(ModelError) as caught:
        find_model(name)
    assert str(caught.value) == (
        f"The model {name} does not exist; train one there first, "
        "or take one in the box: cnn or mcu or mlp."
    )


def test_a_file_is_no_folder() -> None:
    Path("file").write_text("x")
    assert find_model("file") == Path("file")
    with pytest.raises(ModelError, match="is a file, not a model's folder"):
        load_model("file")
