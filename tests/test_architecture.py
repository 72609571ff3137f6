"""The house: imports run downwards only, those inside functions too."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import digitnet

ROOT = Path(digitnet.__file__).parent

# A folder's floor; a module may import its own folder and any lower floor.
FLOORS = {
    "errors": 0,
    "nn": 0,  # NumPy and itself only, see below
    "files": 1,
    "threads": 1,
    "imaging": 2,
    "handwriting": 2,
    "data": 3,
    "evaluation": 4,
    "models": 4,
    "export": 5,  # none of the four imports another
    "plots": 5,
    "reading": 5,
    "training": 5,
    "web": 6,
    "cli": 7,
    "__main__": 8,
    "__init__": 8,
}
MODULES = sorted(ROOT.rglob("*.py"))


def folder_of(module: str) -> str:
    """The folder of digitnet.folder.file, or the name of digitnet.file."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imports(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the arrow"
            found.append(str(node.module))
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_run_downwards(path: Path) -> None:
    own = path.relative_to(ROOT).parts[0].removesuffix(".py")
    assert own in FLOORS, f"{own} has no floor yet: give it one here"
    for name in imports(path):
        if name.split(".")[0] != "digitnet" or own == "__init__":
            continue
        target = folder_of(name)
        if own == "nn":
            assert target == "nn", f"{path} imports {name}: nn is NumPy and itself"
        assert target == own or FLOORS[target] < FLOORS[own], f"{path} imports {name}: upwards"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_framework_is_imported(path: Path) -> None:
    banned = {"torch", "tensorflow", "jax", "keras", "sklearn", "numba", "pickle"}
    assert not banned & {name.split(".")[0] for name in imports(path)}


def test_nn_imports_only_numpy_and_the_standard_library() -> None:
    import sys

    allowed = {"numpy", "digitnet", *sys.stdlib_module_names}
    for path in MODULES:
        if path.relative_to(ROOT).parts[0] == "nn":
            assert {name.split(".")[0] for name in imports(path)} <= allowed


def test_the_public_face() -> None:
    """A name may be added here; none may go or change without a word in CHANGELOG.md."""
    assert sorted(digitnet.__all__) == [
        "Dataset",
        "DigitnetError",
        "Evaluation",
        "Model",
        "Network",
        "Prediction",
        "Settings",
        "begin",
        "evaluate",
        "fit",
        "load_model",
        "multilayer_perceptron",
        "open_source",
        "save_model",
        "train",
    ]
    for name in digitnet.__all__:
        assert getattr(digitnet, name).__module__.startswith("digitnet.")
    with pytest.raises(AttributeError):
        digitnet.no_such_name  # noqa: B018
