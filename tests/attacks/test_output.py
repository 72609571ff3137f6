"""Standard output that is closed, full or nobody's, and folders that vanish under a run."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from attacks.conftest import Attack
from digitnet.models.folder import load_model
from support.helpers import bars

PROMISE = "output that cannot be written is said in a sentence"
PICTURE = str(Path(__file__).parents[2] / "test_images" / "digi_3.png")
TRAIN = ["train", "bars.npz", "--hidden", "8", "--epochs", "2", "--out", "trained"]
DIALOGUE = ["predict", "--model", "mlp"]
SERVE = ["serve", "--port", "0"]
OWN_WAYS = (TRAIN, DIALOGUE, SERVE)
"""What writes in a way of its own, and is tried every time."""
COMMANDS = [
    ["--help"],
    ["--version"],
    ["models"],
    ["predict", "--model", "mlp", PICTURE],
    ["predict", "--model", "mlp", "--json", PICTURE],
    ["predict", "--model", "mlp", "--csv", "-", PICTURE],
    ["read", PICTURE],
    ["evaluate", "bars.npz", "--model", "mlp"],
    ["data", "preview", "bars.npz"],
    ["data", "synthesize", "20", "-o", "drawn.npz"],
    ["export", "html", "--model", "mlp", "-o", "page.html"],
]
SHELL = {
    "closed": '"$@" >&-',
    "full": '"$@" >/dev/full',
    "nobody's": 'rm -f pipe; mkfifo pipe; (exec 3<pipe) & exec 4>pipe; wait; "$@" >&4',
    "error closed": '"$@" 2>&-',
    "error full": '"$@" 2>/dev/full',
    "input closed": '"$@" <&-',
}

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    dataset = bars(200, np.random.default_rng(1))
    np.savez(tmp_path / "bars.npz", images=dataset.images, labels=dataset.labels)
    return tmp_path


def run(words: list[str], way: str, place: Path) -> subprocess.CompletedProcess[str]:
    shell = ["sh", "-c", SHELL[way], "sh", sys.executable, "-W", "error", "-m", "digitnet"]
    return subprocess.run(
        [*shell, *words], cwd=place, input="", capture_output=True, text=True, timeout=120
    )


@pytest.mark.promise(PROMISE)
@pytest.mark.parametrize("way", ["closed", "full", "nobody's"])
def test_standard_output_that_cannot_be_written_to(way: str, place: Path, attack: Attack) -> None:
    order = np.random.default_rng(len(way)).permutation(len(COMMANDS))
    for words in [*OWN_WAYS, *(COMMANDS[int(order[i])] for i in attack.times(len(COMMANDS)))]:
        done = run(words, way, place)
        told = [line for line in done.stderr.splitlines() if line.startswith("digitnet: ")]
        assert "Traceback" not in done.stderr, (words, done.stderr)
        assert "Exception" not in done.stderr, (words, done.stderr)
        if way == "nobody's" and words is not SERVE:
            assert (done.returncode, told) == (0, []), (words, done.stderr)
        else:
            assert done.returncode == 2, (words, done.stderr)
            assert len(told) == 1, (words, done.stderr)
            assert "tandard output" in told[0], (words, done.stderr)
    assert load_model(place / "trained").training["epochs_done"] == 2
    attack.tried(len(OWN_WAYS))


@pytest.mark.promise(PROMISE)
@pytest.mark.parametrize("way", ["error closed", "error full", "input closed"])
def test_other_streams_that_are_closed_or_full_change_no_answer(
    way: str, place: Path, attack: Attack
) -> None:
    quiet = [DIALOGUE, *COMMANDS]
    order = np.random.default_rng(len(way)).permutation(len(quiet))
    for number in attack.times(len(quiet)):
        words = quiet[int(order[number])]
        as_ever = subprocess.run(
            [sys.executable, "-m", "digitnet", *words],
            cwd=place, input="", capture_output=True, text=True,
        )  # fmt: skip
        done = run(words, way, place)
        assert (done.returncode, done.stdout) == (0, as_ever.stdout), (words, done.stderr)
        assert "Traceback" not in done.stderr, (words, done.stderr)
    assert run(TRAIN, way, place).returncode == 0
    assert load_model(place / "trained").training["epochs_done"] == 2
    attack.tried()


@pytest.mark.promise(PROMISE)
@pytest.mark.parametrize("by", ["nothing", "a file"])
def test_a_parent_folder_that_goes_away_under_a_training(
    by: str, place: Path, attack: Attack
) -> None:
    words = [*TRAIN[:4], "--epochs", "100000", "--out", "deep/er/trained"]
    for _ in attack.times(5):
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "digitnet", *words],
            cwd=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        while not (place / "deep" / "er" / "trained.checkpoint.npz").exists():
            assert process.poll() is None
            time.sleep(0.01)
        (place / "deep").rename(place / "away")
        if by == "a file":
            (place / "deep").write_text("a file")
            _, told = process.communicate(timeout=60)
            assert process.returncode == 2, told
            assert [line for line in told.splitlines() if line.startswith("digitnet: ")], told
            (place / "deep").unlink()
        else:
            time.sleep(0.2)
            process.terminate()
            _, told = process.communicate(timeout=60)
            assert process.returncode in (2, 143, -15), told  # it may have been about to end
            assert process.returncode == 143 or "digitnet: " in told
            shutil.rmtree(place / "deep", ignore_errors=True)
        assert "Traceback" not in told
        shutil.rmtree(place / "away")
