"""The table of commands, a command of one's own, and words that no command knows."""

from __future__ import annotations

import ast
import importlib
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

import digitnet
from digitnet.cli.main import COMMANDS, VARIANTS, main
from support.served import NINE

FOLDER = Path(digitnet.__file__).parent / "cli"
EXTENDING = Path(__file__).resolve().parents[2] / "docs" / "extending.md"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_row_has_its_module(name: str) -> None:
    module = importlib.import_module(f"digitnet.cli.{name}")
    assert callable(module.add_arguments)
    assert callable(module.run)
    assert f"`digitnet {name}" in (module.__doc__ or "").splitlines()[0]


def test_every_module_with_a_command_has_its_row() -> None:
    for path in FOLDER.glob("*.py"):
        functions = {
            f.name for f in ast.parse(path.read_text()).body if isinstance(f, ast.FunctionDef)
        }
        if {"add_arguments", "run"} <= functions:
            assert path.stem in {*COMMANDS, *VARIANTS.values()}


def test_an_own_command_is_a_file_and_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As docs/extending.md shows it."""
    section = EXTENDING.read_text().partition("\n## A command\n")[2].partition("\n## ")[0]
    program, row = re.findall(r"```python\n(.*?)```", section, flags=re.DOTALL)
    module = ModuleType("digitnet.cli.frame")
    exec(compile(program, "frame.py", "exec"), vars(module))
    monkeypatch.setitem(sys.modules, "digitnet.cli.frame", module)
    monkeypatch.setitem(COMMANDS, "frame", ast.literal_eval("{" + row + "}")["frame"])

    (tmp_path / "text.png").write_text("no picture")
    nine, text, gone = NINE, tmp_path / "text.png", tmp_path / "gone.png"
    for pictures, code, n_drawn, n_failed in (
        ([nine], 0, 1, 0),
        ([text, nine, nine], 1, 2, 1),
        ([text, gone], 2, 0, 2),
    ):
        assert main(["frame", *map(str, pictures)]) == code
        output = capsys.readouterr()
        assert output.out.count("┌" + "─" * 28 + "┐") == n_drawn
        assert output.err.count("\n") == n_failed
    assert main(["frame"]) == 2
    assert capsys.readouterr().err.startswith("digitnet: The following arguments are required")
    assert main(["--help"]) == 0
    assert "draw what a network is given of a picture" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("trian x", "There is no command trian; did you mean train?"),
        ("xyz", "There is no command xyz; digitnet --help lists them."),
        ("--foo", "digitnet takes no --foo; digitnet --help says what it takes."),
        ("predict --foo", "predict takes no --foo; digitnet predict --help says what it takes."),
        ("train --epoch 3", "train takes no --epoch; did you mean --epochs?"),
        ("models a b", "models takes no a; digitnet models --help says what it takes."),
        (
            "serve --port x",
            "--port: invalid int value: 'x'; digitnet serve --help says what it takes.",
        ),
        (
            "serve --port",
            "--port: expected one argument; digitnet serve --help says what it takes.",
        ),
        (
            "ensemble",
            "The following arguments are required: MODEL, --out; "
            "digitnet ensemble --help says what it takes.",
        ),
        ("data info --label first x", "data takes no --label; digitnet data --help says"),
    ],
)
def test_what_no_command_knows_is_one_sentence(
    words: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words.split()) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(f"digitnet: {sentence}")
    assert output.err.count("\n") == 1


def test_without_a_command_it_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    listed = re.findall(r"^    (\w+)(?: |$)", capsys.readouterr().out, flags=re.MULTILINE)
    assert listed == list(COMMANDS)
    assert main(["--version"]) == 0
    assert re.fullmatch(r"digitnet \d+\.\d+\.\d+\n", capsys.readouterr().out)
