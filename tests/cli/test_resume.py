"""`digitnet predict --resume`: a table half-written by a killed run is gone on with, row by row."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitnet.cli.growing_table import GrowingTable
from digitnet.cli.main import main
from digitnet.data import listing
from digitnet.data.listing import Listed, Tally, files_meant
from digitnet.errors import OutputError
from digitnet.models.folder import save_model
from support.helpers import small_model

N = 290
"""Pictures, more than a batch and fewer than processes are begun for."""


@pytest.fixture
def place(tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model, and a folder of pictures, one of them damaged."""
    save_model(small_model(rng, "stretch"), tmp_path / "model")
    (tmp_path / "many").mkdir()
    for i in range(N):
        Image.fromarray(rng.integers(0, 256, (28, 28), dtype=np.uint8)).save(
            tmp_path / "many" / f"{i}.png"
        )
    (tmp_path / "many" / "5.png").write_text("no picture")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def half(place: Path) -> Path:
    (found,) = place.glob("a.csv.part-*")
    return found


def test_a_run_that_goes_on_writes_what_one_run_does(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", "many", "--csv", "whole.csv"]) == 1
    whole = (place / "whole.csv").read_bytes()
    assert whole.count(b"\n") == N + 1
    mark = GrowingTable("a.csv", ("path",), "x").halves()
    assert mark == []
    with pytest.MonkeyPatch.context() as patched:
        add, n = GrowingTable.add, [0]

        def full(self: GrowingTable, row: list[object]) -> None:
            n[0] += 1
            if n[0] > 200:
                raise OSError(28, "No space left on device")
            add(self, row)

        patched.setattr(GrowingTable, "add", full)
        with pytest.raises(OSError, match="No space"):
            main(["predict", "many", "--csv", "a.csv"])
    assert "199 rows are kept in a.csv.part-" in capsys.readouterr().err
    assert half(place).read_bytes() == b"".join(whole.splitlines(keepends=True)[:200])
    with half(place).open("ab") as file:
        file.write(b"many/199.pn")  # of a row that the kill has cut off
    assert main(["predict", "many", "--csv", "a.csv"]) == 2  # nobody asked to go on
    assert "--resume goes on with it" in capsys.readouterr().err
    assert main(["predict", "many", "--csv", "a.csv", "--risk", "0", "--resume"]) == 2
    assert "by another model or at another risk" in capsys.readouterr().err
    assert main(["predict", "many", "--csv", "a.csv", "--resume"]) == 1
    assert (place / "a.csv").read_bytes() == whole
    assert list(place.glob("a.csv.part-*")) == []
    assert "1 of 290 pictures could not be read." in capsys.readouterr().err
    assert main(["predict", "many", "--csv", "a.csv", "--resume"]) == 1  # nothing is left to do
    assert "a.csv is whole, with 290 rows" in capsys.readouterr().err


@pytest.mark.parametrize("damage", ["gone", "new", "binary", "header"])
def test_rows_that_are_not_for_these_pictures_are_never_mixed(
    place: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", "many", "--csv", "whole.csv"]) == 1
    lines = (place / "whole.csv").read_bytes().splitlines(keepends=True)
    table = GrowingTable("a.csv", ("path", "label", "probability", "reason"), "0" * 12)
    table.begin(resume=True)
    assert table.stop() == "No row was written."
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("digitnet.cli.predict.mark_of", lambda model: "0" * 12)
        part = place / "a.csv.part-000000000000"
        part.write_bytes(b"".join(lines[:100]))
        if damage == "gone":
            (place / "many" / "50.png").unlink()
        elif damage == "new":
            (place / "many" / "50b.png").write_bytes((place / "many" / "50.png").read_bytes())
        elif damage == "binary":  # a disk that lost power: what is behind it is read again
            part.write_bytes(b"".join(lines[:50]) + b"\0" * 4096 + b"\n" + b"".join(lines[50:60]))
        else:
            part.write_bytes(b"\0" * 100)
        code = main(["predict", "many", "--csv", "a.csv", "--resume"])
    if damage in ("gone", "new"):
        assert code == 2
        row = "row 51 is for many/50.png" if damage == "gone" else "row 52 is for many/51.png"
        assert row in capsys.readouterr().err
        assert not (place / "a.csv").exists()
    else:
        assert code == 1
        assert (place / "a.csv").read_bytes() == b"".join(lines)


def test_a_run_that_is_killed_loses_and_doubles_nothing(place: Path) -> None:
    words = [sys.executable, "-m", "digitnet", "predict", "many"]
    subprocess.run([*words, "--csv", "whole.csv"], cwd=place, check=False, capture_output=True)
    run = subprocess.Popen([*words, "--csv", "a.csv"], cwd=place, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 120
    while run.poll() is None and time.monotonic() < until:
        if any(path.stat().st_size for path in place.glob("a.csv.part-*")):
            break
        time.sleep(0.001)
    run.send_signal(signal.SIGKILL)
    run.wait()
    again = subprocess.run(
        [*words, "--csv", "a.csv", "--resume"], cwd=place, capture_output=True, text=True
    )
    assert again.returncode == 1, again.stderr
    assert (place / "a.csv").read_bytes() == (place / "whole.csv").read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="needs locks as POSIX has them")
def test_two_runs_do_not_write_one_table(tmp_path: Path) -> None:
    first = GrowingTable(tmp_path / "a.csv", ("path",), "m")
    first.begin(resume=False)
    with pytest.raises(OutputError, match="is being written by another run"):
        GrowingTable(tmp_path / "a.csv", ("path",), "m").begin(resume=True)
    first.finish()
    assert (tmp_path / "a.csv").read_text() == "path\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["many", "--resume"], "name its file, --csv FILE"),
        (["many", "--resume", "--csv"], "name its file, --csv FILE"),
        (["many", "--scheduler", "tcp://x:1"], "--scheduler: only with --engine dask"),
        (["@gone.txt", "--csv", "a.csv"], "The list gone.txt cannot be read"),
    ],
)
def test_wrong_use_is_one_sentence(
    place: Path, words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", *words]) == 2
    assert sentence in capsys.readouterr().err


def test_a_list_names_pictures_one_a_line(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "list.txt").write_text("many/3.png\n\nmany/1.png\n@list.txt\n")
    assert main(["predict", "@list.txt", "--csv"]) == 1
    rows = capsys.readouterr().out.splitlines()
    assert [row.partition(",")[0] for row in rows[1:]] == ["many/3.png", "many/1.png", "@list.txt"]


def test_a_folder_of_many_names_is_sorted_in_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"digit {i}.png" for i in range(95)] + ["b\udcff.png", "B.png", "b.png", "02.png"]
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / "digit 7b").mkdir()
    (tmp_path / "digit 7b" / "x.png").touch()
    whole = list(files_meant(str(tmp_path)))
    assert len(whole) == len(names) + 1
    for run in (1, 7, 50, 100):
        monkeypatch.setattr(listing, "RUN", run)
        tally = Tally()
        assert list(files_meant(str(tmp_path), tally)) == whole
        assert tally.n_files == len(whole)
    assert whole[1] == Listed(str(tmp_path / "B.png"), True)
