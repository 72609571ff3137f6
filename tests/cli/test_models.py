"""`digitnet models`: a row for each model, readable or not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from digitnet.cli import models
from digitnet.cli.main import main
from digitnet.models.box import in_box


def test_a_damaged_model_hides_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(in_box("mlp"), tmp_path / "mlp")
    shutil.copytree(in_box("mlp"), tmp_path / "cnn")
    (tmp_path / "cnn" / "b1.npy").write_bytes(b"")
    monkeypatch.setattr(models, "in_box", lambda name: tmp_path / name)
    assert main(["models"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[1].startswith("cnn")
    assert "b1.npy is not the array" in rows[1]
    assert rows[2].startswith("mcu")
    assert rows[3].startswith("mlp")
    assert "50,890" in rows[3]
