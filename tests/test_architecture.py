"""The house: imports run downwards only, those inside functions too."""

from __future__ import annotations

import ast
import importlib.metadata
import sys
from pathlib import Path
from types import ModuleType

import pytest

import digitnet
from digitnet import imaging, nn

ROOT = Path(digitnet.__file__).parent

# A folder's floor; a module may import its own folder and any lower floor.
FLOORS = {
    "errors": 0,
    "text": 1,
    "nn": 0,  # NumPy and itself only, see below
    "files": 2,
    "threads": 2,
    "imaging": 3,
    "handwriting": 4,
    "data": 5,
    "evaluation": 6,
    "models": 6,
    "export": 7,  # none of the four imports another
    "plots": 7,
    "reading": 7,
    "training": 7,
    "sklearn": 8,
    "distributed": 8,
    "web": 8,
    "cli": 9,
    "__main__": 10,
    "__init__": 10,
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
    if path.parent.name == "sklearn":  # which is there to speak with it, and nothing else does
        banned.remove("sklearn")
    assert not banned & {name.split(".")[0] for name in imports(path)}


def test_all_that_is_said_goes_one_way_out() -> None:
    """`text.py` escapes it; a print elsewhere would show a hostile name raw."""
    found = []
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            call = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if call in SAID:
                found.append(f"{path.relative_to(ROOT)}: {call}")
    # a Ctrl-C before anything is there, the parser's help, text.py itself, a warning for Python
    assert found == [
        "__main__.py: os.write", "cli/main.py: sys.stdout.write",
        "sklearn/classifier.py: warnings.warn", "sklearn/frames.py: warnings.warn",
        "text.py: print", "text.py: print", "training/loop.py: warnings.warn",
    ]  # fmt: skip


def test_nn_imports_only_numpy_and_the_standard_library() -> None:
    allowed = {"numpy", "digitnet", *sys.stdlib_module_names}
    for path in MODULES:
        if path.relative_to(ROOT).parts[0] == "nn":
            assert {name.split(".")[0] for name in imports(path)} <= allowed


SAID = {"print", "pprint", "warnings.warn", "warn", "os.write", "traceback.print_exc"} | {
    f"sys.{stream}.{verb}"
    for stream in ("stdout", "stderr", "__stdout__", "__stderr__", "stdout.buffer", "stderr.buffer")
    for verb in ("write", "writelines")
}
"""What brings text out."""

PUBLIC = """
    Calibration Dataset DigitnetError EpochDone Evaluation Finished FormReading History Model
    Network Prediction Reading Settings StepDone Template __version__ begin evaluate find_model
    fit load_model multilayer_perceptron open_source predict read read_form read_page save_model
    synthesize train
"""


def test_the_public_face() -> None:
    """A name may be added here; none may go or change without a word in CHANGELOG.md."""
    assert digitnet.__all__ == PUBLIC.split()
    assert dir(digitnet) == digitnet.__all__
    for name in set(digitnet.__all__) - {"__version__"}:
        public = getattr(digitnet, name)
        assert (public.__name__, public.__doc__ is None) == (name, False)
        assert public.__module__.split(".")[0] == "digitnet"
    assert digitnet.__version__ == importlib.metadata.version("digitnet")
    with pytest.raises(AttributeError, match="no attribute 'no_such_name'"):
        digitnet.no_such_name  # noqa: B018


@pytest.mark.parametrize("package", [digitnet, imaging, nn])
def test_type_checkers_and_editors_see_the_same_names_as_python(package: ModuleType) -> None:
    """Each import for type checkers, `from home import Name as Name`, stands in the table too."""
    tree = ast.parse(Path(str(package.__file__)).read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {
        alias.name: str(node.module).removeprefix(f"{package.__name__}.")
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname is not None
    }
    assert seen == package._HOMES
    assert set(dir(package)) >= set(seen)


def test_the_public_face_is_documented() -> None:
    page = (Path(__file__).parents[1] / "docs" / "python.md").read_text()
    for name in digitnet.__all__:
        assert f"`{name}`" in page or f"digitnet.{name}" in page, name
