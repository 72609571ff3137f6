"""Mutants: small faults planted one at a time, and the share that the tests of a folder notice.

    python tools/mutants.py [FOLDER ...] [--sample N --seed S] [--jobs 2] [--record]

cosmic-ray makes the mutants (a number one up or down, < for <=, + for -, and for or, a loop that
never runs, ...) of src/digitnet/FOLDER; tests/FOLDER has to notice them. First every test runs
once with its lines noted; a mutant is then met by the tests that run its line (a constant's: by
those that run the file's), the fastest first, in a fork of a process that has the libraries loaded
already. A mutant that takes far more processor time or memory than its tests did is noticed, too.
Survivors are listed in results/survivors.txt.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib.machinery
import importlib.util
import json
import os
import random
import resource
import shlex
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "digitnet"
FOLDERS = ("nn", "models", "training", "reading", "imaging")
SWAPS = """
Add_Sub Sub_Add Mul_Div Div_Mul FloorDiv_Div Mod_Mul Pow_Mul RShift_LShift LShift_RShift
BitOr_BitAnd BitAnd_BitOr BitXor_BitAnd
"""
COMPARISONS = "Eq_NotEq NotEq_Eq Lt_LtE LtE_Lt Gt_GtE GtE_Gt Is_IsNot IsNot_Is"
UNARY = "USub_UAdd Delete_Not Delete_Invert"
OTHERS = """
AddNot ReplaceTrueWithFalse ReplaceFalseWithTrue ReplaceAndWithOr ReplaceOrWithAnd
ReplaceBreakWithContinue ReplaceContinueWithBreak NumberReplacer RemoveDecorator
ZeroIterationForLoop
"""
OPERATORS = [
    *(f"ReplaceBinaryOperator_{name}" for name in SWAPS.split()),
    *(f"ReplaceComparisonOperator_{name}" for name in COMPARISONS.split()),
    *(f"ReplaceUnaryOperator_{name}" for name in UNARY.split()),
    *OTHERS.split(),
]
"""One replacement for each operator: the one that is hardest to notice."""
NO_FAULT = 79
"""Exit code of a fork that found none to plant."""
MEMORY = 6 * 2**30
"""Bytes of address space that the tests of one mutant may take."""


class Mutant(NamedTuple):
    """A place where a fault can be planted."""

    path: Path
    line: int
    operator: str
    occurrence: int

    def code(self) -> str | None:
        """The file with the fault in it; None where it is the same program, or none."""
        from cosmic_ray.mutating import mutate_code
        from cosmic_ray.plugins import get_operator

        source = self.path.read_text()
        code = mutate_code(source, get_operator(f"core/{self.operator}")(), self.occurrence)
        try:
            return None if code is None or meaning(code) == meaning(source) else str(code)
        except SyntaxError:
            return None

    def __str__(self) -> str:
        """Where it is, and the line before and after."""
        old, new = self.path.read_text().splitlines(), (self.code() or "").splitlines()
        place = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), 0)
        name = self.path.relative_to(PACKAGE)
        return f"{name}:{place + 1}: {old[place].strip()}  ->  {new[place].strip()}"


def mutants(path: Path) -> Iterator[Mutant]:
    """All places of a file."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import get_operator

    nodes = list(ast_nodes(get_ast(path.read_text())))
    for name in OPERATORS:
        operator = get_operator(f"core/{name}")()
        lines = (start[0] for node in nodes for start, _ in operator.mutation_positions(node))
        for occurrence, line in enumerate(lines):
            yield Mutant(path, line, name, occurrence)


def meaning(source: str) -> str:
    """A program without its annotations."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign):
            node.annotation = ast.Constant(0)
        elif isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None
    return ast.dump(tree)


class Notes:
    """A plugin of pytest: which test, or shared fixture, ran which lines; and for how long."""

    def __init__(self) -> None:
        import coverage

        self.coverage = coverage.Coverage(data_file=None, include=[f"{PACKAGE}/*"])
        self.seconds: dict[str, float] = defaultdict(float)
        self.fixtures: dict[str, list[str]] = {}
        self.failed: set[str] = set()
        self._context = ""

    def _switch(self, context: str) -> str:
        before, self._context = self._context, context
        self.coverage.switch_context(context)
        return before

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._switch(nodeid)

    def pytest_runtest_setup(self, item: Any) -> None:
        self.fixtures[item.nodeid] = [f"fixture {name}" for name in item.fixturenames]

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seconds[report.nodeid] += report.duration
        if report.failed:
            self.failed.add(report.nodeid)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self._switch("")

    def wrapped(self) -> Any:
        """The same, as a plugin whose hook goes around the making of fixtures."""
        import pytest

        notes = self

        class Around:
            @pytest.hookimpl(wrapper=True)
            def pytest_fixture_setup(self, fixturedef: Any) -> Any:
                if fixturedef.scope == "function":
                    return (yield)
                before = notes._switch(f"fixture {fixturedef.argname}")
                try:
                    return (yield)
                finally:
                    notes._switch(before)

        return Around()

    def as_json(self) -> dict[str, Any]:
        """Lines -> contexts of every file, seconds and fixtures of every test that passes."""
        data = self.coverage.get_data()
        lines = {
            file: {str(k): v for k, v in data.contexts_by_lineno(file).items()}
            for file in data.measured_files()
        }
        passed = {name: s for name, s in self.seconds.items() if name not in self.failed}
        return {"lines": lines, "seconds": passed, "fixtures": self.fixtures,
                "failed": sorted(self.failed)}  # fmt: skip


def run_pytest(words: Sequence[str], plugins: Sequence[Any] = ()) -> int:
    """Run tests in this process, told nothing by its environment."""
    import pytest

    quiet = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:randomly"]
    return int(
        pytest.main(
            [*quiet, "-W", "ignore::pytest.PytestAssertRewriteWarning", *words], plugins=plugins
        )
    )


class Forked:
    """A function called in a fork, in a process group of its own, with bounds."""

    def __init__(self, call: Any, cpu_seconds: float) -> None:
        self.number = os.fork()
        if self.number == 0:
            code = 70
            try:
                os.setpgid(0, 0)
                null = os.open(os.devnull, os.O_RDWR)
                for stream in (0, 1, 2):
                    os.dup2(null, stream)
                resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
                seconds = int(cpu_seconds) + 1
                resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
                code = call()
            finally:
                os._exit(code)

    def wait(self, seconds: float) -> int:
        """The exit code; negative for a signal, and where it slept for longer than that."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            number, status = os.waitpid(self.number, os.WNOHANG)
            if number:
                self._sweep()
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.01)
        self._sweep()
        os.waitpid(self.number, 0)
        return -signal.SIGALRM

    def _sweep(self) -> None:
        with contextlib.suppress(OSError):
            os.killpg(self.number, signal.SIGKILL)


def take_notes(folder: str) -> dict[str, Any]:
    """Run a folder's tests once, and note which ran what."""
    file = ROOT / "runs" / f"mutants-{folder}.json"
    file.parent.mkdir(exist_ok=True)

    def noted() -> int:
        notes = Notes()
        notes.coverage.start()
        run_pytest([str(ROOT / "tests" / folder)], [notes, notes.wrapped()])
        notes.coverage.stop()
        file.write_text(json.dumps(notes.as_json()))
        return 0

    file.unlink(missing_ok=True)
    Forked(noted, 1800).wait(3600)
    found: dict[str, Any] = json.loads(file.read_text())
    for name in found["failed"]:
        print(f"left out, it fails without a fault: {name}")
    return found


def chosen_tests(mutant: Mutant, notes: dict[str, Any]) -> list[str]:
    """The tests that run a mutant's statement, the fastest first."""
    lines = notes["lines"].get(str(mutant.path), {})
    found = {c for line in statement(mutant) for c in lines.get(str(line), ()) if c}
    imported = any("" in lines.get(str(line), ()) for line in statement(mutant))
    if not found and imported:  # a constant, a default, a field
        found = {c for contexts in lines.values() for c in contexts if c}
    uses = {name for name, fixtures in notes["fixtures"].items() if found & set(fixtures)}
    seconds = notes["seconds"]
    return sorted((name for name in found | uses if name in seconds), key=seconds.__getitem__)


def statement(mutant: Mutant) -> range:
    """The lines of the smallest statement around a mutant; of an `if` or `def`, its head's."""
    best = range(mutant.line, mutant.line + 1)
    for node in ast.walk(ast.parse(mutant.path.read_text())):
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            end = body[0].lineno - 1 if body else node.end_lineno or node.lineno
            lines = range(node.lineno, max(end, node.lineno) + 1)
            if mutant.line in lines:
                best = lines  # ast.walk goes from the outside inwards
    return best


def judge(mutant: Mutant, notes: dict[str, Any]) -> str:
    """`killed`, `timeout`, `survived`, `no test`; `none` where there is no fault at that place."""
    tests = chosen_tests(mutant, notes)
    if not tests:
        return "no test" if mutant.code() else "none"
    name = ".".join(mutant.path.relative_to(PACKAGE.parent).with_suffix("").parts)
    name = name.removesuffix(".__init__")
    file, code = str(mutant.path), ""

    class Loader(importlib.machinery.SourceFileLoader):
        def get_code(self, fullname: str) -> Any:
            return compile(code, file, "exec", dont_inherit=True)

    class Finder:
        @staticmethod
        def find_spec(fullname: str, path: Any = None, target: Any = None) -> Any:
            if fullname != name:
                return None
            return importlib.util.spec_from_file_location(name, file, loader=Loader(name, file))

    def tested() -> int:
        nonlocal code
        code = mutant.code() or ""
        if not code:
            return NO_FAULT
        sys.meta_path.insert(0, Finder)  # type: ignore[arg-type]
        return run_pytest(["-x", *tests])

    usual = sum(notes["seconds"][test] for test in tests)
    end = Forked(tested, 3 * usual + 15).wait(10 * usual + 60)
    if end in (-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGALRM):
        return "timeout"
    return {0: "survived", NO_FAULT: "none"}.get(end, "killed")


def work_through(asked: str, sample: int | None, seed: int, jobs: int) -> dict[str, Any]:
    """The mutants of a folder or a file, or a sample: how many of each fate, and the survivors."""
    started = time.monotonic()
    place = PACKAGE / asked
    paths = sorted(place.rglob("*.py")) if place.is_dir() else [place]
    found = [mutant for path in paths for mutant in mutants(path)]
    picked = random.Random(seed).sample(found, min(sample or len(found), len(found)))
    picked.sort(key=lambda mutant: (mutant.path, mutant.line))
    notes = take_notes(asked.partition("/")[0])
    with ThreadPoolExecutor(jobs) as helpers:  # they wait for forks
        fates = list(helpers.map(lambda mutant: judge(mutant, notes), picked))
    survivors = [
        f"{mutant}{'  (no test runs it)' if fate == 'no test' else ''}"
        for mutant, fate in zip(picked, fates, strict=True)
        if fate in ("survived", "no test")
    ]
    minutes = (time.monotonic() - started) / 60
    return {
        "mutants": len(found),
        "sampled": len(picked) < len(found),
        "tried": len(fates) - fates.count("none"),
        "fates": Counter(fates),
        "survivors": survivors,
        "minutes": round(minutes, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", default=list(FOLDERS), metavar="FOLDER",
                        help="or a file, such as nn/pooling.py")  # fmt: skip
    parser.add_argument("--sample", type=int, metavar="N", help="so many of each folder's mutants")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--record", action="store_true", help="keep the shares in results/")
    args = parser.parse_args()
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[variable] = "1"
    os.environ |= {"CI": "1", "PYTHONDONTWRITEBYTECODE": ""}  # the same examples every time
    os.chdir(ROOT)
    for library in ("coverage", "cosmic_ray.mutating", "cv2", "hypothesis", "numpy", "PIL.Image"):
        importlib.import_module(library)
    print(f"{'':<12}{'places':>9}{'tried':>8}{'killed':>8}{'share':>8}{'95 %':>16}{'minutes':>9}")
    kept = {}
    for folder in args.folders:
        row = work_through(folder, args.sample, args.seed, args.jobs)
        kept[folder] = row
        print(said(folder, row), flush=True)
        if args.record:
            record(folder, row)
    places = ROOT / "results" / "survivors.txt"
    places.write_text("\n".join(line for row in kept.values() for line in row["survivors"]) + "\n")
    print(f"survivors: {places.relative_to(ROOT)}")


def record(folder: str, row: dict[str, Any]) -> None:
    """Keep a folder's share for docs/results.md."""
    sys.path.insert(0, str(ROOT))
    from benchmarks.records import keep_record

    killed = row["fates"]["killed"] + row["fates"]["timeout"]
    keep_record(
        f"mutants-{folder.replace('/', '-')}", f"tests/{folder.partition('/')[0]}", row["tried"],
        [killed / max(1, row["tried"])], part="mutants",
        what=f"{row['tried']} faults, at {row['mutants']:,} places",
        command=shlex.join(["python", "tools/mutants.py", *sys.argv[1:]]),
    )  # fmt: skip


def said(folder: str, row: dict[str, Any]) -> str:
    """A folder's row of the table."""
    killed = row["fates"]["killed"] + row["fates"]["timeout"]
    tried = max(1, row["tried"])
    share, z = killed / tried, 1.96
    middle = (share + z * z / (2 * tried)) / (1 + z * z / tried)
    half = z * (share * (1 - share) / tried + z * z / (4 * tried**2)) ** 0.5 / (1 + z * z / tried)
    interval = (
        f"{middle - half:.1%} to {min(1, middle + half):.1%}" if tried < row["mutants"] else ""
    )
    return (
        f"{folder:<12}{row['mutants']:>9,}{tried:>8,}{killed:>8,}{share:>8.1%}{interval:>18}"
        f"{row['minutes']:>9.1f}"
    )


if __name__ == "__main__":
    main()
