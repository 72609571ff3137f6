"""Tables: what pages and forms say as rows, for the command line and for clusters."""

from __future__ import annotations

from collections.abc import Iterator

from digitnet.errors import PictureError, SettingsError, as_option
from digitnet.reading.form import FormReading
from digitnet.reading.reading import Reading
from digitnet.reading.template import Template

PAGE_HEADER = ("path", "line", "text", "confidence", "reason")
"""The columns of a table of lines."""

Cell = str | int | float | None


def page_rows(name: str, answer: Reading | PictureError) -> Iterator[tuple[Cell, ...]]:
    """A row for each line, numbered from 1; a page without any has one with the reason."""
    if isinstance(answer, PictureError):
        yield name, None, None, None, answer.worded(as_option)
    elif not answer.lines:
        yield name, None, None, None, answer.reason
    else:
        for number, text in enumerate(answer.lines):
            chance = answer.line_probabilities[number]
            yield name, number + 1, text, float(chance), answer.line_doubts[number]


def form_header(template: Template) -> list[str]:
    """The columns: path, three for each field, and the form's status and reason.

    Raises:
        SettingsError: two columns would be called alike.
    """
    header = ["path"]
    for field in template.fields:
        header += [field.name, f"{field.name} confidence", f"{field.name} status"]
    header += ["status", "reason"]
    twice = next((name for k, name in enumerate(header) if name in header[:k]), None)
    if twice is not None:
        raise SettingsError(f"Two columns of the table would be called {twice}: rename a field.")
    return header


def form_row(name: str, answer: FormReading | PictureError, template: Template) -> list[Cell]:
    """The row of one form."""
    if isinstance(answer, PictureError):
        blanks: list[Cell] = [None, None, None] * len(template.fields)
        return [name, *blanks, "refused", answer.worded(as_option)]
    row: list[Cell] = [name]
    for field in answer.fields:
        sure = None if field.confidence is None else float(field.confidence)
        row += [field.value, sure, field.status]
    reasons = "; ".join(f"{field.name}: {field.reason}" for field in answer.to_look_at)
    return [*row, answer.status, reasons]


def as_cell(value: Cell) -> object:
    """A cell as CSV has it: nothing for None, four places of a probability."""
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else value
