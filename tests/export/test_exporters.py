"""The table of exporters: every row works, on the command line and at the server."""

from __future__ import annotations

import io
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from digitnet.export import EXPORTERS, export_model
from digitnet.models.folder import load_model, save_model
from digitnet.models.model import Model
from digitnet.nn import Ensemble
from support.helpers import digitnet, small_model


def test_no_two_files_are_called_alike() -> None:
    suffixes = [exporter.suffix for exporter in EXPORTERS.values()]
    assert len(set(suffixes)) == len(suffixes)
    assert "zip" not in suffixes, "the server gives a model's folder under that"


@pytest.mark.parametrize("kind", EXPORTERS)
def test_every_row_has_a_module_that_writes(kind: str, tmp_path: Path) -> None:
    if kind == "onnx":
        pytest.importorskip("onnx", reason="needs the package onnx")
    target = tmp_path / "digit"
    written = export_model(load_model("mlp"), kind, "mlp", target)
    files = list(target.iterdir()) if EXPORTERS[kind].is_folder else [target]
    assert written.n_bytes == sum(path.stat().st_size for path in files) > 0
    assert written.numbers in ("float32", "float16")
    assert written.use.endswith(".")
    assert [path.name for path in tmp_path.iterdir()] == ["digit"]


def test_the_command_line_offers_every_row(tmp_path: Path) -> None:
    said = " ".join(digitnet("export", "--help", cwd=tmp_path).stdout.split())
    said = said.replace("- ", "-")  # a name that was broken at the end of a line
    for kind, exporter in EXPORTERS.items():
        assert f"{kind}: {exporter.help}" in said
        assert (f"digit-{kind}" if exporter.is_folder else f"digit.{exporter.suffix}") in said


def test_the_server_offers_every_row(tmp_path: Path) -> None:
    from support.served import client

    with client(tmp_path) as web:
        listed = web.get("/api/models").json()
        assert listed["exports"] == list(EXPORTERS)
        assert [(one["name"], one["suffix"], one["title"]) for one in listed["exporters"]] == [
            (kind, exporter.suffix, exporter.title) for kind, exporter in EXPORTERS.items()
        ]
        for kind, exporter in EXPORTERS.items():
            if kind == "onnx" and find_spec("onnx") is None:
                continue
            answer = web.get(f"/api/models/mlp.{exporter.suffix}")
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith(exporter.media_type)
            if exporter.is_folder:
                target = tmp_path / kind
                export_model(load_model("mlp"), kind, "mlp", target)
                with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
                    sent = {name: archive.read(name) for name in archive.namelist()}
                assert sent == {
                    f"mlp-{kind}/{path.name}": path.read_bytes() for path in target.iterdir()
                }


def test_the_server_says_why_a_model_cannot_be_exported(
    tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    from support.served import client

    members = [small_model(rng).network for _ in range(2)]
    save_model(Model(Ensemble(members)), tmp_path / "models" / "both")  # type: ignore[arg-type]
    with client(tmp_path) as web:
        answer = web.get("/api/models/both.numpy.zip")
        assert answer.status_code == 422
        assert "both is an ensemble" in answer.json()["error"]
        monkeypatch.setitem(sys.modules, "onnx", None)
        answer = web.get("/api/models/mlp.onnx.zip")
        assert answer.status_code == 422
        assert "pip install 'digitnet[onnx]'" in answer.json()["error"]
        assert web.get("/api/models/nobody.numpy.zip").status_code == 404
