"""Install: what a plain installation can do, and how an extra that is missing is asked for."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

import pytest

from digitnet.errors import EXTRAS, MissingExtraError, require
from support.helpers import assert_one_sentence

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
WITHOUT = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {modules!r}:
            raise ImportError(f"{{name}} is blocked")
sys.meta_path.insert(0, Blocked())
from digitnet.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
DISTRIBUTION = {"stdnum": "python-stdnum", "sklearn": "scikit-learn"}
"""Of modules that are called otherwise than what installs them."""
ALL_EXTRAS = {module for extra in EXTRAS.values() for module in extra.modules}


def light(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The command line in a process where no extra can be imported."""
    program = WITHOUT.format(modules=ALL_EXTRAS | {"uvicorn", "starlette", "pydantic", "IPython"})
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program, *map(str, words)],
        cwd=cwd,
        capture_output=True,
        text=True,
    )


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=\[]", each)[0] for each in requirements}


def test_a_training_without_matplotlib_trains_and_says_how_to_get_the_curve(tmp_path: Path) -> None:
    assert light("data", "synthesize", "200", "-o", "s.npz", cwd=tmp_path).returncode == 0
    words = ("train", "s.npz", "--hidden", "16", "--epochs", "2", "--pool", "4")
    done = light(*words, "--live", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "No loss curve: Drawing needs Matplotlib" in done.stdout
    assert "pip install 'digitnet[plots]'" in done.stdout
    assert "No live plot: " in done.stderr
    kept = {path.name for path in (tmp_path / "model").iterdir()}
    assert {"W1.npy", "model.json", "history.json"} <= kept
    assert "training_loss.png" not in kept

    advice = re.findall(r"digitnet (train --resume --out \w+) draws it", done.stdout)
    again = light(*advice[0].split(), cwd=tmp_path)
    assert again.returncode == 0
    assert "already finished" in again.stdout
    assert "pip install 'digitnet[plots]'" in again.stdout
    with_it = subprocess.run(
        [sys.executable, "-m", "digitnet", *advice[0].split()], cwd=tmp_path, capture_output=True
    )
    assert with_it.returncode == 0
    assert (tmp_path / "model" / "training_loss.png").read_bytes()[:4] == b"\x89PNG"


def test_predicting_and_reading_need_no_extra(tmp_path: Path) -> None:
    done = light("predict", "--model", "mlp", ROOT / "test_images" / "digi_3.png", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "Model: mlp, in the box.\n")
    assert re.search(r"digi_3\.png +3 ", done.stdout)
    page = ("read", ROOT / "test_images" / "digi_3.png", "--out", "read.png")
    done = light(*page, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "read.png").exists()


@pytest.mark.parametrize(
    ("words", "extra"),
    [
        (("predict", "--explain", "why", "picture.png"), "plots"),
        (("evaluate", "synthetic", "--report", "report"), "plots"),
        (("data", "preview", "synthetic", "-o", "digits.png"), "plots"),
        (("serve",), "web"),
    ],
)
def test_a_missing_extra_is_asked_for_before_any_work(
    words: tuple[str, ...], extra: str, tmp_path: Path
) -> None:
    done = light(*words, cwd=tmp_path)
    assert_one_sentence(done, f"pip install 'digitnet[{extra}]'")
    assert (done.stdout, list(tmp_path.iterdir())) == ("", [])


def test_every_extra_is_asked_for_by_its_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, extra in EXTRAS.items():
        with monkeypatch.context() as blocked:
            blocked.setitem(sys.modules, extra.modules[0], None)
            with pytest.raises(MissingExtraError, match=rf"; pip install 'digitnet\[{name}\]'\.$"):
                require(name)


def test_the_extras_of_the_program_and_of_the_installation_are_the_same() -> None:
    extras = PROJECT["optional-dependencies"]
    assert set(EXTRAS) == set(extras) - {"all", "dev", "docs", "mutants"}
    assert extras["all"] == [f"digitnet[{','.join(EXTRAS)}]"]
    assert "digitnet[all,docs]" in extras["dev"]
    for name, extra in EXTRAS.items():
        imported = {DISTRIBUTION.get(module, module.replace("_", "-")) for module in extra.modules}
        assert imported <= names(extras[name])
        assert not names(extras[name]) & names(PROJECT["dependencies"])


def test_every_dependency_has_its_line_in_the_decisions() -> None:
    decisions = (ROOT / "docs" / "decisions.md").read_text().lower()
    needed = [PROJECT["dependencies"]]
    needed += [PROJECT["optional-dependencies"][name] for name in EXTRAS]
    for name in set().union(*map(names, needed)):
        assert name.removesuffix("-headless") in decisions, name


def test_the_lowest_versions_are_those_that_the_project_names() -> None:
    command = [sys.executable, str(ROOT / "tools" / "lowest.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = done.stdout.split()
    assert "numpy==1.26.0" in lines
    extras = PROJECT["optional-dependencies"]
    needed = set().union(names(PROJECT["dependencies"]), *(names(extras[name]) for name in EXTRAS))
    assert {line.split("==")[0] for line in lines} == needed


def test_a_wheel_in_an_empty_environment_predicts(tmp_path: Path) -> None:
    """Wheel and sdist are built as a release is, and what the wheel needs comes from the index."""

    def run(*words: str | Path) -> str:
        done = subprocess.run([*map(str, words)], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-1500:]
        return done.stdout

    pip = ("-m", "pip", "--disable-pip-version-check")
    tried = subprocess.run(
        [sys.executable, *pip, "download", "--no-deps", "--timeout", "5", "--retries", "0",
         "setuptools>=77", "-d", str(tmp_path / "index")],
        capture_output=True,
    )  # fmt: skip
    if tried.returncode:
        pytest.skip("needs a package index, and none can be reached")
    source = tmp_path / "source"
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    if listed.returncode:
        pytest.skip("needs the checkout, to tell what belongs to a release")
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    run(python, *pip, "install", "--quiet", "build")
    run(python, "-m", "build", "--outdir", tmp_path / "built", source)
    kinds = sorted(path.name.split("digitnet-")[1][5:] for path in (tmp_path / "built").iterdir())
    assert kinds == ["-py3-none-any.whl", ".tar.gz"]
    (wheel,) = (tmp_path / "built").glob("*.whl")
    run(python, *pip, "install", "--quiet", wheel)
    picture = ROOT / "test_images" / "digi_3.png"
    for model in ("cnn", "mlp"):
        said = run(python, "-m", "digitnet", "predict", "--model", model, picture)
        assert re.search(r"digi_3\.png +3 ", said)
