"""Models: the addresses that list models, and give their weights and files away."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi import Path as InPath
from fastapi.responses import JSONResponse, Response

from digitnet.errors import OutputError
from digitnet.export import EXPORTERS, Exporter, export_model
from digitnet.web import schemas
from digitnet.web.errors import Problem, as_field
from digitnet.web.model_store import NAME, StoredModel, as_zip
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

    @routes.get("/api/models", responses={200: {"model": schemas.Models}})
    async def models() -> Response:
        """The models in the box and those trained here, with their figures."""
        listed, unreadable = await services.workers.do(store.listed)
        exporters = [
            {"name": kind, "suffix": exporter.suffix, "title": exporter.title}
            for kind, exporter in EXPORTERS.items()
        ]
        return JSONResponse(
            {
                "models": listed,
                "unreadable": unreadable,
                "exports": list(EXPORTERS),
                "exporters": exporters,
            }
        )

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

    for kind, exporter in EXPORTERS.items():  # before NAME.zip, which NAME.onnx.zip ends in, too
        _add_export(routes, services, kind, exporter)

    @routes.get(
        "/api/models/{name}.zip", response_class=Response, responses=_file("application/zip")
    )
    async def zipped(request: Request, name: Name) -> Response:
        """A model's folder as a zip file, to read with on another machine."""
        content = await services.workers.do(lambda: store.get(name).as_zip(store.places))
        return _download(request, content, "application/zip", f"{name}.zip")

    return routes


def _add_export(routes: APIRouter, services: Services, kind: str, exporter: Exporter) -> None:
    """The address that gives models away as one of EXPORTERS."""

    @routes.get(
        f"/api/models/{{name}}.{exporter.suffix}",
        response_class=Response,
        responses=_file(exporter.media_type),
        name=f"export_{kind}",
        description=f"A model as {exporter.help}.",
    )
    async def exported(request: Request, name: Name) -> Response:
        content = await services.workers.do(lambda: _exported(services.store.get(name), kind))
        return _download(request, content, exporter.media_type, f"{name}.{exporter.suffix}")


def _exported(stored: StoredModel, kind: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "model"
        try:
            export_model(stored.model, kind, stored.name, target)
        except OutputError as error:  # too large for one file, which another model is not
            raise Problem(422, error.worded(as_field)) from None
        if not EXPORTERS[kind].is_folder:
            return target.read_bytes()
        inside = f"{stored.name}-{kind}"
        return as_zip({
            f"{inside}/{written.name}": written.read_bytes()
            for written in sorted(target.iterdir())
        })  # fmt: skip


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
