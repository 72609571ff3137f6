"""An error is one sentence, and whoever shows it writes its options as they are written there."""

from __future__ import annotations

import ast
import asyncio
import pickle
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

import digitnet
from digitnet import errors
from digitnet.cli.main import COMMANDS, as_option, guarded
from digitnet.data.sources import open_source
from digitnet.errors import DigitnetError
from digitnet.imaging.pictures import open_picture
from digitnet.models.find import find_model
from digitnet.models.folder import check_place
from digitnet.web.errors import add_error_handlers, as_field
from digitnet.web.server import listen

FAMILY = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, DigitnetError)
]
HINT = "say {labels:first} or {per_class}."


@pytest.mark.parametrize("kind", FAMILY)
def test_an_error_survives_the_way_from_another_process(kind: type[DigitnetError]) -> None:
    """A worker process sends its error as a pickle, made anew from the arguments."""
    error = kind("It is wrong.", HINT)
    came = pickle.loads(pickle.dumps(error))
    assert type(came) is kind
    assert (came.sentence, came.hint, str(came)) == (error.sentence, error.hint, str(error))


def test_a_hint_is_joined_and_its_options_are_written_as_asked() -> None:
    error = DigitnetError("It is wrong.", HINT)
    assert str(error) == 'It is wrong; say labels="first" or `per_class`.'
    assert error.worded(as_option) == "It is wrong; say --labels first or --per-class."
    assert error.worded(as_field) == "It is wrong; say labels: first or per class."
    assert str(DigitnetError("It is wrong.")) == "It is wrong."
    for value in ("0", "-2.5", "N"):  # Python has numbers without quotes
        number = DigitnetError("It is wrong.", f"try {{rate:{value}}}.")
        assert str(number) == f"It is wrong; try rate={value}."
        assert number.worded(as_option) == f"It is wrong; try --rate {value}."
    assert str(DigitnetError("It is wrong.", "say so")) == "It is wrong; say so."
    assert str(DigitnetError("Is it wrong?", "say so.")) == "Is it wrong? Say so."
    assert str(DigitnetError("It is wrong.", "so what?")) == "It is wrong; so what?"


@pytest.mark.parametrize("name", ["{", "}", "{}", "{0}", "{a b}", "{:x}", "{labels!r}", "100 %s"])
def test_what_is_no_option_stays_as_it_is(name: str) -> None:
    """A file may be called anything; its name in a hint is no option."""
    assert str(DigitnetError("Wrong.", f"leave {name} out.")) == f"Wrong; leave {name} out."
    assert str(DigitnetError(f"{name} is wrong.", "mend it.")) == f"{name} is wrong; mend it."


def taken_port(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        listen("127.0.0.1", other.getsockname()[1])


def unclear_labels(folder: Path) -> None:
    (folder / "3_8.png").write_bytes(b"")
    open_source(str(folder))


def no_model(folder: Path) -> None:
    find_model(str(folder / "gone"))


def file_in_the_way(folder: Path) -> None:
    (folder / "model").write_text("mine")
    check_place(folder / "model")


def no_picture(folder: Path) -> None:
    open_picture(b"hello")


async def asked(work: Callable[[], Any]) -> httpx.Response:
    """The server's answer to a request on which it does some work."""
    app = FastAPI()
    add_error_handlers(app)
    app.get("/")(work)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as web:
        return await web.get("/")


FIVE: dict[Callable[[Path], Any], tuple[str, str, str]] = {
    taken_port: (
        "Address already in use; choose another --host or --port.",
        "Address already in use; choose another host or port.",
        "Address already in use; choose another `host` or `port`.",
    ),
    unclear_labels: (
        "is 3_8.png a 3 or a 8? Say with --labels first or --labels last where the label is.",
        "is 3_8.png a 3 or a 8? Say with labels: first or labels: last where the label is.",
        'is 3_8.png a 3 or a 8? Say with labels="first" or labels="last" where the label is.',
    ),
    no_model: ("/gone does not exist; train one there first",) * 3,
    file_in_the_way: ("/model is a file; choose another place for the model's folder.",) * 3,
    no_picture: ("The picture is text, not a picture: give PNG, JPEG, ",) * 3,
}


@pytest.mark.parametrize("fail", FIVE, ids=lambda fail: fail.__name__)
def test_an_error_reads_right_on_the_command_line_on_the_page_and_in_python(
    fail: Callable[[Path], Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    on_the_command_line, on_the_page, in_python = FIVE[fail]
    with pytest.raises(DigitnetError) as caught:
        fail(tmp_path)
    assert str(caught.value).count(in_python) == 1

    assert guarded(lambda: fail(tmp_path)) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("digitnet: ")
    assert on_the_command_line in output.err
    assert output.err.count("\n") == 1

    answer = asyncio.run(asked(lambda: fail(tmp_path)))
    assert answer.status_code in (422, 507)
    assert list(answer.json()) == ["error"]
    assert answer.json()["error"].count(on_the_page) == 1


ROOT = Path(digitnet.__file__).parent
BELOW = [path for path in sorted(ROOT.rglob("*.py")) if path.relative_to(ROOT).parts[0] != "cli"]
OPTION = re.compile(rf"(?<![\w-])--[a-z]|\bdigitnet ({'|'.join(COMMANDS)})\b")
ALLOWED = {"--o"}
"""Matplotlib's word for a dashed line with dots."""


def sentences(path: Path) -> Iterator[str]:
    """The string literals of a module; docstrings only where the page shows them, at /docs."""
    tree = ast.parse(path.read_text())
    documentation = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and path.parent.name != "routes"
    }
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in documentation:
            yield node.value


@pytest.mark.parametrize("path", BELOW, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_command_line_writes_its_options(path: Path) -> None:
    named = [one for one in sentences(path) if OPTION.search(one) and one not in ALLOWED]
    assert not named, f"a caller in Python or on the page cannot use them: {named}"
