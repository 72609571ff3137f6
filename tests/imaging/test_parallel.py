"""Many files: in order, errors in their place, few at a time in memory, and from any script."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitnet.errors import DataError, PictureError
from digitnet.imaging import parallel
from digitnet.imaging.framing import Frame
from digitnet.imaging.parallel import MANY, frame_chunk, frame_files


def shades(folder: Path, n: int) -> list[Path]:
    """Pictures whose stretched frame tells their number; every hundredth is no picture."""
    paths = [folder / f"{i}.png" for i in range(n)]
    for i, path in enumerate(paths):
        if i % 100 == 50:
            path.write_text("no picture")
        else:
            Image.fromarray(np.full((3, 4), i % 251, np.uint8)).save(path)
    return paths


@pytest.mark.parametrize("n", [20, MANY + 77])
def test_frames_come_in_order_with_errors_in_their_place(n: int, tmp_path: Path) -> None:
    paths = shades(tmp_path, n)
    found = list(frame_files(paths, "stretch"))
    assert len(found) == n
    for i, framed in enumerate(found):
        if i % 100 == 50:
            assert isinstance(framed, PictureError)
            assert str(framed).startswith(f"{paths[i]} is text")
        else:
            assert isinstance(framed, Frame)
            assert (framed.image == i % 251).all()


def test_no_more_files_are_read_ahead_than_a_few_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[int] = []

    class Pool:
        def submit(self, work, paths, framing):  # type: ignore[no-untyped-def]
            handed.append(len(paths))
            return type("Done", (), {"result": lambda self: [PictureError(p) for p in paths]})()

        def __enter__(self) -> Pool:
            return self

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(parallel, "_processes", Pool)
    monkeypatch.setattr(parallel, "n_cores", lambda: 2)
    frames = frame_files([str(i) for i in range(100_000)])
    for taken in range(1, 5000):
        next(frames)
        assert taken <= sum(handed) <= taken + 7 * parallel.AT_ONCE


@pytest.mark.filterwarnings("ignore:A worker stopped")
def test_a_killed_process_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(paths: object, framing: str) -> None:
        import os
        import signal

        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(parallel, "frame_chunk", killed)
    with pytest.raises(DataError, match="has been killed"):
        list(frame_files(shades(tmp_path, MANY)))


def test_a_script_without_a_guard_may_read_many_pictures(tmp_path: Path) -> None:
    """Its text comes from standard input, so that no process could import it again."""
    shades(tmp_path, MANY + 1)
    program = f"""
from digitnet.imaging.parallel import frame_files
paths = [{str(tmp_path)!r} + f"/{{i}}.png" for i in range({MANY + 1})]
print("frames:", len(list(frame_files(paths, "stretch"))))
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-"], input=program, capture_output=True, text=True
    )
    assert done.stdout == f"frames: {MANY + 1}\n", done.stderr
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("n", "cores", "shared"), [(300, 2, True), (299, 2, False), (300, 1, False)]
)
def test_from_300_files_on_processes_share_the_work(
    n: int, cores: int, shared: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = []

    class Pool:
        def submit(self, work: object, sources: list[PictureError], framing: str) -> object:
            begun.append(len(sources))
            return type("Done", (), {"result": lambda self: sources})()

        def __enter__(self) -> Pool:
            return self

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(parallel, "_processes", Pool)
    monkeypatch.setattr(parallel, "n_cores", lambda: cores)
    files = [PictureError(str(k)) for k in range(n)]
    assert list(frame_files(files)) == files  # no files, only reasons: they come back in order
    assert begun == ([64, 64, 64, 64, 44] if shared else [])
    begun.clear()
    next(frame_files(files * 4))
    assert len(begun) == (0 if cores == 1 else 6)  # three for each core, at first


def test_what_one_process_does() -> None:
    missing = PictureError("gone")
    picture = Image.new("L", (4, 3), 9)
    content = io.BytesIO()
    picture.save(content, "PNG")
    first, second, third = frame_chunk([missing, content.getvalue(), b""], "stretch")
    assert first is missing
    assert isinstance(second, Frame)
    assert (second.image == 9).all()
    assert isinstance(third, PictureError)
