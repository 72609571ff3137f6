"""What the documents say is kept true: lists, tables, code and what it prints, commands, links."""

from __future__ import annotations

import argparse
import importlib
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from digitnet.cli.main import COMMANDS, VARIANTS, Parser, main
from digitnet.data.synthetic import synthesize
from digitnet.errors import EXTRAS
from support.tools import tool

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
README = (ROOT / "README.md").read_text()
DATA = (DOCS / "data.md").read_text()
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]
PAGES += [ROOT / "benchmarks" / "README.md"]


code_blocks = tool("code_blocks")


def test_the_list_of_files_is_up_to_date() -> None:
    done = subprocess.run([sys.executable, str(ROOT / "tools" / "house.py"), "--check"])
    assert done.returncode == 0, "run make docs"


def test_the_table_of_forms_is_up_to_date() -> None:
    done = subprocess.run([sys.executable, str(ROOT / "tools" / "forms.py"), "--check"])
    assert done.returncode == 0, "run make docs"


def test_links_to_the_source_lead_to_the_right_lines() -> None:
    done = subprocess.run([sys.executable, str(ROOT / "tools" / "source_lines.py"), "--check"])
    assert done.returncode == 0, "run make docs"


def test_the_notebooks_are_their_pages() -> None:
    done = subprocess.run([sys.executable, str(ROOT / "tools" / "notebooks.py"), "--check"])
    assert done.returncode == 0, "run make docs"
    for page in code_blocks.PAGES:
        if page.parent.name == "learn":
            cells = json.loads(page.with_suffix(".ipynb").read_text())["cells"]
            n_code = sum(cell["cell_type"] == "code" for cell in cells)
            assert n_code == page.read_text().count("```python\n"), page.stem
            assert not any("```python" in "".join(cell["source"]) for cell in cells)


def test_a_notebook_that_prints_something_else_is_told(
    tmp_path: Path,
) -> None:
    for name in ("nbclient", "ipykernel"):
        pytest.importorskip(name, reason="needs digitnet[docs]")
    page = tmp_path / "page.md"
    page.write_text("Text.\n\n```python\nprint(8)\n```\n\n```text\n5\n```\n")
    program = f"from notebooks import differences, Path; print(*differences(Path({str(page)!r})))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT / "tools", capture_output=True, text=True
    )
    assert "page shows\n5\nbut its notebook prints\n8" in done.stdout, done.stderr


def test_the_python_example_runs(tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (DOCS / "python.md").read_text(), re.DOTALL)
    quick = example.replace("epochs=20", "epochs=1").replace(
        'open_source("synthetic")', 'open_source("synthetic", n_synthetic=2000)'
    )
    assert quick.count("2000") == quick.count("epochs=1") == 1
    quick = quick.replace("test_images/", f"{ROOT}/test_images/")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", quick], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert re.match(r"(\d|None) \[", done.stdout)


@pytest.mark.parametrize("page", code_blocks.PAGES, ids=lambda page: page.stem)
def test_the_code_on_a_page_runs_and_prints_what_is_shown(
    page: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A block that needs MNIST is left out where there is none; the others run all the same."""
    if any(block.needs_mnist for block in code_blocks.blocks(page.read_text())):
        monkeypatch.setenv("DIGITNET_MNIST", str(request.getfixturevalue("mnist_folder")))
    assert code_blocks.differences(page) == []


def test_a_block_that_fails_or_prints_something_else_is_told(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```python\nx = 2\n```\n\n```python\nprint(x, 0.5)\n```\n\n```text\n3 0.7\n```\n"
    )
    (wrong,) = code_blocks.differences(page)
    assert "block 2 shows" in wrong
    assert "prints\n2 0.5" in wrong
    page.write_text("```python\nprint(1)\n```\n")
    assert len(code_blocks.differences(page)) == 1  # and does not show it
    page.write_text("```python\n1 / 0\n```\n")
    assert "ZeroDivisionError" in code_blocks.differences(page)[0]


def test_numbers_may_differ_by_one_in_the_last_place_and_by_no_more() -> None:
    assert code_blocks.alike("0.574 and 97%", "0.575 and 96%")
    assert not code_blocks.alike("0.574", "0.576")
    assert not code_blocks.alike("97%", "95%")
    assert not code_blocks.alike("0.57", "0.570")
    assert not code_blocks.alike("3 of 4", "3 or 4")


def test_what_a_page_prints_is_written_into_it(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    before = "Text.\n\n```python\nprint(7)\n```\n"
    page.write_text(f"{before}\nMore.\n")
    code_blocks.write(page)
    assert page.read_text() == f"{before}\n```text\n7\n```\n\nMore.\n"
    assert code_blocks.differences(page) == []


def commands_shown() -> list[tuple[str, str]]:
    """Every line of a shell block that calls digitnet, with its page."""
    found = []
    for page in PAGES:
        for block in re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL):
            lines = [line.rpartition("| ")[2] for line in block.splitlines()]
            found += [(page.name, line) for line in lines if line.startswith("digitnet ")]
    return found


@pytest.mark.parametrize(("page", "line"), commands_shown())
def test_a_command_that_is_shown_is_one(page: str, line: str) -> None:
    """It is parsed, not run: no option or choice that there is not."""
    command, *words = shlex.split(line, comments=True)[1:]
    parser = Parser(prog=f"digitnet {command}")
    home = VARIANTS.get(" ".join([command, *words[:1]]), command)
    importlib.import_module(f"digitnet.cli.{home}").add_arguments(parser)
    assert isinstance(parser.parse_args(words), argparse.Namespace)


LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def anchors(page: Path) -> set[str]:
    """What can be linked to on a page: its headings, as repositories and the site call them."""
    heads = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_and_picture_is_there(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(), flags=re.DOTALL)
    for target in LINK.findall(text):
        if target.startswith(("http:", "https:")):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.is_file(), target
        if anchor and file.suffix == ".md":
            assert anchor in anchors(file), target


def test_every_picture_of_the_course_is_drawn_and_shown() -> None:
    source = (ROOT / "tools" / "draw_course.py").read_text()
    shown = set()
    for page in (DOCS / "learn").glob("*.md"):
        shown |= set(re.findall(r"\]\(([\w-]+)\.svg\)", page.read_text()))
        if page.stem != "index":
            assert "## Exercise" in page.read_text()
            assert "<summary>Answer</summary>" in page.read_text()
    assert shown == {path.stem for path in (DOCS / "learn").glob("*.svg")}
    for name in shown:
        assert f"def {name.replace('-', '_')}() -> Any" in source


def test_the_moving_picture_is_light() -> None:
    assert (DOCS / "drawing.gif").stat().st_size < 2 << 20


def test_the_readme_is_one_screen() -> None:
    assert len(README.splitlines()) < 100


def test_every_public_name_has_a_place_in_the_reference() -> None:
    import digitnet

    shown = re.findall(r"^\.\. auto\w+:: digitnet\.(\w+)$", (DOCS / "api.md").read_text(), re.M)
    assert sorted([*shown, "__version__"]) == sorted(digitnet.__all__)


def build_site(folder: Path) -> subprocess.CompletedProcess[str]:
    """A site of the pages in folder/docs, as strict as `make docs` is."""
    command = [sys.executable, "-m", "sphinx", "-qnWEN", "-c", str(DOCS)]
    return subprocess.run(
        [*command, str(folder / "docs"), str(folder / "site")], capture_output=True, text=True
    )


def test_the_site_refuses_what_leads_nowhere(tmp_path: Path) -> None:
    for name in ("sphinx", "myst_parser", "furo", "latex2mathml"):
        pytest.importorskip(name, reason="needs digitnet[docs]")
    docs = tmp_path / "docs"
    docs.mkdir()
    (tmp_path / "code.py").write_text("first = 1\nsecond = 2\n")
    (docs / "other.md").write_text("# Other\n\nOf $x^2$.\n")
    (tmp_path / "NOTES.md").write_text("# Notes\n\n[One](docs/other.md), [two](code.py).\n")
    (docs / "notes.md").write_text("[NOTES.md](../NOTES.md)\n")
    head = "# Site\n\n```{toctree}\n:caption: Pages\n\nother\nnotes\nexport*\n```\n\n"
    head += "[code](../code.py#L2)\n"
    (docs / "index.md").write_text(head)
    done = build_site(tmp_path)
    assert done.returncode == 0, done.stderr
    assert 'href="source/code.py.html#L-2"' in (tmp_path / "site" / "index.html").read_text()
    assert 'id="L-2"' in (tmp_path / "site" / "source" / "code.py.html").read_text()
    assert "<msup>" in (tmp_path / "site" / "other.html").read_text()
    assert 'role="heading" aria-level="2"' in (tmp_path / "site" / "other.html").read_text()
    notes = (tmp_path / "site" / "notes.html").read_text()
    assert "<h1>Notes" in notes
    assert 'href="other.html"' in notes
    assert 'href="source/code.py.html#L-1"' in notes
    for bad, said in (
        ("[a](none.md)", "none.md"),
        ("[a](other.md#none)", "none"),
        ("![a](none.png)", "none.png"),
        ("[a](../none.py)", "none.py, which is not there"),
        ("[a](../code.py#L3)", "past the end of code.py"),
    ):
        (docs / "index.md").write_text(f"{head}\n{bad}\n")
        done = build_site(tmp_path)
        assert done.returncode != 0, bad
        assert said in done.stderr


def test_what_the_document_of_data_shows_is_what_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two drawn digits of each class, their rows for columns, in a table; but for the figures."""
    command, *shown = re.findall(r"```\n\$ (.*?)```", DATA, flags=re.DOTALL)[0].splitlines()
    digits = synthesize(200, np.random.default_rng(0))
    chosen = np.concatenate([np.flatnonzero(digits.labels == label)[:2] for label in range(10)])
    rows = digits.images[chosen].transpose(0, 2, 1).reshape(-1, 784)
    table = np.column_stack([rows, digits.labels[chosen]])
    header = ",".join([*(f"pixel{i}" for i in range(784)), "class"])
    np.savetxt(tmp_path / "digits.csv", table, "%d", ",", header=header, comments="")
    monkeypatch.chdir(tmp_path)
    assert main(command.split()[1:]) == 0
    output = capsys.readouterr()
    said = [re.sub(r"reads \d+ as labelled, and \d+ as", "reads", line) for line in shown]
    lines = re.sub(r"reads \d+ as labelled, and \d+ as", "reads", output.err).splitlines()
    assert lines == said
    assert output.out.count("█" * 40) == 10


def test_every_command_is_shown() -> None:
    shown = "\n".join(line for _, line in commands_shown())
    for command in COMMANDS:
        assert f"digitnet {command}" in shown, command


def test_every_extra_is_in_the_quickstart() -> None:
    text = (DOCS / "quickstart.md").read_text()
    table = text.partition("| extra | for |\n")[2].partition("\n\n")[0]
    names = [name for row in table.splitlines()[1:] for name in row.split("|")[1].split(",")]
    assert [name.strip(" `") for name in names] == [*EXTRAS, "all"]


ACCURACY = re.compile(r"\b9\d\.\d+(?= %)")  # whole numbers are names and aims: --fast 98
LEDGER = ROOT / "docs" / "results.md"
QUOTING = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
QUOTING += sorted((ROOT / "src" / "digitnet" / "models" / "box").glob("*.md"))
# The lab notes hold experiments, each with its command and settings, on digits set aside.
QUOTING = [path for path in QUOTING if path.name not in ("results.md", "lab-notes.md")]


def quoted(text: str) -> set[str]:
    """The accuracies in a text as it writes them: 99.53 %, or two of them: 96.3 and 95.4 %."""
    text = re.sub(r"(\d) (and|to|/|or) (?=\d+\.\d+ %)", r"\1 % \2 ", text)
    return set(ACCURACY.findall(text))


def test_the_ledger_says_what_the_records_say() -> None:
    command = [sys.executable, "-m", "benchmarks.ledger", "--check"]
    assert subprocess.run(command, cwd=ROOT).returncode == 0, "run python -m benchmarks.ledger"


@pytest.mark.parametrize("path", QUOTING, ids=lambda path: path.name)
def test_no_document_quotes_an_accuracy_that_the_ledger_lacks(path: Path) -> None:
    known = set(re.findall(r"\b9\d\.\d+", LEDGER.read_text()))
    known |= {f"{float(figure):.1f}" for figure in known}
    missing = quoted(path.read_text()) - known
    assert not missing, f"{path.name} quotes {sorted(missing)}, docs/results.md has none of them"


def test_an_accuracy_is_found_however_it_is_written() -> None:
    text = "97.84 %, then 96.3 and 95.4 %, 90.1 to 99.25 %; not 99 %, 89.5 % nor 94.1 seconds"
    assert quoted(text) == {"97.84", "96.3", "95.4", "90.1", "99.25"}


def test_every_promise_that_is_attacked_is_in_the_document_of_trust() -> None:
    """And no promise there that nothing tries."""
    trust = (ROOT / "docs" / "trust.md").read_text()
    rows = re.findall(r"^\| ([^|]+?) \|", trust, flags=re.MULTILINE)[2:]
    attacks = "".join(p.read_text() for p in (ROOT / "tests" / "attacks").glob("test_*.py"))
    tried = set(re.findall(r'(?:promise\(|PROMISE = )"([^"]+)"', attacks))
    assert len(rows) == len(set(rows))
    assert set(rows) == tried


def test_every_situation_has_a_test_that_is_there() -> None:
    text = (ROOT / "docs" / "situations.md").read_text()
    rows = re.findall(r"^\| .* \| `(test_\w+)` \|$", text, flags=re.MULTILINE)
    tests = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    assert len(rows) >= 42
    assert len(rows) == text.count("\n| ") - 2  # the header and the line below it
    assert not [name for name in rows if f"def {name}(" not in tests]
