"""Models: the addresses that list models, give them away, take them in and change them."""

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
from digitnet.web.comparison import compared
from digitnet.web.errors import Problem, as_field
from digitnet.web.model_store import NAME, StoredModel, as_zip
from digitnet.web.model_uploads import FILES
from digitnet.web.services import Services

Name = Annotated[str, InPath(pattern=NAME)]
Asked = Annotated[str, Query(alias="name", pattern=NAME)]
_BYTES = {"schema": {"type": "string", "format": "binary"}}
_CHANGED: dict[int | str, dict[str, Any]] = {
    409: {"model": schemas.Error, "description": "it is in the box, in use, or the name is taken"},
    507: {"model": schemas.Error, "description": "nothing can be written"},
}
_FILES = {
    "type": "object",
    "required": [FILES],
    "properties": {FILES: {"type": "array", "minItems": 1, "items": _BYTES["schema"]}},
}
_A_MODEL: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "the zip of a model's folder, or its files in a form",
        "content": {"application/zip": _BYTES, "multipart/form-data": {"schema": _FILES}},
    }
}


def _file(kind: str) -> dict[int | str, dict[str, Any]]:
    """A file as an answer, and that the client has it already."""
    unchanged = {"description": "the client has it already (If-None-Match)"}
    return {200: {"description": "the file", "content": {kind: _BYTES}}, 304: unchanged}


def model_routes(services: Services) -> APIRouter:
    """The addresses around models."""
    routes, store = APIRouter(), services.store

    @routes.get("/api/models", responses={200: {"model": schemas.Models}})
    async def models() -> Response:
        """The models in the box and those trained here, with their figures."""
        listed = await services.workers.do(store.listed)
        exporters = [
            {"name": kind, "suffix": exporter.suffix, "title": exporter.title}
            for kind, exporter in EXPORTERS.items()
        ]
        return JSONResponse(
            {
                **listed,
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
        content = await services.workers.do(lambda: store.load(name).as_zip(store.places))
        return _download(request, content, "application/zip", f"{name}.zip")

    _add_changes(routes, services)
    return routes


def _add_changes(routes: APIRouter, services: Services) -> None:
    """The addresses that take models in, change them and compare them."""
    store = services.store

    @routes.post(
        "/api/models",
        status_code=201,
        responses={201: {"model": schemas.UploadedModel}, **_CHANGED},
        openapi_extra=_A_MODEL,
    )
    async def upload(
        request: Request,
        name: Annotated[str, Query(pattern=NAME, description="what to call it")] = "my-model",
    ) -> Response:
        """Take in a model's folder; what cannot be loaded is refused, and no other is replaced."""
        sent = await services.model_uploads.files_of(request)
        _check_rests(services, name)
        async with services.workers.turn(light=False) as turn:
            kept = await turn.do(lambda check: services.model_uploads.keep(sent, name))
        return JSONResponse(kept._asdict(), 201)

    @routes.patch("/api/model", responses={200: {"model": schemas.Named}, **_CHANGED})
    async def rename(name: Asked, new: schemas.NewName) -> Response:
        """Call a model of one's own otherwise."""
        _check_rests(services, name, new.name)
        await services.workers.do(lambda: store.rename(name, new.name))
        return JSONResponse({"name": new.name})

    @routes.delete("/api/model", responses={200: {"model": schemas.Named}, **_CHANGED})
    async def delete(name: Asked) -> Response:
        """Remove a model of one's own for good."""
        _check_rests(services, name)
        await services.workers.do(lambda: store.delete(name))
        return JSONResponse({"name": name})

    @routes.get("/api/compare", responses={200: {"model": schemas.Comparison}})
    async def compare(
        first: Annotated[str, Query(pattern=NAME)],
        second: Annotated[str, Query(pattern=NAME)],
        on: Annotated[str, Query(max_length=255, description="of /api/sources")] = "synthetic",
    ) -> Response:
        """Ask two models about the same digits: who reads more, and where they differ."""
        async with services.workers.turn(light=False) as turn:

            def work(check: Any) -> dict[str, Any]:
                one, other = store.load(first), store.load(second)
                return compared(one, other, services.datasets.named(on), check)

            return JSONResponse(await turn.do(work))


def _check_rests(services: Services, *names: str) -> None:
    """Raise where one of the names is that of a training which is going on."""
    if (going_on := services.trainer.going_on) in names:
        raise Problem(409, f"{going_on} is being trained; stop that first, or wait.")


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
        content = await services.workers.do(lambda: _exported(services.store.load(name), kind))
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
