"""Predict on Dask: the answers of `digitnet predict`, whoever is killed, each picture once."""

from __future__ import annotations

import csv
import json
import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("distributed", reason="needs Dask: pip install 'digitnet[dask]'")

from distributed.comm import CommClosedError

from digitnet.cli.main import main
from digitnet.data.listing import Tally
from digitnet.distributed import predict, predict_into
from digitnet.distributed.crowd import Share, Whole
from digitnet.distributed.filesystems import Store
from digitnet.distributed.parts import File, Part, files_of, parts_of
from digitnet.distributed.results import Results
from digitnet.distributed.tasks import Done, Pages
from digitnet.errors import DataError, OutputError, SettingsError
from digitnet.handwriting.pages import draw_page
from digitnet.models.folder import load_model, save_model
from digitnet.reading.fields import Field
from distributed import Future
from support.crowd import Crowd, crowd
from support.forms import blank_form, filled_form, save, template_text
from support.helpers import small_model

pytestmark = [
    # Dask's own, and sockets of killed workers.
    pytest.mark.filterwarnings("ignore"),
]
N = 620
PART = 64


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model, and a folder of pictures: some damaged, text beside them, pages in a TIFF."""
    folder = tmp_path_factory.mktemp("far")
    rng = np.random.default_rng(3)
    save_model(small_model(rng, "stretch"), folder / "model")
    (folder / "many" / "deep").mkdir(parents=True)
    for i in range(N):
        inner = folder / "many" / ("deep" if i % 7 == 0 else "")
        Image.fromarray(rng.integers(0, 256, (28, 28), np.uint8)).save(inner / f"{i}.png")
    (folder / "many" / "5.png").write_text("no picture")
    (folder / "many" / "6.png").write_bytes(b"")
    (folder / "many" / "notes.txt").write_text("left alone")
    pages = [Image.fromarray(rng.integers(0, 256, (28, 28), np.uint8)) for _ in range(3)]
    pages[0].save(folder / "many" / "pages.tif", save_all=True, append_images=pages[1:])
    return folder


@pytest.fixture(scope="module")
def cluster(place: Path) -> Iterator[Crowd]:
    with crowd(place, 2) as running:
        yield running


@pytest.fixture
def expected(place: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """What one machine says, as CSV."""
    monkeypatch.chdir(place)
    if not (place / "whole.csv").exists():
        assert main(["predict", "many", "--csv", "whole.csv"]) == 1
    return (place / "whole.csv").read_bytes()


def joined(out: Path) -> bytes:
    """The parts of a folder as one table."""
    parts = [path.read_bytes() for path in sorted(out.glob("part-*.csv"))]
    header = parts[0].partition(b"\n")[0] + b"\n"
    return header + b"".join(part.removeprefix(header) for part in parts)


def test_a_killed_worker_loses_and_doubles_nothing(
    place: Path, cluster: Crowd, expected: bytes
) -> None:
    """Two real workers; one is killed after the first part, and another joins."""
    told: list[tuple[int, int]] = []
    dashboards: list[str] = []

    def kill(done: int, known: int) -> None:
        told.append((done, known))
        if len(told) == 1:
            cluster.workers[0].send_signal(signal.SIGKILL)
            cluster.add_worker()

    report = predict_into(
        place / "out", "many", "model", scheduler=cluster.address, format="csv", part_size=PART,
        told=kill, dashboard=dashboards.append,
    )  # fmt: skip
    assert cluster.workers[0].wait(60) == -signal.SIGKILL
    assert joined(place / "out") == expected
    assert report[:5] == (N + 3, 2, 1, 10, 0)
    assert told[-1] == (N + 2, N + 2)
    again = predict_into(
        place / "out", "many", "model", scheduler=cluster.address, format="csv", part_size=PART,
        resume=True,
    )  # fmt: skip
    assert again[:5] == (N + 3, 2, 1, 10, 10)


def test_a_job_whose_driver_fails_goes_on_by_parts(
    place: Path, cluster: Crowd, expected: bytes, tmp_path: Path
) -> None:
    asked = {"scheduler": cluster.address, "format": "csv", "part_size": PART}
    out = tmp_path / "out"

    def stop(done: int, known: int) -> None:
        if done >= 3 * PART:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predict_into(out, "many", "model", told=stop, **asked)
    kept = {path.name: path.stat().st_mtime_ns for path in out.glob("part-*")}
    assert 3 <= len(kept) < 10
    with pytest.raises(OutputError, match="holds this job already"):
        predict_into(out, "many", "model", **asked)
    with pytest.raises(OutputError, match="another job: its pictures is"):
        predict_into(out, "other", "model", resume=True, **asked)
    with pytest.raises(OutputError, match="another job: its model is"):
        predict_into(out, "many", "model", risk=0, resume=True, **asked)
    report = predict_into(out, "many", "model", resume=True, **asked)
    assert joined(out) == expected
    assert report.parts_before == len(kept)
    assert kept.items() <= {path.name: path.stat().st_mtime_ns for path in out.iterdir()}.items()


def test_pictures_in_an_archive_come_as_rows_of_parquet(
    place: Path, cluster: Crowd, expected: bytes, tmp_path: Path
) -> None:
    """A file system of fsspec that is no folder here; probabilities to the bit."""
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs PyArrow")
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for path in sorted((place / "many").rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(place))
    word = f"zip://many::{tmp_path / 'many.zip'}"
    out = tmp_path / "out"
    predict_into(out, word, "model", scheduler=cluster.address, format="parquet", part_size=400)
    found = [row for path in sorted(out.glob("*.parquet"))
             for row in parquet.read_table(path).to_pylist()]  # fmt: skip
    rows = list(csv.DictReader(expected.decode().splitlines()))
    model = load_model(place / "model")
    assert len(found) == len(rows)
    for got, wanted in zip(found, rows, strict=True):
        path, _, page = wanted["path"].partition("#")
        address = f"zip://{path}::{tmp_path / 'many.zip'}"
        assert got["path"] == address + (f"#{page}" if page else "")
        assert (got["label"] or "") == wanted["label"], got
        if got["label"] is not None:
            assert f"{got['probability']:.4f}" == wanted["probability"]
    images = [model.predict(place / "many" / f"{i}.png") for i in (1, 2)]
    by_path = {row["path"].partition("::")[0]: row for row in found}
    assert "many/5.png::" in by_path["zip://many/5.png"]["reason"]
    assert "is text, not a picture" in by_path["zip://many/5.png"]["reason"]
    for i, one in zip((1, 2), images, strict=True):
        got = by_path[f"zip://many/{i}.png"]
        assert got["probability"] == pytest.approx(float(one.probabilities.max()), abs=1e-6)


def test_rows_come_in_order_in_python(place: Path, cluster: Crowd, expected: bytes) -> None:
    (place / "list.txt").write_text("many/3.png\nmany/gone.png\nmany/1.png\n")
    rows = list(predict("@list.txt", "model", scheduler=cluster.address, part_size=1))
    assert [row[0] for row in rows] == ["many/3.png", "many/gone.png", "many/1.png"]
    assert rows[1][1:3] == (None, None)
    assert str(rows[1][3]).startswith("many/gone.png was not found")


def test_each_worker_has_the_model_once(place: Path, cluster: Crowd, expected: bytes) -> None:
    from distributed import Client

    def models(dask_worker: Any) -> list[str]:  # in here, it is sent by its text
        return [name for name in dask_worker.plugins if name.startswith("digitnet-")]

    list(predict("many/1.png", "model", scheduler=cluster.address))
    with Client(cluster.address, timeout="60s") as client:
        found = client.run(models)
    assert found
    for names in found.values():  # those of two risks, asked in the tests above
        assert len(names) == len(set(names)) <= 2
        assert len(names) >= 1


def test_the_command_on_a_cluster_of_its_own(
    place: Path, expected: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    words = ["predict", "many", "--engine", "dask", "--workers", "1", "--format", "csv"]
    assert main([*words, "--out", str(out)]) == 1
    said = capsys.readouterr()
    assert joined(out) == expected
    assert "Dashboard: http://127.0.0.1:" in said.err
    assert "2 of 623 pictures could not be read." in said.err
    assert said.out == f"623 rows in 1 parts are in {out}.\n"
    job = json.loads((out / "_job.json").read_text())
    assert job["finished"] == {"parts": 1, "rows": 623, "unread": 2, "left_alone": 1}


def test_pages_and_forms_go_the_same_way(
    place: Path, cluster: Crowd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """The tables of `digitnet read`, from the workers of a cluster."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scans").mkdir()
    page = draw_page(["427", "3081"], np.random.default_rng(4)).picture
    save(page, tmp_path / "scans" / "0.png")
    save(filled_form().picture, tmp_path / "scans" / "1.png")
    (tmp_path / "scans" / "2.png").write_text("no page")
    common = ["--engine", "dask", "--format", "csv", "--scheduler", cluster.address]
    words = ["read", "scans", "--model", "mlp"]
    assert main([*words, "--csv", "lines.csv"]) == 1
    assert main([*words, *common, "--part-size", "2", "--out", "out"]) == 1
    assert joined(tmp_path / "out") == (tmp_path / "lines.csv").read_bytes()
    assert main([*words, *common, "--part-size", "2", "--out", "out", "--resume"]) == 1
    again = [*words, *common, "--part-size", "2", "--out", "out", "--resume", "--field", "3"]
    assert main(again) == 2
    assert "another job: its task is pages, not pages-" in capsys.readouterr().err
    save(blank_form().picture, tmp_path / "blank.png")
    head, *fields = template_text(blank_form()).split("[[field]]")
    (tmp_path / "form.toml").write_text("[[field]]".join([head, *fields[:2]]))
    words += ["--template", "form.toml"]
    assert main([*words, "--csv", "forms.csv"]) == 1
    assert main([*words, *common, "--out", "forms"]) == 1
    assert joined(tmp_path / "forms") == (tmp_path / "forms.csv").read_bytes()


def test_tasks_have_marks_of_what_is_asked() -> None:
    assert Pages().mark == "pages"
    assert Pages(Field(length=3)).mark != Pages(Field(length=4)).mark != Pages().mark


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--scheduler", "nonsense"], "nonsense is no address of a scheduler"),
        (["--scheduler", "tcp://127.0.0.1:1"], "No Dask scheduler answers at tcp://127.0.0.1:1"),
        (["--scheduler", "tcp://127.0.0.1:1", "--workers", "2"], "has its own workers"),
        (["--workers", "0"], "1 to 1,024 workers"),
        (["--part-size", "0"], "1 to 1,000,000 files"),
        (["--csv", "a.csv"], "--csv is for one machine"),
    ],
)
def test_wrong_use_is_one_sentence(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], sentence: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(place)
    monkeypatch.setattr("digitnet.distributed.cluster.ANSWERS", "1s")
    out = str(tmp_path / "out")
    assert main(["predict", "many", "--engine", "dask", "--out", out, *words]) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("digitnet: ")]
    assert len(lines) == 1
    assert sentence in lines[0]


def test_a_scheduler_that_goes_is_one_sentence(
    place: Path, expected: bytes, tmp_path: Path
) -> None:
    with crowd(tmp_path, 1) as running:

        def kill(done: int, known: int) -> None:
            running.processes[0].kill()

        asked = {"scheduler": running.address, "format": "csv", "part_size": 20}
        with pytest.raises(DataError, match="The scheduler has gone"):
            predict_into(tmp_path / "out", "many", "model", told=kill, **asked)
    report = predict_into(
        tmp_path / "out", "many", "model", workers=1, format="csv", part_size=20, resume=True
    )
    assert report.parts_before >= 1
    assert joined(tmp_path / "out") == expected


def test_so_is_one_that_goes_while_it_hands_an_answer_over(
    expected: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken_off(_: Future) -> None:
        raise CommClosedError("Connection reset by peer")

    monkeypatch.setattr(Future, "result", broken_off)
    with crowd(tmp_path, 1) as running:
        asked = {"scheduler": running.address, "format": "csv", "part_size": 20}
        with pytest.raises(DataError, match="The scheduler has gone"):
            predict_into(tmp_path / "out", "many", "model", **asked)


def test_results_may_lie_elsewhere() -> None:
    task = Pages()
    asked = {"model": "m", "format": "csv"}
    results = Results("memory://job/results", asked, task.columns, resume=False)
    part = Part(0, [File("a.png", None, "/a.png", False)], True)
    assert not results.has(part)
    results.write(part, Done([("a.png", 1, "427", 0.98765, None)], 0, ["notes.txt"]))
    again = Results("memory://job/results", asked, task.columns, resume=True)
    assert again.has(part)
    assert again.finish(1) == {"parts": 1, "rows": 1, "unread": 0, "left_alone": 1}
    store = Store("memory://job/results")
    (name,) = (name for name in store.names() if name.startswith("part"))
    assert store.read(name, 1000) == b"path,line,text,confidence,reason\na.png,1,427,0.9877,\n"
    assert not [name for name in store.names() if name.startswith(".")]
    with pytest.raises(OutputError, match="pictures are not those"):
        again.has(part._replace(files=[File("b.png", None, "/b.png", False)]))
    with pytest.raises(OutputError, match="cannot be"):
        Results("nosuch://job", asked, task.columns, resume=False)


@pytest.mark.parametrize(
    ("word", "error", "sentence"),
    [
        ("nosuch://a/b.png", DataError, "nosuch://a/b.png cannot be opened"),
        ("@gone.txt", DataError, "The list gone.txt cannot be read"),
        ("zip://x::/no/such.zip", DataError, "cannot be"),
        ("-", SettingsError, "cannot be shared out"),
    ],
)
def test_places_that_are_not_there(word: str, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        list(files_of([word], Tally()))


def test_another_folder_is_never_written_into(place: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"holds other files, mine\.txt for one"):
        predict_into(tmp_path, "many", place / "model", format="csv")
    (tmp_path / "mine.txt").unlink()
    for content in (b"", b"[]", b"{}", b'{"version": 1, "asked": 1, "finished": {"rows": []}}'):
        (tmp_path / "_job.json").write_bytes(content)
        with pytest.raises(OutputError, match=r"damaged|another job"):
            predict_into(tmp_path, "many", place / "model", format="csv", resume=True)


def test_parts_have_marks_of_their_names_and_only_one_is_alone() -> None:
    files = [File(str(i), None, str(i), False) for i in range(5)]
    parts = list(parts_of(iter(files), 2))
    assert [len(part.files) for part in parts] == [2, 2, 1]
    assert [part.is_only for part in parts] == [False] * 3
    assert len({part.mark for part in parts}) == 3
    assert parts[0].mark == Part(7, files[:2], True).mark
    (alone,) = parts_of(iter(files), 5)
    assert alone.is_only


def test_a_part_that_kills_workers_is_halved_down_to_the_file() -> None:
    files = [File(str(i), None, str(i), False) for i in range(5)]
    whole = Whole(Part(0, files, True))
    waiting, sizes = [Share(whole, 0, files)], []
    while waiting:
        share = waiting.pop()
        sizes.append(len(share.files))
        if len(share.files) > 1:
            waiting += share.halves()
        else:
            assert share.halves() == []
            name = share.files[0].name
            whole.take(share, Done([(name, name, 1.0, None)], 0, [name]))
    assert whole.is_done
    assert [row[0] for row in whole.joined().rows] == list("01234")
    assert whole.joined().left_alone == list("01234")
