"""Uploads: pictures as they come in, raw, as multipart or as data URLs, within their limits."""

from __future__ import annotations

import json
from typing import NamedTuple

from python_multipart.exceptions import FormParserError
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from digitnet.errors import PictureError
from digitnet.imaging.addresses import from_data_url
from digitnet.web.errors import Problem, as_field
from digitnet.web.limits import Limits

FIELD = "pictures"
DATA_URL = b"data:"
LONGEST_NAME = 200


class Upload(NamedTuple):
    """A picture's bytes, and what the client calls it: a word to give back, never a path."""

    name: str
    content: bytes


class FormFiles(NamedTuple):
    """A form's picture and what says how to read it, as bytes."""

    template: bytes
    blank: bytes
    form: bytes


async def read_one(request: Request, limits: Limits) -> bytes:
    """The one picture of a request: its body as it is, or a data URL, also in JSON.

    Raises:
        Problem: 413 too many, 422 empty, multipart or several pictures.
    """
    if is_multipart(request):
        raise Problem(422, "One picture is wanted here, as the raw body of the request.")
    pictures = await _in_body(request, limits)
    if len(pictures) != 1:
        raise Problem(422, "One picture is wanted here; send several one by one.")
    return pictures[0]


async def _in_body(request: Request, limits: Limits) -> list[bytes]:
    """The pictures of a body that is no form: one, or in JSON as many as it lists."""
    content = await request.body()
    if not content:
        raise Problem(422, "There is no picture in the request: send its bytes as the body.")
    if _kind(request).startswith("application/json"):
        return [_decoded(url) for url in _in_json(content, limits)]
    return [_decoded(content)]


def _in_json(content: bytes, limits: Limits) -> list[bytes]:
    """The data URLs in {"pictures": ["data:image/png;base64,...", ...]}."""
    try:
        listed = json.loads(content)[FIELD]
        urls = [url.encode() for url in ([listed] if isinstance(listed, str) else listed)]
        if not all(url.startswith(DATA_URL) for url in urls) or not urls:
            raise ValueError
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise Problem(
            422, f'JSON with pictures is {{"{FIELD}": ["data:image/png;base64,...", ...]}}.'
        ) from None
    if len(urls) > limits.pictures:
        raise _too_many(limits)
    return urls


def _decoded(content: bytes) -> bytes:
    """A picture's bytes, also where they were sent as a data URL."""
    if not content.startswith(DATA_URL):
        return content
    try:
        return from_data_url(content.decode("ascii", "replace"))
    except PictureError as error:
        raise Problem(422, error.worded(as_field)) from None


async def read_several(request: Request, limits: Limits) -> list[Upload]:
    """All in the field "pictures", of a form or of JSON, or the raw body as one picture.

    Raises:
        Problem: 400 malformed, 413 too many, 422 none.
    """
    if not is_multipart(request):
        pictures = await _in_body(request, limits)
        if len(pictures) == 1:
            return [Upload("picture", pictures[0])]
        return [Upload(f"picture {i}", one) for i, one in enumerate(pictures, start=1)]
    form = await parsed(request, limits)
    try:
        files = form.getlist(FIELD)
        if len(files) > limits.pictures:
            raise _too_many(limits)
        if not files:
            raise Problem(422, f'There is no picture in the multipart field "{FIELD}".')
        return [await _in_form(one) for one in files]
    finally:
        await form.close()


async def read_form_files(request: Request, limits: Limits) -> FormFiles:
    """The template, the blank form and the filled-in one, each a file of a multipart form.

    Raises:
        Problem: 400 malformed, 413 too many, 422 one is missing.
    """
    wanted = FormFiles._fields
    if not is_multipart(request):
        raise Problem(422, f"A multipart form is wanted here, with the files {', '.join(wanted)}.")
    form = await parsed(request, limits)
    try:
        files = {name: form.getlist(name) for name in wanted}
        for name, found in files.items():
            if len(found) != 1 or isinstance(found[0], str):
                raise Problem(422, f'One file is wanted in the multipart field "{name}".')
        return FormFiles(*[(await _in_form(one)).content for (one,) in files.values()])
    finally:
        await form.close()


async def parsed(request: Request, limits: Limits) -> FormData:
    """A multipart body.

    Raises:
        Problem: 400 malformed, 413 too many files.
    """
    try:
        # One more than the limit, so that too many are told from a broken form.
        return await request.form(max_files=limits.pictures + 1, max_fields=8)
    except HTTPException as error:
        if "Too many files" in error.detail:
            raise _too_many(limits) from None
        raise Problem(400, f"The multipart body is broken: {error.detail}") from None
    except (FormParserError, UnicodeDecodeError, LookupError) as error:
        # Not every Starlette takes the parser's own errors, or a form's odd encoding, for such.
        raise Problem(400, f"The multipart body is broken: {error}") from None


async def _in_form(one: UploadFile | str) -> Upload:
    """A file of a form, or a data URL in it."""
    if isinstance(one, str):
        return Upload("picture", _decoded(one.encode("utf-8", "replace")))
    return Upload((one.filename or "picture")[:LONGEST_NAME], await one.read())


def is_multipart(request: Request) -> bool:
    """Whether a request's body is a form with files."""
    return _kind(request).startswith("multipart/form-data")


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "").lower()


def _too_many(limits: Limits) -> Problem:
    return Problem(413, f"There are more than {limits.pictures} pictures in the request.")
