"""App: every address of the server, behind its guard."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from digitnet.threads import one_blas_thread
from digitnet.web import schemas
from digitnet.web.documentation import as_page
from digitnet.web.errors import add_error_handlers
from digitnet.web.guard import HEALTH, Guard
from digitnet.web.routes.models import model_routes
from digitnet.web.routes.reading import reading_routes
from digitnet.web.routes.training import training_routes
from digitnet.web.services import Services

STATIC = Path(__file__).parent / "static"
# Python's own table is filled by the system, and some systems call a script plain text.
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


class Files(StaticFiles):
    """Files with the right types, asked for again each time, sent again only if they changed."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, or 304 where the browser has it."""
        if "\0" in path:  # not every Starlette knows that no file is called so
            raise HTTPException(404)
        response = await super().get_response(path, scope)
        kind = TYPES.get(Path(path).suffix.lower())
        if kind is not None and response.status_code == 200:
            response.headers["content-type"] = kind
        response.headers["cache-control"] = "no-cache"
        return response


def add_page(app: FastAPI, why_not: dict[int, str]) -> None:
    """Add what is not the API to an app; `why_not` are the answers that any address may give."""
    files = Files(directory=STATIC)
    app.mount("/static", files)

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def index(request: Request) -> Response:
        return await files.get_response("index.html", request.scope)

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return HTMLResponse(as_page(app.openapi(), why_not))

    @app.get(HEALTH, responses={200: {"model": schemas.Health}})
    async def healthz() -> Response:
        """Whether the server is there; asks for no token."""
        return JSONResponse({"status": "ok"})


WHY_NOT = {
    400: "the request is malformed",
    401: "the token is missing",
    403: "a write from another site",
    404: "there is no such thing",
    408: "the body came too slowly",
    413: "too large",
    421: "not a name of this server",
    422: "it cannot be read, or makes no sense",
    503: "busy, or shutting down",
    504: "it took too long",
}


def make_app(
    services: Services,
    *,
    token: str | None = None,
    hosts: Iterable[str] = (),
    addresses: bool = False,
) -> Guard:
    """The whole server as one ASGI app.

    Args:
        services: what it works on and with.
        token: what a client must know, or None.
        hosts: by which names it is called, beside localhost.
        addresses: whether by any IP address too, see `Guard`.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with one_blas_thread():  # two requests at once would wait for each other's threads
            yield
        await run_in_threadpool(services.close)

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
    add_error_handlers(app, services.store.places.told)
    for routes in (reading_routes(services), model_routes(services), training_routes(services)):
        app.include_router(routes)
    add_page(app, WHY_NOT)
    return Guard(app, services.limits, token, hosts, addresses)
