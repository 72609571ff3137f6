"""The OpenAPI description and the server agree: Schemathesis asks what it says may be asked."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator

import httpx
import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import settings
from hypothesis import strategies as st
from PIL import Image
from schemathesis.specs.openapi.checks import positive_data_acceptance

from digitnet.export import EXPORTERS
from digitnet.models.box import in_box
from digitnet.models.folder import model_files
from digitnet.web.app import make_app
from digitnet.web.services import Services
from support.served import NINE, client, small_source

N_EXAMPLES = 12


def _as(kind: str) -> bytes:
    content = io.BytesIO()
    with Image.open(NINE) as image:
        image.convert("L").save(content, kind)
    return content.getvalue()


# "A picture" cannot be said in a schema: what is sent as one is one, or spoilt further down.
for kind in ("png", "jpeg", "webp", "bmp", "gif", "tiff", "avif"):
    schemathesis.openapi.media_type(f"image/{kind}", st.just(_as(kind)))


def _a_model() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in model_files(in_box("mlp")):
            archive.write(path, path.name)
    return content.getvalue()


schemathesis.openapi.media_type("application/zip", st.just(_a_model()))


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("served")
    small_source(folder)
    with client(folder, n_synthetic=100) as web_client:
        yield web_client


app = make_app(Services()).app.app  # type: ignore[attr-defined]
assert isinstance(app, FastAPI)
schema = schemathesis.openapi.from_dict(app.openapi())


@schema.parametrize()
@settings(max_examples=N_EXAMPLES)
def test_every_address_answers_as_described(case: schemathesis.Case, web: httpx.Client) -> None:
    # In a form, no media type says what a file is: there, bytes that are no picture are sent.
    # Nor does JSON: there, data URLs are sent that hold none.
    pictures = "predict" in case.path or "read" in case.path or "corrections" in case.path
    form = case.media_type == "multipart/form-data" or (
        pictures and case.media_type == "application/json"
    )
    without = [positive_data_acceptance] if form else []
    case.call_and_validate(base_url=str(web.base_url), excluded_checks=without)


def test_every_address_is_described(web: httpx.Client) -> None:
    paths = json.loads(web.get("/openapi.json").text)["paths"]
    suffixes = [exporter.suffix for exporter in EXPORTERS.values()]
    exports = {(f"/api/models/{{name}}.{suffix}", "get") for suffix in suffixes}
    assert {(path, method) for path, methods in paths.items() for method in methods} == {
        ("/healthz", "get"), ("/live", "get"), ("/ready", "get"), ("/metrics", "get"),
        ("/api/models", "get"), ("/api/model", "get"),
        ("/api/models", "post"), ("/api/model", "patch"),
        ("/api/model", "delete"), ("/api/compare", "get"),
        ("/api/models/{name}.zip", "get"), *exports,
        ("/api/predict", "post"), ("/api/read", "post"), ("/api/read-form", "post"),
        ("/api/sources", "get"),
        ("/api/train", "post"), ("/api/train", "get"), ("/api/train", "delete"),
        ("/api/train/events", "get"), ("/api/train/form", "get"),
            ("/api/corrections", "post"), ("/api/corrections", "get"),
        ("/api/corrections/{mark}", "delete"),
    }  # fmt: skip
