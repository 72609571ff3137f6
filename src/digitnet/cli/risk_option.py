"""Risk option: --risk, which share of the answers may be wrong, and what is said of it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from digitnet.cli.output import say, show
from digitnet.models.calibration import Calibration
from digitnet.models.model import Model
from digitnet.models.risk import DELTA, OFFERED, RISK

if TYPE_CHECKING:  # `predict` reads no lines, and starts without what reads them
    from digitnet.models.line_calibration import LineCalibration
    from digitnet.models.lines import LineModel

RISK_OF_FORMS = "--risk is for lines; of a form each field has a confidence and a status instead."


def add_risk_option(parser: argparse.ArgumentParser) -> None:
    """Let the user say what a wrong answer may cost."""
    parser.add_argument(
        "--risk",
        metavar="SHARE",
        help="which share of the answers may be wrong, such as 0.5%% or 0.005: a digit that is "
        "not sure enough for that is unsure (default: the model's own, "
        f"{100 * RISK:g}%% where nothing else was asked for). 0 answers always: whatever has any "
        "ink gets its likeliest digit, and only an empty picture has none",
    )


def at_risk(model: Model, risk: str | None) -> Model:
    """The model as --risk asks; says where that cannot be promised.

    Raises:
        SettingsError: it is no share, or the model can promise nothing.
    """
    if risk is None:
        return model
    asked = model.at_risk(risk)
    if not is_kept(asked.calibration):
        say(not_kept(asked.calibration))
    return asked


def lines_at_risk(model: LineModel, risk: str | None) -> LineModel:
    """A reader of lines as --risk asks; says where that cannot be promised.

    Raises:
        SettingsError: it is no share, or the model can promise nothing.
    """
    if risk is None:
        return model
    asked = model.at_risk(risk)
    for what, calibration in parts_of(asked.calibration):
        if not is_kept(calibration):
            say(not_kept(calibration, what, what))
    return asked


def parts_of(calibration: LineCalibration) -> list[tuple[str, Calibration]]:
    """What is promised of a reader of lines, and of what."""
    return [("characters", calibration.characters), ("lines", calibration.lines)]


def is_kept(calibration: Calibration) -> bool:
    """Whether the risk that was asked for is promised; where nothing is asked, it is."""
    promised, risk = calibration.promised, calibration.risk
    return promised is None or risk is None or promised <= risk


def not_kept(calibration: Calibration, of: str = "answers", counted: str = "digits") -> str:
    """Why the risk that was asked for cannot be promised of these, and what is done."""
    assert calibration.risks is not None
    assert calibration.risk is not None
    return (
        f"No threshold is sure to keep wrong {of} below {calibration.risk:.2%}, counted on "
        f"{calibration.risks.n:,} {counted}; the strictest is taken, which promises "
        f"{calibration.promised:.2%}."
    )


def promise(calibration: Calibration, of: str = "answers") -> str:
    """What is promised of these now, in one sentence."""
    risks, promised = calibration.risks, calibration.promised
    if risks is None or promised is None:
        return f"Nothing is promised of the share of wrong {of}."
    return (
        f"At most {promised:.2%} of the {of} are wrong, but for a chance of {DELTA:.0%}, on "
        f"{risks.counted_on} ({risks.n:,} counted)."
    )


def show_risks(calibration: Calibration) -> None:
    """A row for each of a few risks: the threshold, what is promised, how many get an answer."""
    if calibration.risks is None:
        return
    show("  risk  least probability  promised  answered")
    for risk in OFFERED[:-1]:
        row = calibration.risks.row(risk)
        mark = "" if row.bound <= risk else "  (cannot be promised)"
        show(
            f"{risk:>6.1%}  {row.least_probability:>17.4f}  {row.bound:>8.2%}  "
            f"{row.coverage:>8.2%}{mark}"
        )
