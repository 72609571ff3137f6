"""Deploy: the Dockerfile and systemd's unit name options and extras that there are."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from digitnet.cli import serve
from digitnet.cli.main import Parser
from digitnet.errors import EXTRAS

ROOT = Path(__file__).resolve().parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
UNIT = ROOT / "deploy" / "digitnet.service"


def served_with(words: list[str]) -> dict[str, object]:
    """What `digitnet serve` understands of these words."""
    assert words[0] == "serve"
    parser = Parser(prog="digitnet serve")
    serve.add_arguments(parser)
    return vars(parser.parse_args(words[1:]))


def lines(kind: str) -> list[str]:
    """The instructions of a kind, their continuations joined."""
    whole = DOCKERFILE.replace("\\\n", " ")
    return re.findall(rf"^\s*{kind} +(.*)$", whole, re.MULTILINE)


def test_the_container_serves_as_nobody_of_note() -> None:
    asked = served_with(json.loads(lines("CMD")[-1]))
    assert (asked["host"], asked["folder"], asked["port"]) == ("0.0.0.0", "/data", 8000)
    assert asked["workers"] == 2
    assert lines("EXPOSE") == ["8000"]
    user = lines("USER")[-1].split(":")[0]
    assert int(user) > 999
    assert f"--uid {user} " in DOCKERFILE
    assert all(image.partition(" ")[0].endswith("-slim") for image in lines("FROM"))
    (extras,) = re.findall(r"\[([a-z,]+)\]", lines("RUN")[0])
    assert {"web", "metrics"} <= set(extras.split(",")) <= set(EXTRAS)


def test_the_container_is_built_of_what_it_is_given() -> None:
    """Whatever is copied is let through by .dockerignore, and nothing else is."""
    given = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines()
             if line.startswith("!")]  # fmt: skip
    copied = [word for line in lines("COPY") if "--from" not in line for word in line.split()[:-1]]
    assert sorted(copied) == sorted(given)
    assert all((ROOT / word).exists() for word in copied)


def test_the_health_check_asks_what_needs_no_token() -> None:
    assert "127.0.0.1:8000/live" in DOCKERFILE
    words = json.loads(re.findall(r"CMD (\[\"python\".*\])", DOCKERFILE)[0])
    compile(words[2], "check", "exec")


def test_the_unit_starts_a_server() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(UNIT)
    program, *words = shlex.split(unit["Service"]["ExecStart"])
    assert Path(program).name == "digitnet"
    asked = served_with(words)
    assert asked["folder"] == f"/var/lib/{unit['Service']['StateDirectory']}"
    assert "SuccessExitStatus" in unit["Service"]  # 143 is how it ends on SIGTERM


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_has_nothing_to_say_of_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "digitnet.service"  # the program's place is not there, another one is
    unit.write_text(UNIT.read_text().replace("/opt/digitnet/bin/digitnet", sys.executable))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True
    )
    said = [line for line in done.stderr.splitlines() if "digitnet.service" in line]
    assert said == []


@pytest.mark.skipif(shutil.which("hadolint") is None, reason="needs hadolint")
def test_hadolint_has_nothing_to_say_of_the_dockerfile() -> None:
    done = subprocess.run(["hadolint", str(ROOT / "Dockerfile")], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
