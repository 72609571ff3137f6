"""Read forms: `digitnet read FORM ... --template form.toml`: a pile of forms made one table."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

from digitnet.cli.main import as_option, tell_error
from digitnet.cli.named_pictures import Named, named_pictures
from digitnet.cli.output import say, show, show_json, write_table
from digitnet.cli.signals import Stopping, listen_for_stop
from digitnet.errors import PictureError, SettingsError
from digitnet.imaging.decoders import PHOTOGRAPH, Decoders
from digitnet.models.lines import LineModel
from digitnet.models.model import Model
from digitnet.reading.alignment import flattened
from digitnet.reading.form import FieldReading, FormReading, read_form
from digitnet.reading.tables import as_cell, form_header, form_row
from digitnet.reading.template import Template
from digitnet.training.progress import clock

Answer = FormReading | PictureError
Readers = tuple[Model, LineModel]
FIRST_TOLD, THEN_TOLD = 5.0, 20.0
"""Seconds until it is first said how far things are, and between then and the next time."""
MOST_LISTED = 40
"""Fields that a person must look at, listed at the end; the table has all of them."""


def run(args: argparse.Namespace, line_model: LineModel | None, model: Model, called: str) -> int:
    """Read each form; exit code 1 if some could not be read, 2 if none could."""
    table, drawing = _outputs(args)
    if line_model is None:
        raise SettingsError("A template needs a model that reads lines: leave out --line-model.")
    forms = named_pictures(args.sheets)
    if drawing is not None and len(forms) > 1:
        raise SettingsError("--out draws one form: give one, or a table's name, results.csv.")
    decoders = Decoders(PHOTOGRAPH)
    template = Template.load(args.template, decoders.open)
    header = form_header(template)
    pile = _Pile((model, line_model), template, forms, decoders, quiet=args.json)
    with listen_for_stop() as stopping:
        answers = pile.answers(stopping, drawing)
        if args.json:
            for form, answer in answers:
                show_json({"path": form.name, **_as_dict(answer), "model": called})
        elif table is not None:
            write_table(table, header, (_row(*answer, template) for answer in answers))
        else:
            for form, answer in answers:
                _show(form, answer)
    decoders.close()
    if not args.json:
        pile.tell_what_to_look_at(table)
    if stopping.number is not None:
        kept = f"; {table} holds them" if table not in (None, "-") else ""
        say(f"Stopped: {pile.done:,} of {len(forms):,} forms were read{kept}. Give it the others.")
        return 128 + stopping.number
    return 0 if not pile.failed else 2 if pile.failed == len(forms) else 1


def _outputs(args: argparse.Namespace) -> tuple[str | None, str | None]:
    """Where the table goes, and where the drawing; both may be None."""
    told = [word for word in ("field", "pattern", "allow", "min", "max", "checksum")
            if vars(args)[word] is not None]  # fmt: skip
    if told:
        raise SettingsError(f"A template's fields say what --{told[0]} would: leave it out.")
    drawing, table = args.out, args.csv
    if drawing is not None and drawing.lower().endswith(".csv"):
        if table is not None:
            raise SettingsError("--out and --csv name two tables: leave one out.")
        drawing, table = None, drawing
    if args.json and table is not None:
        raise SettingsError("--json and a table are two ways to answer; leave one out.")
    return table, drawing


class _Pile:
    """Forms that are read one after the other, and what became of them."""

    def __init__(
        self, readers: Readers, template: Template, forms: list[Named], decoders: Decoders,
        *, quiet: bool,
    ) -> None:  # fmt: skip
        self.readers, self.template, self.forms = readers, template, forms
        self.decoders, self.quiet = decoders, quiet
        self.done = self.failed = self.fields = 0
        self.look: list[tuple[str, FieldReading]] = []

    def answers(self, stopping: Stopping, drawing: str | None) -> Iterator[tuple[Named, Answer]]:
        """Each form with what it says, or why it cannot be read, until somebody stops it."""
        begun = told = time.monotonic()
        pause = FIRST_TOLD
        for form in self.forms:
            if stopping.number is not None:
                return
            answer = self._answer(form, drawing)
            self.done += 1
            if isinstance(answer, PictureError):
                self.failed += 1
            else:
                self.fields += len(answer.fields)
                self.look += [(form.name, field) for field in answer.to_look_at]
            yield form, answer
            now = time.monotonic()
            if now - told >= pause and self.done < len(self.forms) and not self.quiet:
                told, pause = now, THEN_TOLD
                left = (now - begun) / self.done * (len(self.forms) - self.done)
                say(f"{self.done:,} of {len(self.forms):,} forms, about {clock(left)} to go.")

    def _answer(self, form: Named, drawing: str | None) -> Answer:
        try:
            if isinstance(form.source, PictureError):
                raise form.source
            picture = self.decoders.open(form.source)
            reading = read_form(*self.readers, picture, self.template)
        except PictureError as error:
            return error
        if drawing is not None:
            from digitnet.plots.overlay import Caption, save_overlay

            captions = [
                Caption(asked.box, f"{one.name} {one.value or one.status}", one.is_settled)
                for asked, one in zip(self.template.fields, reading.fields, strict=True)
            ]
            flat = flattened(picture, reading.view, self.template.blank.picture.shape)
            save_overlay(flat, captions, drawing)
        return reading

    def tell_what_to_look_at(self, table: str | None) -> None:
        """List the fields that a person must look at, and count what was read."""
        if self.look:
            say(f"{len(self.look):,} of {self.fields:,} fields to look at:")
        for name, field in self.look[:MOST_LISTED]:
            value = f"{field.value}, " if field.value else ""
            say(f"  {name}: {field.name}: {value}{field.reason}")
        if len(self.look) > MOST_LISTED:
            say(f"  ... and {len(self.look) - MOST_LISTED:,} more, by their status in the answers.")
        if self.failed and len(self.forms) > 1:
            say(f"{self.failed:,} of {len(self.forms):,} forms could not be read.")


def _row(form: Named, answer: Answer, template: Template) -> list[object]:
    if isinstance(answer, PictureError):
        tell_error(answer)
    return [as_cell(cell) for cell in form_row(form.name, answer, template)]


def _as_dict(answer: Answer) -> dict[str, object]:
    if isinstance(answer, PictureError):
        refused: dict[str, object] = {"lines": [], "digits": [], "fields": [], "status": "refused"}
        return {**refused, "reason": answer.worded(as_option)}
    return {**answer.as_dict(), "reason": None}


def _show(form: Named, answer: Answer) -> None:
    show(f"{form.name}:")
    if isinstance(answer, PictureError):
        tell_error(answer)
        show("-  not read")
        return
    wide = max(len(field.name) for field in answer.fields)
    for field in answer.fields:
        told = "" if field.status == "ok" else field.status
        told += "" if field.reason is None else f": {field.reason}"
        show(f"{field.name:<{wide}}  {field.value}{'  ' if field.value and told else ''}{told}")
