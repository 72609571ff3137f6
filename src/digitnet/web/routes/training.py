"""Training: the addresses that list datasets, and begin, follow and stop a training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from digitnet.web import schemas
from digitnet.web.errors import Problem
from digitnet.web.event_log import EventStream
from digitnet.web.jobs import new_job, resumed_job
from digitnet.web.services import Services

if TYPE_CHECKING:
    Asked = schemas.TrainingRequest
else:  # with a field for each setting, for FastAPI
    Asked = schemas.training_request()

_TEXT = {"type": "string"}
_KINDS = ["preparing", "start", "step", "epoch", "picture", "end"]
_EVENT = {
    "type": "object",
    "properties": {"id": _TEXT, "event": {"enum": _KINDS}, "data": _TEXT},
}
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "server-sent events, each with an id and its data as JSON",
        "content": {"text/event-stream": {"schema": _EVENT}},
    }
}


class _Streamed(Response):
    """FastAPI wants a Response; this one hands over to the stream."""

    def __init__(self, stream: EventStream) -> None:
        super().__init__()
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._stream(scope, receive, send)


def training_routes(services: Services) -> APIRouter:
    """The addresses around a training."""
    routes, trainer = APIRouter(), services.trainer

    @routes.get("/api/sources", responses={200: {"model": schemas.OfferedSources}})
    async def sources() -> Response:
        """The labelled digits that a training may learn from."""
        offered = await services.workers.do(services.datasets.offered)
        return JSONResponse({"sources": [source.as_dict() for source in offered]})

    @routes.get("/api/train/form", responses={200: {"model": schemas.Form}})
    async def form() -> Response:
        """What may be set in a training: words, limits, choices and defaults, field by field."""
        return JSONResponse(schemas.training_form().model_dump())

    @routes.post(
        "/api/train",
        status_code=202,
        responses={
            202: {"model": schemas.Accepted},
            409: {
                "model": schemas.Error,
                "description": "a run goes on, or several workers serve",
            },
            507: {"model": schemas.Error, "description": "nothing can be written"},
        },
    )
    async def train(asked: Asked) -> Response:
        """Begin a run, or go on with a stopped one; one at a time."""
        if not services.trains:
            raise Problem(
                409,
                "This server has several workers and trains nothing: train on the command line, "
                "or start a server with one worker.",
            )

        def begin() -> dict[str, str]:
            if asked.resume:
                named = "name" in asked.model_fields_set
                newest = None if named else trainer.stopped.newest()
                name = asked.name if newest is None else newest["name"]
                return trainer.start(lambda: resumed_job(name, services.store))
            return trainer.start(lambda: new_job(asked, services.store, services.datasets))

        return JSONResponse(await services.workers.do(begin), 202)

    @routes.get("/api/train", responses={200: {"model": schemas.Training}})
    async def training() -> Response:
        """The present run, or the last one, and the stopped one that could go on."""
        return JSONResponse(await services.workers.do(trainer.as_dict))

    @routes.delete("/api/train", responses={200: {"model": schemas.Ended}})
    async def stop() -> Response:
        """Stop the run; its best epoch so far is kept as a model, and a checkpoint to go on."""
        # Not in a turn: the run may take longer to end than a request may to be worked on.
        return JSONResponse(await run_in_threadpool(trainer.stop))

    @routes.get("/api/train/events", response_class=Response, responses=_STREAM)
    async def events(
        after: Annotated[str, Query(max_length=64, description="as Last-Event-ID")] = "",
        last_event_id: Annotated[str, Header(max_length=64)] = "",
    ) -> Response:
        """What happens in the training, from the event behind the one that is named."""
        if trainer.event_log.closed:
            raise Problem(503, "The server is shutting down.")
        if trainer.event_log.n_listeners >= services.limits.streams:
            raise Problem(
                503, f"The training has {services.limits.streams} listeners already; close a page."
            )
        return _Streamed(EventStream(trainer.event_log, last_event_id or after, services.limits))

    return routes
