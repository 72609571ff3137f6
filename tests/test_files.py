"""Writing whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from digitnet.errors import OutputError
from digitnet.files import is_temporary, new_folder, remove_leftovers, replacing


def test_success_replaces_and_leaves_no_litter(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with replacing(target) as temporary:
        temporary.write_text("new")
        assert target.read_text() == "old"  # until the last moment
    assert target.read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    umask = os.umask(0)
    os.umask(umask)
    assert target.stat().st_mode & 0o777 == 0o666 & ~umask


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_any_error_keeps_the_old_file(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(error), replacing(target) as temporary:
        temporary.write_text("half")
        raise error
    assert target.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_places_that_cannot_be_written_to_are_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is a folder"), replacing(tmp_path):
        pass
    with pytest.raises(OutputError, match="no folder"), replacing(tmp_path / "no" / "a.txt"):
        pass


def test_a_full_disk_is_one_sentence() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full, a device that is always full")
    with pytest.raises(OutputError, match="No space left"), replacing(Path("x.txt")) as temporary:
        temporary.unlink()
        Path("/dev/full").write_bytes(b"x" * 100_000)


def test_a_killed_writer_leaves_the_old_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    program = (
        "import os, signal, sys\n"
        "from digitnet.files import replacing\n"
        "with replacing(sys.argv[1]) as temporary:\n"
        "    temporary.write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(target)])
    assert done.returncode == -signal.SIGKILL
    assert target.read_text() == "old"
    (left,) = set(tmp_path.iterdir()) - {target}
    assert is_temporary(left)
    with replacing(tmp_path / "other.txt") as temporary:  # whatever is written there next
        temporary.write_text("other")
    assert not left.exists()
    assert f"Removed {left}: it was left half-written" in caplog.text


def test_only_what_dead_processes_of_this_machine_left_is_removed(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    with replacing(tmp_path / "own") as own:
        own.touch()
        random = own.name.split("-")[3]
        machine = own.name.split("-")[1]
        living = [
            tmp_path / f".digitnet-{machine}-{process}-{random}"
            for process in (1, os.getppid(), 0, 999999999999)
        ]
        others = [
            tmp_path / f".digitnet-00000000-{dead.pid}-{random}",
            tmp_path / f".digitnet-{machine}-{dead.pid}",
            tmp_path / f"digitnet-{machine}-{dead.pid}-{random}",
        ]
        left = tmp_path / f".digitnet-{machine}-{dead.pid}-{random}.tar"
        link = tmp_path / f".digitnet-{machine}-{dead.pid}-{random}"
        for path in (*living, *others, left / "deep"):
            path.mkdir(parents=True)
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "file").touch()
        link.symlink_to(tmp_path / "mine")
        remove_leftovers(tmp_path)
        kept = {path.name for path in tmp_path.iterdir()}
    assert kept == {"mine", own.name, *(path.name for path in (*living, *others))}
    assert (tmp_path / "mine" / "file").exists()
    remove_leftovers(tmp_path / "nowhere")


def test_a_new_folder_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    with new_folder(tmp_path / "new") as temporary:
        (temporary / "a.txt").write_text("a")
        assert not (tmp_path / "new").exists()
    assert (tmp_path / "new" / "a.txt").read_text() == "a"
    with pytest.raises(KeyboardInterrupt), new_folder(tmp_path / "other") as temporary:
        (temporary / "a.txt").write_text("a")
        raise KeyboardInterrupt
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_a_new_folder_takes_no_place_of_anything(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for name in ("file", "."):
        with pytest.raises(OutputError, match="there already"), new_folder(tmp_path / name):
            pass
    with pytest.raises(OutputError, match="no folder"), new_folder(tmp_path / "no" / "new"):
        pass
    assert (tmp_path / "file").read_text() == "mine"


def test_the_umask_is_never_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def changed(_mask: int) -> int:
        raise AssertionError("another thread's new file would be open to everybody")

    monkeypatch.setattr(os, "umask", changed)
    with replacing(tmp_path / "a.txt") as temporary:
        temporary.write_text("new")
    assert (tmp_path / "a.txt").read_text() == "new"
