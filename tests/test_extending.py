"""The worked examples of docs/extending.md, run as they stand there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
GUIDE = TESTS.parent / "docs" / "extending.md"

# Sections whose blocks of Python make one program, and what must hold at its end.
PROGRAMS = {
    ("A setting",): """
import pytest
from digitnet.errors import SettingsError

told = " ".join(parser.format_help().split())
assert (
    "--warm-up X share of a one-cycle run in which the learning rate rises "
    "(above 0 and below 1; default: 0.3)"
) in told
assert read_recipe("slow.toml", Config) == {"schedule": "one-cycle", "warm_up": 0.5}
slow = Config(schedule="one-cycle", warm_up=0.5)
assert slow.settings() == replace(TrainingConfig().settings(), schedule=OneCycle(0.5))
assert Config(warm_up=0.5).settings() == TrainingConfig().settings()
assert "Warm up" in [field.label for field in training_form(Config).fields]
with pytest.raises(SettingsError, match="The warm up must be a number above 0 and below 1, not 1"):
    Config(warm_up=1)
print("all of it")
""",
    ("An exporter",): """
from digitnet.models.folder import load_model
from support.served import client

network = load_model("mlp").network
with np.load("digits.npz") as arrays:
    assert set(arrays) == set(network.parameters)
    for key, array in network.parameters.items():
        assert np.array_equal(arrays[key], array), key
with client(Path()) as web:
    offered = web.get("/api/models").json()["exporters"]
    assert {"name": "npz", "suffix": "npz", "title": "Arrays"} in offered
    answer = web.get("/api/models/mlp.npz")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert len(answer.content) == Path("digits.npz").stat().st_size
print("all of it")
""",
    ("A layer", "An optimiser"): """
assert check.error < 1e-6, check
assert check.n_checked == 6 * 5 + 5 + 5 * 3 + 3
assert repr(network) == "Network(784-32-10, 25,482 parameters)"
assert [type(layer) for layer in model.network.layers] == [nn.Dense, Scale, LeakyReLU, nn.Dense]
assert model.network.layers == network.layers
assert model.network.vector.tobytes() == network.vector.tobytes()
assert not np.array_equal(network.parameters["factor1"], np.ones(32))
assert accuracy > 0.8, accuracy
print("all of it")
""",
}


def blocks(section: str) -> list[str]:
    """The blocks of Python under a heading of the guide."""
    _, *sections = re.split(r"^## (.*)\n", GUIDE.read_text(), flags=re.MULTILINE)
    text = dict(zip(sections[::2], sections[1::2], strict=True))[section]
    return re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)


def run(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", program]
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent / "src")])
    environment = {**os.environ, "PYTHONPATH": paths}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def program_of(sections: tuple[str, ...]) -> str:
    return "\n".join(block for section in sections for block in blocks(section))


@pytest.mark.parametrize("sections", PROGRAMS, ids=" and ".join)
def test_the_examples_run_as_they_stand(sections: tuple[str, ...], tmp_path: Path) -> None:
    program = program_of(sections) + PROGRAMS[sections]
    done = run(program, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("all of it\n")


def test_every_section_with_code_is_run() -> None:
    """Here, or by a test of its area, which finds it by its heading."""
    sections = re.findall(r"^## (.*)$", GUIDE.read_text(), flags=re.MULTILINE)
    tried = {section for program in PROGRAMS for section in program}
    assert tried <= set(sections)
    tests = [path.read_text() for path in GUIDE.parents[1].glob("tests/*/test_*.py")]
    for section in sections:
        elsewhere = any(f"## {section}" in text for text in tests)
        assert not blocks(section) or section in tried or elsewhere, section


def test_the_layer_has_twelve_lines_at_most() -> None:
    definition = next(block for block in blocks("A layer") if "LeakyReLU" in block)
    body = definition.split("@nn.register_layer\n")[1]
    assert len([line for line in body.splitlines() if line.strip()]) <= 12


def test_a_mistake_in_the_layer_fails_its_gradient_check(tmp_path: Path) -> None:
    program = "\n".join(blocks("A layer")[:2])
    mistaken = program.replace("np.where(y > 0.0, 1.0, self.leak)", "np.where(y > 0.0, 1.0, 0.0)")
    assert mistaken != program
    done = run(mistaken + "\nassert check.error > 1e-2, check", tmp_path)
    assert done.returncode == 0, done.stderr


def test_without_its_class_the_saved_model_says_what_is_missing(tmp_path: Path) -> None:
    """A layer that was registered when it was saved, and is not where it is loaded."""
    program = blocks("A layer")[0] + "\nimport digitnet\n"
    save = 'digitnet.save_model(digitnet.Model(network), "m")'
    network = "network = nn.Network([nn.Dense(784, 5), LeakyReLU(), nn.Dense(5, 10)])\n"
    assert run(program + network + save, tmp_path).returncode == 0
    done = run('import digitnet\ndigitnet.load_model("m")', tmp_path)
    last = done.stderr.strip().splitlines()[-1]
    assert "has a layer of a kind that is not known, LeakyReLU" in last
    assert "register" in last
    assert "damaged" not in last
    again = program + 'print(digitnet.load_model("m").network)\n' + network + save
    done = run(again, tmp_path)  # and it is replaced by the next
    assert done.returncode == 0, done.stderr
    unregistered = program.replace("@nn.register_layer\n", "") + network + save
    done = run(unregistered, tmp_path)
    last = done.stderr.strip().splitlines()[-1]
    assert "LeakyReLU(leak=0.01) could not be loaded again" in last
    assert "write @digitnet.nn.register_layer above the class" in last
    assert run(again, tmp_path).returncode == 0  # what stood there still stands
