"""Ctrl-C at any moment of a command: exit code 130 and no traceback."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from attacks.conftest import Attack
from digitnet.data.synthetic import synthesize

PROMISE = "Ctrl-C ends a command quietly"
PICTURE = str(Path(__file__).parents[2] / "test_images" / "digi_3.png")
COMMANDS = [
    ["--version"],
    ["models"],
    ["predict", "--model", "mlp", PICTURE],
    ["read", PICTURE, "--out", "read.png"],
    ["data", "preview", "digits.npz", "-o", "preview.png"],
    ["train", "digits.npz", "--hidden", "8", "--epochs", "2", "--out", "trained"],
]
AT_EVENT = """
import signal, sys
last, n_events = int(sys.argv.pop(1)), 0

def hear(event, _arguments):  # Python says what it imports, opens, runs, ...
    global n_events
    if event == "_thread.start_new_thread" or "digitnet.__main__" not in sys.modules:
        return
    n_events += signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    if n_events == last > 0:
        n_events += 1
        signal.raise_signal(signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.addaudithook(hear)
try:
    from digitnet.__main__ import main
    code = main()
finally:
    if last == 0:
        print(n_events, file=sys.stderr)
    elif n_events < last:  # threads and bars tell more at one time than at another
        print("too few events", file=sys.stderr)
sys.exit(code)
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder of labelled digits, as arrays."""
    digits = synthesize(200, np.random.default_rng(0))
    np.savez(tmp_path / "digits.npz", images=digits.images, labels=digits.labels)
    return tmp_path


def run_until(event: int, words: list[str], place: Path) -> subprocess.CompletedProcess[str]:
    """A command that is interrupted at its so-manieth event; 0 counts them."""
    command = [sys.executable, "-c", AT_EVENT, str(event), *words]
    return subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=120)


@pytest.mark.promise(PROMISE)
@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_an_interrupt_at_any_event(words: list[str], place: Path, attack: Attack) -> None:
    whole = run_until(0, words, place)
    assert whole.returncode == 0, whole.stderr
    n_events = int(whole.stderr.splitlines()[-1])
    assert n_events > 20
    moments = np.random.default_rng(n_events)
    for _ in attack.times(40):
        event = int(moments.integers(1, 0.98 * n_events))  # their number varies a little
        done = run_until(event, words, place)
        if done.stderr.endswith("too few events\n"):
            continue
        assert "Traceback" not in done.stderr, (event, done.stderr)
        assert "Exception ignored" not in done.stderr, (event, done.stderr)
        assert "topped" in done.stderr, (event, done.stderr)
        assert done.returncode == 128 + signal.SIGINT, (event, done.stdout, done.stderr)


def test_who_imports_digitnet_keeps_their_signals() -> None:
    program = (
        "import signal, digitnet; digitnet.load_model; import digitnet.cli.main; "
        "assert signal.getsignal(signal.SIGINT) is signal.default_int_handler"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_an_ignored_interrupt_stays_ignored() -> None:
    program = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); "
        "from digitnet.__main__ import main; sys.argv[1:] = ['models']; main(); "
        "assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN"
    )
    subprocess.run([sys.executable, "-c", program], check=True, stdout=subprocess.DEVNULL)
