"""Page: the files that a browser shows, the addresses in words, and a sign of life."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from digitnet.web import schemas
from digitnet.web.documentation import as_page

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

    @app.get("/healthz", responses={200: {"model": schemas.Health}})
    async def healthz() -> Response:
        """Whether the server is there; asks for no token."""
        return JSONResponse({"status": "ok"})
