"""Forms: write the tables of docs/forms.md from the table of the schools.

python tools/forms.py            rewrite them
python tools/forms.py --check    exit with 1 where they are out of date
"""

from __future__ import annotations

import sys
from pathlib import Path

from digitnet.handwriting.schools import FORMS, SCHOOLS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "forms.md"
START, END = "<!-- forms: make docs -->", "<!-- end of forms -->"


def tables() -> str:
    """A row for each form: its digit, name, share among each school's writers, and lift."""
    rows = [
        f"| digit | form | {' | '.join(SCHOOLS)} | lift |",
        f"| --- | --- |{' ---: |' * (len(SCHOOLS) + 1)}",
    ]
    for form in FORMS:
        shares = " | ".join(f"{share} %" if share else "" for share in form.shares)
        rows.append(f"| {form.label} | {form.name} | {shares} | {form.lift} |")
    return "\n".join(rows)


def main() -> int:
    text = PAGE.read_text()
    before, _, rest = text.partition(START)
    after = rest.partition(END)[2]
    new = f"{before}{START}\n{tables()}\n{END}{after}"
    if "--check" in sys.argv[1:]:
        return int(new != text)
    PAGE.write_text(new)
    return 0


if __name__ == "__main__":
    sys.exit(main())
