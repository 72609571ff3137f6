"""Models: the addresses that list models, and give their weights and files away."""

from __future__ import annotations

import hashlib
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi import Path as InPath
from fastapi.responses import JSONResponse, Response

from digitnet.errors import OutputError
from digitnet.web import schemas
from digitnet.web.errors import Problem
from digitnet.web.model_store import NAME, StoredModel
from digitnet.web.services import Services

Name = Annotated[str, InPath(pattern=NAME)]
_BYTES = {"schema": {"type": "string", "format": "binary"}}


def _file(kind: str) -> dict[int | str, dict[str, Any]]:
    """A file as an answer, and that the client has it already."""
    unchanged = {"description": "the client has it already (If-None-Match)"}
    return {200: {"description": "the file", "content": {kind: _BYTES}}, 304: unchanged}


def model_routes(services: Services) -> APIRouter:
    """The addresses that give models away."""
    routes, store = APIRouter(), services.store
    exports = ["html"] if find_spec("digitnet.export.html") else []

    @routes.get("/api/models", responses={200: {"model": schemas.Models}})
    async def models() -> Response:
        """The models in the box and those trained here, with their figures."""
        listed = await services.workers.do(store.listed)
        return JSONResponse({"models": listed, "exports": exports})

    @routes.get("/api/model", response_class=Response, responses=_file("application/octet-stream"))
    async def model(
        request: Request, name: Annotated[str | None, Query(pattern=NAME)] = None
    ) -> Response:
        """A model's description and numbers, see digitnet.export.page_format for the format."""

        def work() -> tuple[bytes, str]:
            stored = store.get(name)
            return stored.weights, stored.etag

        content, etag = await services.workers.do(work)
        return _unless_known(request, content, etag, "application/octet-stream")

    @routes.get(
        "/api/models/{name}.zip", response_class=Response, responses=_file("application/zip")
    )
    async def zipped(request: Request, name: Name) -> Response:
        """A model's folder as a zip file, to read with on another machine."""
        content = await services.workers.do(lambda: store.get(name).as_zip())
        return _download(request, content, "application/zip", f"{name}.zip")

    if exports:

        @routes.get(
            "/api/models/{name}.html", response_class=Response, responses=_file("text/html")
        )
        async def one_page(request: Request, name: Name) -> Response:
            """A model inside one page that works without a server."""
            content = await services.workers.do(lambda: _as_page(store.get(name)))
            return _download(request, content, "text/html", f"{name}.html")

    return routes


def _as_page(stored: StoredModel) -> bytes:
    from digitnet.export.html import export_html

    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "page.html"
        try:
            export_html(stored.model, stored.name, target)
        except OutputError as error:  # too large for one page, which another model is not
            raise Problem(422, str(error)) from None
        return target.read_bytes()


def _download(request: Request, content: bytes, kind: str, name: str) -> Response:
    answer = _unless_known(request, content, f'"{hashlib.sha256(content).hexdigest()[:32]}"', kind)
    answer.headers["content-disposition"] = f'attachment; filename="{name}"'
    return answer


def _unless_known(request: Request, content: bytes, etag: str, kind: str) -> Response:
    """The content, or 304 where the client has it; it asks again every time."""
    headers = {"etag": etag, "cache-control": "no-cache"}
    known = [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]
    if etag in known:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=kind, headers=headers)
