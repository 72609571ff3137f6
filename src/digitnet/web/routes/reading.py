"""Reading: the addresses that read pictures and pages, and take corrections."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi import Path as PathParameter
from fastapi.responses import JSONResponse, Response

from digitnet.errors import ModelError, PictureError
from digitnet.models.model import Model
from digitnet.web import schemas
from digitnet.web.answers import answer_form, answer_page, answer_pictures
from digitnet.web.corrections import MARK
from digitnet.web.metrics import kind_of
from digitnet.web.model_store import NAME
from digitnet.web.observation import count_kinds
from digitnet.web.services import Services
from digitnet.web.uploads import FIELD, FormFiles, read_form_files, read_one, read_several

ModelName = Annotated[
    str | None, Query(pattern=NAME, description="a model; without it the default one")
]
Risk = Annotated[
    str | None,
    Query(
        max_length=20,
        description="which share of the answers may be wrong, such as 0.5% or 0.005; 0 answers "
        "always; without it the model's own",
    ),
]
_BINARY = {"type": "string", "format": "binary"}
_KINDS = ("png", "jpeg", "webp", "bmp", "gif", "tiff", "avif")
_ONE: dict[str, Any] = {f"image/{kind}": {"schema": _BINARY} for kind in _KINDS}
_FORM = {
    "type": "object",
    "required": [FIELD],
    "properties": {FIELD: {"type": "array", "minItems": 1, "items": _BINARY}},
}
_JSON = {
    "application/json": {
        "schema": {
            "type": "object",
            "required": [FIELD],
            "properties": {
                FIELD: {
                    "type": "array",
                    "minItems": 1,
                    "items": {"type": "string", "pattern": "^data:image/png;base64,"},
                }
            },
        }
    }
}
"""Data URLs, as a canvas gives them."""


def _body(content: dict[str, Any], words: str) -> dict[str, Any]:
    return {"requestBody": {"required": True, "description": words, "content": content}}


ONE_PICTURE = _body({**_ONE, **_JSON}, "a picture's bytes, or one data URL")
PICTURES = _body(
    {
        **_ONE,
        **_JSON,
        "multipart/form-data": {
            "schema": _FORM,
        },
    },
    f'a picture\'s bytes, or several pictures in the field "{FIELD}" of a form or of JSON',
)


A_FORM = _body(
    {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": list(FormFiles._fields),
                "properties": dict.fromkeys(FormFiles._fields, _BINARY),
            }
        }
    },
    "a template's TOML, the blank form's picture, and the picture of one that is filled in",
)


def _reader(services: Services, name: str | None, risk: str | None) -> Model:
    """The model that reads, as is asked."""
    model = services.store.get(name).model
    return model if risk is None else model.at_risk(risk)


def reading_routes(services: Services) -> APIRouter:
    """The addresses that take pictures."""
    routes, limits = APIRouter(), services.limits
    is_light = services.decoders.is_light

    @routes.post(
        "/api/predict", responses={200: {"model": schemas.Answers}}, openapi_extra=PICTURES
    )
    async def predict(
        request: Request,
        model: ModelName = None,
        risk: Risk = None,
        stages: Literal["0", "1"] = "0",
    ) -> Response:
        """Say which digit each picture shows, or why there is no answer."""
        uploads = await read_several(request, limits)
        light = all(is_light(one.content) for one in uploads)
        async with services.workers.turn(light=light) as turn:

            def work(check: Any) -> bytes:
                reader = _reader(services, model, risk)
                try:
                    answers = answer_pictures(
                        reader, uploads, limits, services.decoders, stages=stages == "1",
                        check=check,
                    )  # fmt: skip
                except PictureError:  # of each of them
                    count_kinds(request.scope, ["unreadable"] * len(uploads))
                    raise
                count_kinds(request.scope, [kind_of(answer) for answer in answers])
                return json.dumps({"answers": answers}).encode()

            return Response(await turn.do(work), media_type="application/json")

    @routes.post("/api/read", responses={200: {"model": schemas.Page}}, openapi_extra=ONE_PICTURE)
    async def read(request: Request, model: ModelName = None, risk: Risk = None) -> Response:
        """Read the lines of digits on a page."""
        content = await read_one(request, limits)
        async with services.workers.turn(light=is_light(content)) as turn:

            def work(check: Any) -> bytes:
                reader = _reader(services, model, None)
                beside = services.store.lines_beside(reader)
                page = answer_page(reader, content, limits, services.decoders, beside, risk)
                count_kinds(request.scope, ["answered" if page["lines"] else "no digit"])
                return json.dumps(page).encode()

            return Response(await turn.do(work), media_type="application/json")

    @routes.post(
        "/api/read-form", responses={200: {"model": schemas.ReadForm}}, openapi_extra=A_FORM
    )
    async def read_form(request: Request, model: ModelName = None) -> Response:
        """Read the fields of a form that a template names."""
        files = await read_form_files(request, limits)
        async with services.workers.turn(light=False) as turn:

            def work(check: Any) -> bytes:
                reader = _reader(services, model, None)
                beside = services.store.lines_beside(reader)
                if beside is None:
                    raise ModelError("A form is read with a model of ten digits: choose another.")
                form = answer_form(reader, beside, files, limits, services.decoders, check)
                return json.dumps(form).encode()

            return Response(await turn.do(work), media_type="application/json")

    @routes.post(
        "/api/corrections",
        status_code=201,
        responses={201: {"model": schemas.Kept}, 507: {"model": schemas.Error}},
        openapi_extra=ONE_PICTURE,
    )
    async def correct(request: Request, label: Annotated[int, Query(ge=0, le=9)]) -> Response:
        """Keep a picture with its right label, for a training to learn from."""
        content = await read_one(request, limits)
        async with services.workers.turn(light=is_light(content)) as turn:
            mark, counts = await turn.do(lambda check: services.corrections.keep(content, label))
        return JSONResponse({"mark": mark, "kept": sum(counts), "per_label": counts}, 201)

    @routes.delete(
        "/api/corrections/{mark}",
        responses={200: {"model": schemas.Counted}, 404: {"model": schemas.Error}},
    )
    async def take_back(mark: Annotated[str, PathParameter(pattern=MARK)]) -> Response:
        """Remove a correction again, by the mark that it was kept with."""
        counts = await services.workers.do(lambda: services.corrections.take_back(mark))
        return JSONResponse({"count": sum(counts), "per_label": counts})

    @routes.get("/api/corrections", responses={200: {"model": schemas.Counted}})
    async def corrected() -> Response:
        """How many corrections there are."""
        counts = await services.workers.do(services.corrections.counts)
        return JSONResponse({"count": sum(counts), "per_label": counts})

    return routes
