"""Schemas: what requests and answers look like, for /docs and for whoever checks them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from digitnet.web.model_store import NAME


class Error(BaseModel):
    """Why a request was not done."""

    error: str


class Health(BaseModel):
    """The server is there."""

    status: Literal["ok"]


class ListedModel(BaseModel):
    """A model in the store."""

    name: str
    kind: Literal["box", "own"]
    network: str
    parameters: int
    bytes: int
    validation_accuracy: float | None
    made_with: str
    default: bool


class Models(BaseModel):
    """All of them, and what each may be exported to."""

    models: list[ListedModel]
    exports: list[str]


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


class Page(BaseModel):
    """What a page says."""

    width: int
    height: int
    lines: list[str]
    digits: list[Digit]
    reason: str | None


class OfferedSource(BaseModel):
    """Labelled digits to learn from."""

    name: str
    title: str
    digits: int | None


class OfferedSources(BaseModel):
    """All of them."""

    sources: list[OfferedSource]


def _whole(value: Any) -> Any:
    """JSON does not tell 20.0 from 20, and neither do schemas."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


# The bounds come first: behind a validator, a schema would not have them.
Units = Annotated[int, Field(ge=1, le=1024), BeforeValidator(_whole)]
Batch = Annotated[int, Field(ge=1, le=10_000), BeforeValidator(_whole)]
Epochs = Annotated[int, Field(ge=1, le=1000), BeforeValidator(_whole)]


class Settings(BaseModel):
    """How to train. With `resume`, only the name counts; without one, the run stopped last."""

    model_config = ConfigDict(strict=True, extra="forbid")

    source: str = Field("synthetic", min_length=1, max_length=255)
    hidden: list[Units] = Field([64], min_length=1, max_length=4)
    learning_rate: float | None = Field(None, gt=0, le=1000)
    batch_size: Batch | None = None
    epochs: Epochs | None = None
    activation: Literal["sigmoid", "tanh", "relu"] = "sigmoid"
    name: str = Field("my-model", pattern=NAME)
    resume: bool = False
    start: str | None = Field(None, pattern=NAME)


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
