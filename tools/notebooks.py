"""Notebooks: each chapter of the course as a notebook beside its page, made from the page.

python tools/notebooks.py            write them anew
python tools/notebooks.py --check    exit with 1 where one is out of date
python tools/notebooks.py --run [NAME...]    run them; exit with 1 where a cell fails, or prints
                                             something else than the page shows

What a page shows as printed is left out: running the cell prints it. Cells that need MNIST are not
run where there is none.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from code_blocks import BLOCK, Block, alike, blocks

from digitnet.data.mnist import has_mnist

LEARN = Path(__file__).resolve().parents[1] / "docs" / "learn"
CHAPTERS = sorted(page for page in LEARN.glob("*.md") if page.stem != "index")
NEEDS_MNIST = "needs-mnist"
LINK_TO_ITSELF = re.compile(r"^\[This chapter as a notebook\].*\n", re.MULTILINE)
LINE = re.compile(r"(\.py)#L\d+")  # left out: a page alone is brought up to date with the source


def notebook(page: Path) -> str:
    """A page as a notebook of version 4.5, as text."""
    cells = []
    for number, (kind, text, tags) in enumerate(parts(page.read_text())):
        cell: dict[str, Any] = {
            "cell_type": kind,
            "id": f"{page.stem}-{number}",
            "metadata": {"tags": tags} if tags else {},
            "source": text.strip("\n").splitlines(keepends=True),
        }
        if kind == "code":
            cell |= {"execution_count": None, "outputs": []}
        cells.append(cell)
    metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    content = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def parts(text: str) -> Iterator[tuple[str, str, list[str]]]:
    """The cells of a page: their kind, their text, their tags."""
    done = 0
    for found in BLOCK.finditer(text):
        yield from words(text[done : found.start()])
        code = found["code"].replace('"test_images/', '"../../test_images/')
        yield "code", code, [NEEDS_MNIST] if found["needs"] else []
        done = found.end()
    yield from words(text[done:])


def words(text: str) -> Iterator[tuple[str, str, list[str]]]:
    """What stands between two blocks, as one cell or none; an answer is not folded away."""
    text = text.replace("<details>\n<summary>Answer</summary>", "### Answer")
    text = LINE.sub(r"\1", LINK_TO_ITSELF.sub("", text.replace("</details>", ""))).strip()
    if text:
        yield "markdown", text, []


def differences(page: Path) -> Iterator[str]:
    """Run a page's notebook; what a cell prints and the page does not show, in words."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    made = nbformat.reads(notebook(page), as_version=4)
    shown: list[Block] = blocks(page.read_text())
    if not has_mnist():
        made.cells = [c for c in made.cells if NEEDS_MNIST not in c.metadata.get("tags", [])]
        shown = [block for block in shown if not block.needs_mnist]
    resources = {"metadata": {"path": str(page.parent)}}
    quiet = ["--log-level=40"]  # it warns of its own connection to this program
    try:
        NotebookClient(
            made, kernel_name="python3", timeout=600, resources=resources, extra_arguments=quiet
        ).execute()
    except CellExecutionError as error:
        yield f"{page.stem}: {error}"
        return
    cells = [cell for cell in made.cells if cell.cell_type == "code"]
    for block, cell in zip(shown, cells, strict=True):
        said = "".join(output.get("text", "") for output in cell.outputs)
        said = "\n".join(line.rstrip() for line in said.splitlines())
        if not alike((block.shown or "").rstrip("\n"), said):
            yield f"{page.stem} shows\n{block.shown}but its notebook prints\n{said}"


def main() -> int:
    words = sys.argv[1:]
    named = [page for page in CHAPTERS if page.stem in words]
    if "--run" in words:
        wrong = [line for page in named or CHAPTERS for line in differences(page)]
        if wrong:
            print(*wrong, sep="\n\n", file=sys.stderr)
        print(f"{len(named or CHAPTERS)} notebooks run.")
        return int(bool(wrong))
    stale = 0
    for page in CHAPTERS:
        file, text = page.with_suffix(".ipynb"), notebook(page)
        if not file.is_file() or file.read_text() != text:
            stale += 1
            if "--check" not in words:
                file.write_text(text)
    return int(stale > 0 and "--check" in words)


if __name__ == "__main__":
    sys.exit(main())
