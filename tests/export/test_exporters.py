"""The table of exporters: every row works, on the command line and at the server."""

from __future__ import annotations

from pathlib import Path

import pytest

from digitnet.export import EXPORTERS, export_model
from digitnet.models.folder import load_model
from support.helpers import digitnet


def test_no_two_files_are_called_alike() -> None:
    suffixes = [exporter.suffix for exporter in EXPORTERS.values()]
    assert len(set(suffixes)) == len(suffixes)
    assert "zip" not in suffixes, "the server gives a model's folder under that"


@pytest.mark.parametrize("kind", EXPORTERS)
def test_every_row_has_a_module_that_writes(kind: str, tmp_path: Path) -> None:
    target = tmp_path / "digit"
    written = export_model(load_model("mlp"), kind, "mlp", target)
    assert written.n_bytes == target.stat().st_size > 0
    assert written.numbers in ("float32", "float16")
    assert written.use.endswith(".")
    assert [path.name for path in tmp_path.iterdir()] == ["digit"]


def test_the_command_line_offers_every_row(tmp_path: Path) -> None:
    said = " ".join(digitnet("export", "--help", cwd=tmp_path).stdout.split())
    for kind, exporter in EXPORTERS.items():
        assert f"{kind}: {exporter.help}" in said
        assert f"digit.{exporter.suffix}" in said


def test_the_server_offers_every_row(tmp_path: Path) -> None:
    from support.served import client

    with client(tmp_path) as web:
        listed = web.get("/api/models").json()
        assert listed["exports"] == list(EXPORTERS)
        assert [(one["name"], one["suffix"], one["title"]) for one in listed["exporters"]] == [
            (kind, exporter.suffix, exporter.title) for kind, exporter in EXPORTERS.items()
        ]
        for exporter in EXPORTERS.values():
            answer = web.get(f"/api/models/mlp.{exporter.suffix}")
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith(exporter.media_type)
