"""Code blocks: run the Python in the documents, and compare what it prints with what they show.

python tools/code_blocks.py PAGE...            run; exit with 1 where something differs
python tools/code_blocks.py --write PAGE...    write what was printed into the pages
python tools/code_blocks.py                    all pages that have code to run

The blocks of a page are one program, in order. What stands in a block of text right behind one is
what it prints; a number may differ by one in its last place, as processors round differently. A
block behind `<!-- needs mnist -->` is left out, and said to be, where MNIST is
neither in the cache nor in DIGITNET_MNIST.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from digitnet.data.mnist import has_mnist

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "docs" / "quickstart.md",
    *sorted(page for page in (ROOT / "docs" / "learn").glob("*.md") if page.stem != "index"),
]
"""Those with code to run. docs/python.md trains for minutes, docs/extending.md makes programs:
tests of their own run them."""
BLOCK = re.compile(
    r"(?P<needs><!-- needs mnist -->\n+)?```python\n(?P<code>.*?)```\n"
    r"(?:\n```text\n(?P<shown>.*?)```\n)?",
    re.DOTALL,
)


class Block(NamedTuple):
    """A block of Python on a page: its code, what is shown below it, whether it needs MNIST."""

    code: str
    shown: str | None
    needs_mnist: bool


def blocks(text: str) -> list[Block]:
    """The blocks of a page, in order."""
    return [Block(m["code"], m["shown"], bool(m["needs"])) for m in BLOCK.finditer(text)]


def printed(page: Path) -> list[str | None]:
    """What each block of a page prints; None for one that was left out.

    Raises:
        ValueError: a block does not run; with its traceback.
    """
    there = has_mnist()
    codes = [b.code if there or not b.needs_mnist else None for b in blocks(page.read_text())]
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "test_images").symlink_to(ROOT / "test_images")
        done = subprocess.run(
            [sys.executable, "-W", "error", __file__, "--blocks"],
            input=json.dumps(codes), cwd=folder, capture_output=True, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "OPENBLAS_NUM_THREADS": "1"},
        )  # fmt: skip
    if done.returncode:
        raise ValueError(f"{page.name}: {done.stderr}")
    return list(json.loads(done.stdout))


def run_blocks() -> None:
    """In a process of its own: run the blocks on standard input, and print what each printed."""
    names: dict[str, object] = {"__name__": "__main__"}
    said = []
    for number, code in enumerate(json.load(sys.stdin), 1):
        if code is None:
            said.append(None)
            continue
        with contextlib.redirect_stdout(io.StringIO()) as output:
            exec(compile(code, f"block {number}", "exec"), names)
        said.append("\n".join(line.rstrip() for line in output.getvalue().splitlines()))
    print(json.dumps(said))


NUMBER = re.compile(r"\d+(?:\.(\d+))?")


def alike(shown: str, output: str) -> bool:
    """Whether two texts differ at most by one in the last place of their numbers."""
    if NUMBER.sub("0", shown) != NUMBER.sub("0", output):
        return False
    pairs = zip(NUMBER.finditer(shown), NUMBER.finditer(output), strict=True)
    return all(
        len(a[1] or "") == len(b[1] or "")
        and abs(float(a[0]) - float(b[0])) <= 1.001 * 10.0 ** -len(a[1] or "")
        for a, b in pairs
    )


def differences(page: Path) -> list[str]:
    """What a page shows and its code does not print, in words; also a block that does not run."""
    try:
        outputs = printed(page)
    except ValueError as error:
        return [str(error)]
    wrong = []
    for number, (block, output) in enumerate(
        zip(blocks(page.read_text()), outputs, strict=True), 1
    ):
        if output is not None and not alike((block.shown or "").rstrip("\n"), output):
            wrong.append(f"{page.name}, block {number} shows\n{block.shown}but prints\n{output}")
    return wrong


def write(page: Path) -> None:
    """Write what the blocks print below them; those that were left out stay as they are."""
    outputs = iter(printed(page))

    def with_output(found: re.Match[str]) -> str:
        output = next(outputs)
        if output is None:
            return found[0]
        head = f"{found['needs'] or ''}```python\n{found['code']}```\n"
        return head + (f"\n```text\n{output}\n```\n" if output else "")

    page.write_text(BLOCK.sub(with_output, page.read_text()))


def main() -> int:
    words = sys.argv[1:]
    if words == ["--blocks"]:
        run_blocks()
        return 0
    pages = [Path(word) for word in words if not word.startswith("-")] or PAGES
    pages = [page for page in pages if blocks(page.read_text())]
    if "--write" in words:
        for page in pages:
            write(page)
        return 0
    wrong = [line for page in pages for line in differences(page)]
    if wrong:
        print(*wrong, sep="\n\n", file=sys.stderr)
    needing = sum(block.needs_mnist for page in pages for block in blocks(page.read_text()))
    n_left = 0 if has_mnist() else needing
    print(f"{len(pages)} pages run; {n_left} blocks left out, which need MNIST.")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
