"""Schemas: what requests and answers look like, for /docs and for whoever checks them."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

from digitnet.training.config import TrainingConfig, settings_on_page
from digitnet.training.setting import Range, Setting
from digitnet.web.model_store import NAME


class Error(BaseModel):
    """Why a request was not done."""

    error: str


class Health(BaseModel):
    """The server is there."""

    status: Literal["ok"]


class KeptModel(BaseModel):
    """A model in the store."""

    name: str
    kind: Literal["box", "own"]
    network: str
    parameters: int
    bytes: int
    validation_accuracy: float | None
    made_with: str


class ListedModel(KeptModel):
    """One that answers here."""

    default: bool


class DeviceModel(KeptModel):
    """One in whole numbers: it answers on a microcontroller, and what it may be exported to."""

    purpose: str
    exports: list[str]


class UnreadableModel(BaseModel):
    """A model in the store that cannot be used, and why."""

    name: str
    reason: str


class OfferedExport(BaseModel):
    """What a model may be exported to: at /api/models/NAME.SUFFIX."""

    name: str
    suffix: str
    title: str


class Models(BaseModel):
    """All of them, and what each may be exported to."""

    models: list[ListedModel]
    devices: list[DeviceModel]
    unreadable: list[UnreadableModel]
    exports: list[str]
    exporters: list[OfferedExport]


class NewName(BaseModel):
    """What a model is to be called."""

    model_config = ConfigDict(strict=True, extra="forbid")

    name: str = Field(pattern=NAME)


class Named(BaseModel):
    """What a model is called now."""

    name: str


class UploadedModel(BaseModel):
    """What a model that was sent is called here, and which files with it were no model's."""

    name: str
    left_out: list[str]


class ComparedModel(BaseModel):
    """How many digits a model read rightly, and within what the share of all lies at 95 %."""

    name: str
    right: int
    interval: list[float]


class Difference(BaseModel):
    """A digit on which two models differ: its frame, what it is, what each read."""

    frame: str
    label: int
    read_as: list[int]


class Comparison(BaseModel):
    """Two models asked about the same `n` digits, of `of`, and McNemar's test of the difference."""

    title: str
    n: int
    of: int
    models: list[ComparedModel]
    only_first: int
    only_second: int
    p_value: float
    sure: bool
    n_differ: int
    differ: list[Difference]


class Stage(BaseModel):
    """A step on a picture's way into the frame."""

    title: str
    image: str


class Answer(BaseModel):
    """What one picture shows."""

    name: str
    label: int | None
    reason: str | None
    probabilities: list[float]
    frame: str | None
    box: list[int] | None
    found: str | None
    stages: list[Stage] | None = None


class Answers(BaseModel):
    """One for each picture, in order."""

    answers: list[Answer]


class Digit(BaseModel):
    """A digit on a page."""

    box: list[int]
    label: int
    probability: float
    sure: bool
    line: int
    frame: str


class Promised(BaseModel):
    """Which share of the characters given, and of the lines, may be wrong; null for no promise."""

    characters: float | None
    lines: float | None


class Page(BaseModel):
    """What a page says."""

    width: int
    height: int
    lines: list[str]
    line_probabilities: list[float]
    line_doubts: list[str | None]
    digits: list[Digit]
    reason: str | None
    promised: Promised


class ReadField(BaseModel):
    """What a field of a form says; see docs/templates.md for its status."""

    name: str
    value: str
    confidence: float | None
    status: Literal["ok", "look", "empty", "unreadable"]
    reason: str | None
    quad: list[list[int]]


class FormDigit(BaseModel):
    """A digit in a field, whose number is its line."""

    box: list[int]
    label: int
    probability: float
    line: int


class ReadForm(BaseModel):
    """What a form says, field by field."""

    width: int
    height: int
    lines: list[str]
    digits: list[FormDigit]
    fields: list[ReadField]
    status: Literal["ok", "look"]
    turned: int
    aligned: float


class OfferedSource(BaseModel):
    """Labelled digits to learn from."""

    name: str
    title: str
    digits: int | None


class OfferedSources(BaseModel):
    """All of them."""

    sources: list[OfferedSource]


class TrainingRequest(BaseModel):
    """How to train. With `resume`, only the name counts; without one, the run stopped last."""

    model_config = ConfigDict(strict=True, extra="forbid")

    source: str = Field(TrainingConfig.source, min_length=1, max_length=255)
    name: str = Field("my-model", pattern=NAME)
    resume: bool = False
    start: str | None = Field(None, pattern=NAME)

    def given(self) -> dict[str, Any]:
        """The settings of a config that were sent, null being as good as not."""
        names = self.model_fields_set - set(TrainingRequest.model_fields)
        return {name: value for name in names if (value := getattr(self, name)) is not None}


def training_request(config: type[TrainingConfig] = TrainingConfig) -> type[TrainingRequest]:
    """What may be asked for: a field for each of a config's settings that is on the page."""
    made: dict[str, Any] = {
        each.name: (_type_of(each) | None, Field(_json(each.default), description=each.help))
        for each in settings_on_page(config)
    }
    return create_model(
        "Settings", __base__=TrainingRequest, __doc__=TrainingRequest.__doc__, **made
    )


def _whole(value: Any) -> Any:
    """JSON does not tell 20.0 from 20, and neither do schemas."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _type_of(setting: Setting) -> Any:
    """A setting's kind with its limits, as Pydantic says it."""
    if setting.choices:
        return Literal[tuple(setting.choices)]
    bounds: dict[str, Any] = {}
    if setting.limits is not None:
        low, high, above_low, below_high = setting.limits
        bounds["gt" if above_low else "ge"] = low
        if high < math.inf:
            bounds["lt" if below_high else "le"] = high
    # The bounds come first: behind a validator, a schema would not have them.
    whole = Annotated[int, Field(**bounds), BeforeValidator(_whole)]
    kinds: dict[type, Any] = {
        bool: bool,
        int: whole,
        float: Annotated[float, Field(**bounds)],
        str: Annotated[str, Field(max_length=255)],
        tuple: Annotated[list[whole], Field(min_length=1, max_length=setting.n_most or None)],
    }
    return kinds[setting.kind]


def _json(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


class FormField(BaseModel):
    """A field of the page's form, with all that the page says and checks."""

    name: str
    label: str
    hint: str
    kind: Literal["whole", "number", "list", "choice", "switch", "text"]
    default: Any
    choices: list[Any]
    choice_words: list[str]
    optional: bool
    low: float | None
    high: float | None
    above_low: bool
    below_high: bool
    most: int | None
    pattern: str | None
    wrong: str


class Form(BaseModel):
    """The form of a training, field by field."""

    fields: list[FormField]


def training_form(config: type[TrainingConfig] = TrainingConfig) -> Form:
    """The fields of the page's form, from the settings that are on the page."""
    return Form(fields=[*map(_form_field, settings_on_page(config)), _NAME_FIELD])


KINDS: dict[type, Any] = {bool: "switch", int: "whole", float: "number", str: "text", tuple: "list"}


def _form_field(setting: Setting) -> FormField:
    limits = setting.limits or Range(-math.inf)
    such = f", such as {setting.example}" if setting.example else ""
    return FormField(
        name=setting.name,
        label=_capital(setting.words),
        hint="" if setting.on_page is None else setting.on_page.hint,
        kind="choice" if setting.choices else KINDS[setting.kind],
        default=_json(setting.default),
        choices=list(setting.choices),
        choice_words=_choice_words(setting),
        optional=setting.optional and setting.default is None,
        low=limits.low if math.isfinite(limits.low) else None,
        high=limits.high if math.isfinite(limits.high) else None,
        above_low=limits.above_low,
        below_high=limits.below_high,
        most=setting.n_most or None,
        pattern=None,
        wrong=f"{_capital(setting.expected)}{such}.",
    )


def _choice_words(setting: Setting) -> list[str]:
    told = {} if setting.on_page is None else setting.on_page.choices
    return [told.get(choice, str(choice)) for choice in setting.choices]


_NAME_FIELD = FormField(
    name="name",
    label="Name",
    hint="Under which the model is kept.",
    kind="text",
    default=TrainingRequest.model_fields["name"].default,
    choices=[],
    choice_words=[],
    optional=False,
    low=None,
    high=None,
    above_low=False,
    below_high=False,
    most=None,
    pattern=NAME,
    wrong="Letters, digits, - and _, beginning with a letter or digit; at most 40.",
)


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]


class Accepted(BaseModel):
    """A run has begun."""

    run: str
    name: str


class Ended(BaseModel):
    """How a run ended."""

    state: Literal["finished", "stopped", "failed"]
    best_epoch: int | None
    validation_accuracy: float | None
    model: str | None
    reason: str


class Resumable(BaseModel):
    """A stopped run that can go on."""

    name: str
    epoch: int
    settings: dict[str, Any]


class Training(BaseModel):
    """The present run, or the last one, as far as it has come."""

    state: Literal["idle", "running", "finished", "stopped", "failed"]
    run: str | None
    name: str | None
    start: dict[str, Any] | None
    preparing: dict[str, Any] | None
    epochs: list[dict[str, Any]]
    picture: dict[str, Any] | None
    end: Ended | None
    last_event_id: str | None
    resumable: Resumable | None


class Kept(BaseModel):
    """What a correction is taken back by, and how many there are now."""

    mark: str
    kept: int
    per_label: list[int]


class Counted(BaseModel):
    """How many corrections there are."""

    count: int
    per_label: list[int]
