"""App: every address of the server, behind one door."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool

from digitnet.threads import one_blas_thread
from digitnet.web import schemas
from digitnet.web.errors import answer_problems
from digitnet.web.guard import Door
from digitnet.web.page import add_page
from digitnet.web.routes.models import model_routes
from digitnet.web.routes.reading import reading_routes
from digitnet.web.routes.training import training_routes
from digitnet.web.services import Rooms

WHY_NOT = {
    400: "the request is malformed",
    401: "the token is missing",
    403: "a write from another site",
    404: "there is no such thing",
    408: "the body came too slowly",
    413: "too large",
    421: "not a name of this server",
    422: "it cannot be read, or makes no sense",
    503: "busy, or going down",
    504: "it took too long",
}


def make_app(
    rooms: Rooms,
    *,
    token: str | None = None,
    hosts: Iterable[str] = (),
    addresses: bool = False,
) -> Door:
    """The whole server as one ASGI app.

    Args:
        rooms: what it works on and with.
        token: what a client must know, or None.
        hosts: by which names it is called, beside localhost.
        addresses: whether by any IP address too, see `Door`.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with one_blas_thread():  # two requests at once would wait for each other's threads
            yield
        await run_in_threadpool(rooms.close)

    app = FastAPI(
        title="digitnet",
        version=version("digitnet"),
        description="Reads handwritten digits, and learns to. Where a request is not done, "
        'the answer is {"error": one sentence} with the status that goes with it.',
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        responses={n: {"model": schemas.Error, "description": w} for n, w in WHY_NOT.items()},
    )
    answer_problems(app)
    for routes in (reading_routes(rooms), model_routes(rooms), training_routes(rooms)):
        app.include_router(routes)
    add_page(app, WHY_NOT)
    return Door(app, rooms.limits, token, hosts, addresses)
