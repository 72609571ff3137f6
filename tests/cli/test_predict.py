"""`digitnet predict`, its dialogue, `evaluate`, `data` and main.py, as a user runs them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitnet.cli.blocks import draw_frame
from digitnet.data.dataset import as_input
from digitnet.models.folder import load_model, save_model
from digitnet.nn import softmax
from support.helpers import assert_one_sentence, bars, digitnet, small_model

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def place(tmp_path: Path, rng: np.random.Generator) -> Path:
    """A folder with a model for `stretch` and two pictures, one of them damaged."""
    save_model(small_model(rng, "stretch"), tmp_path / "model")
    digit = np.zeros((56, 56), dtype=np.uint8)
    digit[8:48, 24:32] = 230
    Image.fromarray(digit).save(tmp_path / "one.png")
    Image.fromarray(digit[::2, ::2].copy()).save(tmp_path / "small one.png")
    (tmp_path / "text.png").write_text("not a picture")
    return tmp_path


def test_json_is_one_object_per_line_and_nothing_else(place: Path) -> None:
    done = digitnet("predict", "one.png", "small one.png", "--json", cwd=place)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["path"] for line in lines] == ["one.png", "small one.png"]
    for line in lines:
        assert list(line)[:4] == ["path", "label", "probabilities", "reason"]
        assert set(line) == {
            "path", "label", "probabilities", "reason", "background", "polarity", "box", "dropped",
            "found", "model",
        }  # fmt: skip
        assert line["model"] == f".{os.sep}model"
        assert isinstance(line["label"], int)
        assert len(line["probabilities"]) == 10
        assert sum(line["probabilities"]) == pytest.approx(1, abs=1e-5)
        assert line["reason"] is None


def test_the_answer_is_the_networks_own(place: Path) -> None:
    """The 28 x 28 picture through `predict` against a forward pass written out here."""
    image = np.asarray(Image.open(place / "small one.png"))
    model = load_model(place / "model")
    expected = softmax(model.network.forward(as_input(image[None])))[0]
    done = digitnet("predict", "small one.png", "--json", cwd=place)
    np.testing.assert_allclose(json.loads(done.stdout)["probabilities"], expected, atol=1e-6)


def test_some_unreadable_pictures_are_said_and_counted(place: Path) -> None:
    done = digitnet("predict", "one.png", "text.png", "gone.png", cwd=place)
    assert done.returncode == 1
    assert done.stdout.startswith("one.png")
    model, text, gone, count = done.stderr.splitlines()
    assert model.startswith("Model: ./model, since it is there; --model cnn takes")
    assert text.startswith("digitnet: text.png is text")
    assert gone.startswith("digitnet: gone.png was not found")
    assert count == "2 of 3 pictures could not be read."
    done = digitnet("predict", "text.png", "--json", cwd=place)
    assert done.returncode == 2
    line = json.loads(done.stdout)
    assert list(line) == ["path", "label", "probabilities", "reason", "model"]
    assert (line["path"], line["label"], line["probabilities"]) == ("text.png", None, None)
    assert "text.png" in line["reason"]
    assert done.stderr == ""
    some = digitnet("predict", "text.png", "one.png", "--json", cwd=place)
    assert some.returncode == 1
    assert [json.loads(line)["label"] is None for line in some.stdout.splitlines()] == [True, False]
    assert_one_sentence(digitnet("predict", "one.png", "--model", "no", cwd=place), "no does not")


def test_a_folder_stands_for_its_pictures_in_natural_order(place: Path) -> None:
    folder = place / "many"
    folder.mkdir()
    for i in range(12):
        (folder / f"digi_{i}.png").write_bytes((place / "one.png").read_bytes())
    (folder / "notes.txt").write_text("not asked for")
    (folder / "digi_5.png").write_text("damaged")
    done = digitnet("predict", "many", "small one.png", "--json", cwd=place)
    assert done.returncode == 1
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    expected = [f"many/digi_{i}.png" for i in range(12)] + ["small one.png"]
    assert [line["path"] for line in lines] == expected
    assert [line["label"] is None for line in lines] == [i == 5 for i in range(13)]
    (place / "empty").mkdir()
    assert_one_sentence(digitnet("predict", "empty", cwd=place), "empty", "holds no pictures")
    some = digitnet("predict", "empty", "one.png", cwd=place)
    assert some.returncode == 1
    assert "1 of 2 pictures could not be read." in some.stderr.splitlines()


def test_many_pictures_get_the_answers_that_each_gets_alone(place: Path) -> None:
    """In batches and in processes of their own, the numbers are the same to rounding."""
    folder = place / "many"
    folder.mkdir()
    rng = np.random.default_rng(6)
    for i in range(310):
        Image.fromarray(rng.integers(0, 256, (28, 28), dtype=np.uint8)).save(folder / f"{i}.png")
    done = digitnet("predict", "many", "--json", cwd=place)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["path"] for line in lines] == [f"many/{i}.png" for i in range(310)]
    model = load_model(place / "model")
    for i in (0, 255, 256, 309):
        alone = model.predict(folder / f"{i}.png")
        assert alone.label == lines[i]["label"]
        np.testing.assert_allclose(alone.probabilities, lines[i]["probabilities"], atol=1e-6)


def test_predict_imports_nothing_it_does_not_use(place: Path) -> None:
    """What costs a tenth of a second each: plots, progress bars, processes, training, lines.

    A zero is looked at as a box might be.
    """
    shutil.copy(ROOT / "test_images" / "digi_0.png", place / "zero.png")
    program = (
        "import sys; import numpy; before = set(sys.modules); "  # NumPy 1 loads numpy.ma itself
        "from digitnet.cli.main import main; "
        "main(['predict', '--model', 'model', 'one.png', 'zero.png']); "
        "print(sorted({name.partition('.')[0] for name in sys.modules} & "
        "{'matplotlib', 'rich', 'loky', 'multiprocessing', 'concurrent', 'natsort', 'urllib3'}), "
        "[name for name in sys.modules "
        "if name.startswith(('digitnet.training', 'digitnet.models.lines', 'digitnet.nn.ctc'))], "
        "'numpy.ma' in set(sys.modules) - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=place, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[] [] False"


def test_importing_digitnet_imports_nothing_at_all() -> None:
    program = (
        "import sys; before = set(sys.modules); import digitnet; "
        "print(sorted(n for n in set(sys.modules) - before if 'digitnet' in n or 'numpy' in n))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "['digitnet']", done.stderr


def test_explain_writes_one_picture_each_and_never_two_into_one_file(place: Path) -> None:
    (place / "other").mkdir()
    (place / "other" / "one.png").write_bytes((place / "one.png").read_bytes())
    done = digitnet("predict", "one.png", "other/one.png", "--explain", "why/so", cwd=place)
    assert done.returncode == 0, done.stderr
    assert sorted(p.name for p in (place / "why" / "so").iterdir()) == ["one-2.png", "one.png"]
    assert (place / "why" / "so" / "one.png").read_bytes()[:4] == b"\x89PNG"
    done = digitnet("predict", "one.png", "--explain", "one.png", cwd=place)
    assert_one_sentence(done, "one.png", "folder")
    with Image.open(place / "one.png") as still_the_picture:
        assert still_the_picture.size == (56, 56)


def test_what_was_found_is_said_in_the_terminal_and_in_json(place: Path) -> None:
    found = json.loads(digitnet("predict", "one.png", "--json", cwd=place).stdout)
    assert {"background", "polarity", "box", "dropped", "found"} <= set(found)
    assert found["found"] in digitnet("predict", "one.png", cwd=place).stdout


def test_the_dialogue_survives_a_wrong_path_and_ends_at_q(place: Path) -> None:
    stdin = "nowhere.png\n\n'small one.png'\none.png\nq\nnever read\n"
    done = digitnet("predict", cwd=place, stdin=stdin)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Path: ") == 5
    assert done.stdout.count(" probab: [[") == 2
    assert done.stdout.count("\nlabel: ") == 2
    assert "nowhere.png" in done.stdout


def test_the_dialogue_answers_for_each_page(place: Path) -> None:
    with Image.open(place / "one.png") as one:
        one.save(place / "two.tif", save_all=True, append_images=[one])
    done = digitnet("predict", cwd=place, stdin="two.tif\ntwo.tif#2\n")
    assert done.stdout.count("label: ") == 3
    assert "two.tif#1:\n probab" in done.stdout


def test_the_dialogue_ends_with_its_input(place: Path) -> None:
    assert digitnet("predict", cwd=place, stdin="one.png\n").returncode == 0


def test_no_model_and_a_damaged_one(place: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = tmp_path_factory.mktemp("empty")
    gone = digitnet("predict", "x.png", "--model", "gone", cwd=empty)
    assert_one_sentence(gone, "gone", "train one there first", "cnn")
    (place / "model" / "b1.npy").unlink()
    assert_one_sentence(digitnet("predict", "one.png", cwd=place), "b1.npy")


def test_frames_are_drawn_two_pixels_to_a_character() -> None:
    image = np.zeros((28, 28), dtype=np.uint8)
    image[0, 0] = image[1, 1] = image[2:4, 2] = 255
    lines = draw_frame(image).splitlines()
    assert len(lines) == 16
    assert lines[1].startswith("│▀▄  ")
    assert lines[2].startswith("│  █ ")


def test_evaluate_prints_the_figures_and_draws_the_report(place: Path) -> None:
    dataset = bars(60, np.random.default_rng(0))
    np.savez(place / "bars.npz", images=dataset.images, labels=dataset.labels)
    done = digitnet("evaluate", "bars.npz", "--json", cwd=place)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    promised = ["source", "n", "accuracy", "interval", "loss", "confusion"]
    assert list(figures)[:6] == promised
    assert set(figures) == {
        *promised, "class_names", "per_class", "calibration_error", "n_accepted",
        "n_accepted_right", "learnt_from", "model",
        "coverage", "risk", "risk_asked", "risk_promised",
    }  # fmt: skip
    assert figures["model"] == f".{os.sep}model"
    assert "Model:" not in done.stderr
    assert figures["source"] == "bars.npz"
    read = load_model(place / "model").probabilities(dataset.images).argmax(axis=1)
    assert figures["accuracy"] == pytest.approx(np.mean(read == dataset.labels))
    assert figures["n"] == 60
    assert np.trace(figures["confusion"]) == np.sum(read == dataset.labels)
    assert figures["interval"][0] < figures["accuracy"] < figures["interval"][1]
    done = digitnet("evaluate", "bars.npz", "--report", "r/deep", cwd=place)
    assert "95 % interval" in done.stdout
    assert sorted(p.name for p in (place / "r" / "deep").iterdir()) == [
        "confusion_matrix.png", "risk_coverage.png", "weights.png", "worst_mistakes.png",
    ]  # fmt: skip


def test_evaluate_says_with_its_exit_code_that_some_could_not_be_read(place: Path) -> None:
    (place / "digits").mkdir()
    for label in "37":
        Image.fromarray(np.full((28, 28), 9, np.uint8)).save(place / "digits" / f"{label}_a.png")
    words = ("evaluate", "digits", "--json")
    assert digitnet(*words, cwd=place).returncode == 0
    (place / "digits" / "3_b.png").write_text("damaged")
    done = digitnet(*words, cwd=place)
    assert (done.returncode, json.loads(done.stdout)["n"]) == (1, 2)
    assert_one_sentence(digitnet("evaluate", "gone", "--json", cwd=place), "gone")


def test_preview_shows_what_augmentation_makes_of_the_digits(tmp_path: Path) -> None:
    done = digitnet("data", "synthesize", "60", "-o", "s.npz", cwd=tmp_path)
    plain = digitnet("data", "preview", "s.npz", "-o", "plain.png", cwd=tmp_path)
    varied = digitnet(
        "data", "preview", "s.npz", "--augment", "elastic", "-o", "varied.png", cwd=tmp_path
    )
    assert done.returncode == plain.returncode == varied.returncode == 0, varied.stderr
    with Image.open(tmp_path / "plain.png") as one, Image.open(tmp_path / "varied.png") as two:
        assert two.size[0] > 1.5 * one.size[0]  # beside the same digits, augmented
    wrong = digitnet("data", "preview", "s.npz", "--augment", "odd", cwd=tmp_path)
    assert_one_sentence(wrong, "affine, elastic", "odd")
    both = digitnet(
        "data", "preview", "s.npz", "--augment", "affine", "--beside", "s.npz", cwd=tmp_path
    )
    assert_one_sentence(both, "--beside")


def test_data_synthesize_preview_and_info(tmp_path: Path) -> None:
    assert digitnet("data", "synthesize", "50", "-o", "s.npz", cwd=tmp_path).returncode == 0
    with np.load(tmp_path / "s.npz") as archive:
        assert archive["images"].shape == (50, 28, 28)
    done = digitnet("data", "info", "s.npz", cwd=tmp_path)
    assert "50 images" in done.stdout
    done = digitnet("data", "preview", "s.npz", "--beside", "s.npz", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "preview.png").read_bytes()[:4] == b"\x89PNG"
    assert_one_sentence(digitnet("data", "synthesize", "0", cwd=tmp_path), "0")
    assert_one_sentence(digitnet("data", "info", "nowhere", cwd=tmp_path), "nowhere", "synthetic")


def test_main_py_trains_once_then_asks(tmp_path: Path) -> None:
    dataset = bars(200, np.random.default_rng(0))
    for i, (image, label) in enumerate(zip(dataset.images, dataset.labels, strict=True)):
        (tmp_path / "digits").mkdir(exist_ok=True)
        Image.fromarray(image).save(tmp_path / "digits" / f"{label}_{i:03}.png")
    command = [
        sys.executable, "-W", "error", str(ROOT / "main.py"), "digits",
        "--epochs", "12", "--framing", "stretch",
    ]  # fmt: skip
    first = next((tmp_path / "digits").glob("7_*.png"))
    for words in (command, command[:4]):
        done = subprocess.run(
            words, cwd=tmp_path, input=f"{first}\nq\n", capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert "label: 7" in done.stdout
    assert (tmp_path / "model" / "training_loss.png").exists()


def test_main_py_does_not_ask_where_nothing_was_learnt(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    images, labels = bars(1200, rng).images, rng.integers(0, 10, 1200)
    np.savez(tmp_path / "luck.npz", images=images, labels=labels)
    done = subprocess.run(
        [sys.executable, "-W", "error", str(ROOT / "main.py"), "luck.npz",
         "--epochs", "1", "--learning-rate", "1e-6", "--hidden", "4"],
        cwd=tmp_path, input="q\n", capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "Nothing was learnt" in done.stderr
    assert "Path:" not in done.stdout
    assert "does not exist" not in done.stderr


def test_a_model_of_letters_is_not_sent_to_be_compared_with_one_of_digits(tmp_path: Path) -> None:
    data = bars(300, np.random.default_rng(0))
    np.savez(
        tmp_path / "l.npz", images=data.images, labels=np.array(list("abcdefghij"))[data.labels]
    )
    words = ("train", "l.npz", "--epochs", "3", "--hidden", "8", "--out", "model")
    done = digitnet(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "--model cnn asks the other. cnn knows the ten digits alone." in done.stdout
    assert "digitnet compare" not in done.stdout


def test_version_and_no_command(tmp_path: Path) -> None:
    assert digitnet("--version", cwd=tmp_path).stdout.startswith("digitnet 0")
    done = digitnet(cwd=tmp_path)
    assert done.returncode == 2
    assert "train" in done.stdout
