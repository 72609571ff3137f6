"""House: write the list of files in docs/house.md from the first line of each module.

python tools/house.py            rewrite the list
python tools/house.py --check    exit with 1 where it is out of date
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
START, END = "<!-- house: make docs -->", "<!-- end of house -->"


def captions() -> str:
    """A table with a row for each module: its path and its docstring's first line."""
    package = ROOT / "src" / "digitnet"
    rows = ["| file | about |", "| --- | --- |"]
    for path in sorted(package.rglob("*.py"), key=lambda p: (len(p.parts), p)):
        if path.name in ("__init__.py", "__main__.py"):
            continue
        caption = (ast.get_docstring(ast.parse(path.read_text())) or "").splitlines()[0]
        name = path.relative_to(package)
        rows.append(f"| `{name}` | {caption.partition(': ')[2] or caption} |")
    return "\n".join(rows)


def main() -> int:
    page = ROOT / "docs" / "house.md"
    text = page.read_text()
    before, _, rest = text.partition(START)
    after = rest.partition(END)[2]
    new = f"{before}{START}\n{captions()}\n{END}{after}"
    if "--check" in sys.argv[1:]:
        return int(new != text)
    page.write_text(new)
    return 0


if __name__ == "__main__":
    sys.exit(main())
