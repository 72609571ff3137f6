"""Source lines: links from the pages to a class or function lead to the line where it begins.

python tools/source_lines.py            write the lines anew
python tools/source_lines.py --check    exit with 1 where one leads elsewhere

A link is written as [`Dense.backward`](../../src/digitnet/nn/layers.py#L49): its text is the name
in that file, and the line is looked up.
"""

from __future__ import annotations

import ast
import re
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LINK = re.compile(r"\[`([\w.]+)`\]\(((?:\.\./)+src/[\w/]+\.py)#L\d+\)")


@cache
def lines_of(path: Path) -> dict[str, int]:
    """The line of each class, function and method in a file."""
    lines = {}
    kinds = (ast.ClassDef, ast.FunctionDef)
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, kinds):
            lines[node.name] = node.lineno
            inner = [each for each in node.body if isinstance(each, kinds)]
            lines |= {f"{node.name}.{each.name}": each.lineno for each in inner}
    return lines


def up_to_date(page: Path) -> str:
    """A page's text, its links with the right lines.

    Raises:
        SystemExit: a link names what is not in its file.
    """

    def with_line(found: re.Match[str]) -> str:
        name, target = found[1], found[2]
        line = lines_of((page.parent / target).resolve()).get(name)
        if line is None:
            sys.exit(f"{page.relative_to(ROOT)}: there is no {name} in {target}.")
        return f"[`{name}`]({target}#L{line})"

    return LINK.sub(with_line, page.read_text())


def main() -> int:
    stale = 0
    for page in sorted((ROOT / "docs").rglob("*.md")):
        text = up_to_date(page)
        if text != page.read_text():
            stale += 1
            if "--check" not in sys.argv[1:]:
                page.write_text(text)
    return int(stale > 0 and "--check" in sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
