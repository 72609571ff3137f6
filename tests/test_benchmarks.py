"""Benchmarks: every command that the documents name runs, and the board takes its programs along.

Each benchmark is started with its smallest input: drawn digits stand in for MNIST and for the
pictures, and options ask for one round of everything.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from benchmarks.board.__main__ import PARTS
from benchmarks.board.contestants import OURS, Contestant, Peers, prepared, started
from benchmarks.board.processes import ProgramError, environment, run_once
from benchmarks.sides.work import Work
from PIL import Image

from digitnet.cli.main import COMMANDS, main
from digitnet.data.synthetic import synthesize
from support.browser import chromium
from support.helpers import as_idx

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
DOCUMENTS += [ROOT / "benchmarks" / "README.md", *sorted((ROOT / "src").rglob("*.md"))]
PROGRAM = "python -m benchmarks."

SMALLEST = {
    "accuracy": "--seeds 1 --epochs 1",
    "adaptation": "--hands 1 --epochs 1",
    "answer": "--repeats 1",
    "arrays": "-n 5 --only drawn",
    "board": "--repeats 1",
    "bulk_dask": "-n 300 --workers 1",
    "busy": "--repeats 1 --loops 1 --images 600 --epochs 1",
    "c_equal": "-n 100 --small 50",
    "c_time": "mcu --rounds 1",
    "ctc": "--repeats 1",
    "exports": "-n 20 --drawn",
    "device": "--host",
    "fields": "--n 1 --drawn",
    "forms": "-n 2",
    "fuzz": "--seconds 1",
    "fuzz_pictures": "-n 20",
    "heavy_pictures": "--pixels 10000 --only rgb.png bomb.png",
    "ingredients": "--seeds 1 --epochs 1 --only plain",
    "invariances": "--mnist {mnist} -n 10 --only inversion",
    "kill": "--source {npz} --kills 1",
    "ledger": "--check",
    "no_numbers": "--only blank --seeds 1",
    "novelty": "--n 3 --pictures {pictures}",
    "opencv": "--repeats 1",
    "outliers": "--n 2 --learnt 40 --pictures {pictures}",
    "page": "--drawings 1 --loads 1 --n 10 --chromium {chromium}",
    "pages": "--fields 1 --repeats 1 --sheets {folder}",
    "pictures": "--pictures {pictures}",
    "refusal": "--n 1",
    "rows": "--mnist {mnist} --digits 5 --a-page 1",
    "scenes": "--pages 1 --only none",
    "scikit_learn": "--repeats 1",
    "soak": "--minutes 0.02 --interval 1 --clients 2",
    "sources": "--n 20",
    "teaching": "--models mlp --hands 1 --source synthetic --n 10 --chromium {chromium}",
    "templates": "--n 1 --layouts 1 --drawn",
    "web_load": "--seconds 0.1 --hold 0.1 --clients 2",
}
"""What is said behind a documented command, so that it has as little to do as it can."""


def quoted_commands(text: str) -> Iterator[str]:
    """Commands in a text: between backticks, and the lines of its blocks, comments left out."""
    yield from re.findall(r"`([^`\n]+)`", text)
    for block in re.findall(r"```\w*\n(.*?)```", text, flags=re.DOTALL):
        yield from (line.partition("  #")[0].strip() for line in block.splitlines())


def documented(but: str = "") -> list[str]:
    """Every command line that a document names, each once."""
    found = (
        line for path in DOCUMENTS if path.name != but for line in quoted_commands(path.read_text())
    )
    return list(dict.fromkeys(found))


def benchmark_commands() -> dict[str, list[str]]:
    """A command for each benchmark that is named, for the board one for each part."""
    found: dict[str, list[str]] = {}
    for line in documented():
        if not line.startswith(PROGRAM):
            continue
        module, *words = shlex.split(line.removeprefix(PROGRAM))
        if module == "board":
            for part in [word for word in words if word in PARTS] or PARTS:
                found.setdefault(f"board {part}", [part])
        else:  # nothing is recorded by a test
            words = words[: words.index("--record")] if "--record" in words else words
            found.setdefault(module, words)
    return found


class Small(NamedTuple):
    """Where the small inputs are."""

    folder: Path
    mnist: Path
    npz: Path
    pictures: Path


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    """Drawn digits as MNIST's files, as an .npz, and as a folder of pictures of one source."""
    folder = tmp_path_factory.mktemp("small")
    mnist, pictures = folder / "mnist", folder / "pictures"
    mnist.mkdir()
    (pictures / "drawn").mkdir(parents=True)
    digits = synthesize(700, np.random.default_rng(0))
    for prefix, part in (("train", slice(600)), ("t10k", slice(600, 700))):
        (mnist / f"{prefix}-images-idx3-ubyte").write_bytes(as_idx(digits.images[part]))
        (mnist / f"{prefix}-labels-idx1-ubyte").write_bytes(as_idx(digits.labels[part]))
    np.savez(folder / "digits.npz", images=digits.images[:300], labels=digits.labels[:300])
    for label in range(10):
        image = digits.images[digits.labels == label][0]
        Image.fromarray(255 - image).resize((100, 100)).save(pictures / "drawn" / f"{label}_0.png")
    return Small(folder, mnist, folder / "digits.npz", pictures)


@pytest.mark.parametrize("name", benchmark_commands())
def test_a_documented_benchmark_runs(name: str, small: Small, tmp_path: Path) -> None:
    module, words = name.split()[0], benchmark_commands()[name]
    less = SMALLEST[module]  # a benchmark that a document names newly needs its line there
    if module == "scikit_learn":
        pytest.importorskip("sklearn", reason="needs scikit-learn: pip install 'digitnet[sklearn]'")
    if module == "fuzz":
        pytest.importorskip("atheris", reason="needs Atheris")
    if module == "bulk_dask":
        pytest.importorskip("distributed", reason="needs Dask")
    if "{chromium}" in less:
        pytest.importorskip("playwright.sync_api", reason="needs Playwright")
        less = less.replace("{chromium}", chromium())
    words = [*words, *less.format(**small._asdict()).split()]
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}", *words],
        cwd=tmp_path,
        env={**environment(2), "DIGITNET_MNIST": str(small.mnist)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-1500:]
    assert done.stdout or module == "ledger"


def test_the_readme_names_the_figures_commands() -> None:
    """What the tests above start is found: an empty list would pass them all."""
    assert {"accuracy", "pictures", "kill", *(f"board {part}" for part in PARTS)} <= set(
        benchmark_commands()
    )
    assert list(quoted_commands("`a b` c\n```sh\nd --e   # f\n```\n"))[-1] == "d --e"


def digitnet_options() -> dict[str, set[str]]:
    """Command -> options that the documents give it; extending.md shows one that is not there."""
    found: dict[str, set[str]] = {}
    for line in documented(but="extending.md"):
        for said in re.findall(r"(?:^|; |&& )digitnet ([a-z]+.*)", line):
            command = said.split()[0]
            found.setdefault(command, set()).update(re.findall(r"(?<!\S)--[a-z-]+", said))
    return found


BELOW = {"data": [["data", "synthesize"]], "train": [["train", "lines"]]}
"""Commands with options of their own below a command."""


@pytest.mark.parametrize("command", digitnet_options())
def test_documented_options_are_there(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command in COMMANDS
    known = ""
    for words in ([command], *BELOW.get(command, [])):
        assert main([*words, "--help"]) == 0
        known += capsys.readouterr().out
    missing = [option for option in digitnet_options()[command] if f"{option} " not in known]
    assert missing == []


@pytest.mark.parametrize(
    "words",
    ["evaluate mnist --model cnn", "evaluate mnist --model mlp", "data synthesize 20 -o s.npz"],
)
def test_a_documented_figure_of_a_model_comes_out(words: str, small: Small, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "digitnet", *words.split()],
        cwd=tmp_path,
        env={**environment(2), "DIGITNET_MNIST": str(small.mnist)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr


# What becomes of the programs that the board starts.

STARTS = """
import sys, time
from benchmarks.board.processes import Program
sleeps = [sys.executable, "-c", "import time; time.sleep(600)"]
starts = [sys.executable, "-c", f"import subprocess; subprocess.run({sleeps!r})"]
programs = [Program(sleeps, 1), Program(starts, 1)]
print(*(program.process.pid for program in programs), flush=True)
time.sleep(600)
"""


def groups_alive(numbers: list[int]) -> list[int]:
    """Those groups of processes in which there is still somebody."""
    alive = []
    for number in numbers:
        try:
            os.killpg(number, 0)
            alive.append(number)
        except ProcessLookupError:
            pass
    return alive


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_board_leaves_no_program_behind(way: signal.Signals) -> None:
    board = subprocess.Popen(
        [sys.executable, "-c", STARTS], cwd=ROOT, env=environment(1), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert board.stdout is not None
    numbers = [int(number) for number in board.stdout.readline().split()]
    assert groups_alive(numbers) == numbers
    assert len(numbers) == 2
    board.send_signal(way)
    board.wait()
    board.stdout.close()
    patience = time.monotonic() + 60
    while groups_alive(numbers) and time.monotonic() < patience:
        time.sleep(0.01)
    assert groups_alive(numbers) == []


NO_PEERS = Peers(sys.executable, {})


def test_a_sides_own_error_is_shown(tmp_path: Path) -> None:
    """There are no images in the folder, which the worker's traceback says in its last line."""
    with (
        started([(OURS, 1)], NO_PEERS) as contestants,
        pytest.raises(ProgramError, match=r"digitnet ended: FileNotFoundError: .*npy"),
    ):
        prepared(contestants, "epoch", Work(str(tmp_path)))


def test_a_peer_that_fails_is_left_out_with_its_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its library is not installed here; the others go on."""
    rng = np.random.default_rng(0)
    np.save(tmp_path / "images.npy", rng.integers(0, 256, (64, 28, 28), dtype=np.uint8))
    np.save(tmp_path / "labels.npy", rng.integers(0, 10, 64))
    for name, shape in (("W1", (784, 64)), ("b1", 64), ("W2", (64, 10)), ("b2", 10)):
        np.save(tmp_path / f"{name}.npy", np.zeros(shape, np.float32))
    with started([(OURS, 1), ("nobody", 1)], NO_PEERS) as contestants:
        ready = prepared(contestants, "epoch", Work(str(tmp_path)))
        assert [contestant.side for contestant in ready] == [OURS]
        assert len(ready[0].run(3)) == 3
    said = capsys.readouterr().out
    assert said == (
        "left out: nobody ended: ModuleNotFoundError: No module named 'benchmarks.sides.nobody'\n"
    )


def test_a_board_whose_part_fails_says_why_and_ends_with_1(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BROKEN], cwd=ROOT, env=environment(1), text=True,
        capture_output=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "conv: digitnet ended: ValueError: no such thing"
    assert done.stderr == ""


BROKEN = """
import sys
from benchmarks.board import __main__ as board, contestants
def fails(*_): raise contestants.ProgramError("digitnet ended: ValueError: no such thing")
contestants.Contestant.prepare = fails
sys.argv = ["board", "conv", "--images", "10", "--repeats", "1"]
sys.exit(board.main())
"""


def test_a_program_that_fails_says_why() -> None:
    with pytest.raises(ProgramError, match="ended: gone wrong"):
        run_once([sys.executable, "-c", "import sys; sys.exit('gone wrong')"], 1)
    seconds, said = run_once([sys.executable, "-c", "print('done')"], 1)
    assert said == "done\n"
    assert seconds > 0


def test_a_contestant_ends_with_its_part() -> None:
    with started([(OURS, 1)], NO_PEERS) as contestants:
        number = contestants[0].program.process.pid
        assert isinstance(contestants[0], Contestant)
        assert groups_alive([number]) == [number]
    assert groups_alive([number]) == []


def test_the_list_of_benchmarks_names_every_one() -> None:
    programs = {
        path.stem for path in (ROOT / "benchmarks").glob("*.py") if "__main__" in path.read_text()
    }
    assert programs | {"board"} == set(SMALLEST)
    assert set(SMALLEST) == {name.split()[0] for name in benchmark_commands()}
