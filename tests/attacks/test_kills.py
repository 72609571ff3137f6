"""Kills at any step: nothing half-written is ever read, and a training goes on to the bit."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import numpy as np
import pytest

from attacks.conftest import Attack
from digitnet.errors import ModelError
from digitnet.models.folder import load_model, save_model
from support.helpers import bars, digitnet, small_model
from support.killed import run_killed

PROMISE = "a kill leaves nothing half-written"
TRAIN = ("train", "bars.npz", "--hidden", "8", "--epochs", "4", "--batch-size", "16")
REPLACE = """
from digitnet.models.folder import load_model, save_model
model = load_model("m")
model.network.vector[:] += 1
save_model(model, "m")
"""


def digits_in(place: Path) -> None:
    dataset = bars(200, np.random.default_rng(1))
    np.savez(place / "bars.npz", images=dataset.images, labels=dataset.labels)


def weights(folder: Path) -> bytes:
    return load_model(folder).network.vector.tobytes()


def hidden(folder: Path) -> list[str]:
    """What nobody but a writer at work may leave in a folder."""
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


@pytest.mark.promise(PROMISE)
@pytest.mark.parametrize("replacing", [False, True], ids=["a first model", "another model"])
def test_a_training_killed_at_any_step_goes_on_to_the_bit(
    replacing: bool, tmp_path: Path, attack: Attack
) -> None:
    start = tmp_path / "start"
    start.mkdir()
    digits_in(start)
    if replacing:
        save_model(small_model(np.random.default_rng(0)), start / "model")
    before = weights(start / "model") if replacing else b""
    shutil.copytree(start, tmp_path / "whole")
    whole = run_killed(0, *TRAIN, cwd=tmp_path / "whole")
    assert whole.returncode == 0, whole.stderr
    after = weights(tmp_path / "whole" / "model")
    steps = np.random.default_rng(1).permutation(int(whole.stdout.splitlines()[-1]))
    assert len(steps) > 20
    for number in attack.times(len(steps)):
        place = tmp_path / f"killed-{number}"
        shutil.copytree(start, place)
        step = int(steps[number]) + 1
        done = run_killed(step, *TRAIN, cwd=place)
        assert done.returncode == -signal.SIGKILL, (step, done.stderr)
        if replacing or (place / "model").exists():
            assert weights(place / "model") in (before, after), step
        # Another's model is no run to resume, as long as nothing of this one has been kept.
        kept = (place / "model").exists() and weights(place / "model") == after
        again = not replacing or kept or (place / "model.checkpoint.npz").exists()
        done = digitnet(*TRAIN, *["--resume"] * again, cwd=place)
        assert done.returncode == 0, (step, done.stderr)
        assert weights(place / "model") == after, step
        assert (place / "model" / "training_loss.png").exists(), step
        assert hidden(place) == hidden(place / "model") == [], step
        shutil.rmtree(place)


@pytest.mark.promise(PROMISE)
def test_a_model_replaced_by_a_writer_that_is_killed_at_any_step(
    tmp_path: Path, attack: Attack
) -> None:
    def fresh(name: str) -> Path:
        (tmp_path / name).mkdir()
        save_model(small_model(np.random.default_rng(0)), tmp_path / name / "m")
        return tmp_path / name

    whole = fresh("whole")
    old = weights(whole / "m")
    done = run_killed(0, "-c", REPLACE, cwd=whole)
    new = weights(whole / "m")
    assert new != old
    n_steps = int(done.stdout)
    assert n_steps > 15
    for step in range(1, n_steps + 1):  # few, and all of them in each run of the tests
        place = fresh(str(step))
        done = run_killed(step, "-c", REPLACE, cwd=place)
        assert done.returncode == -signal.SIGKILL, (step, done.stderr)
        assert weights(place / "m") in (old, new), step
        if (place / "m").exists():  # what somebody deletes is deleted
            shutil.rmtree(place / "m")
            with pytest.raises(ModelError, match="does not exist"):
                load_model(place / "m")
        for seed in (1, 2):
            save_model(small_model(np.random.default_rng(seed)), place / "m")
        assert hidden(place) == [], step
        attack.tried()
