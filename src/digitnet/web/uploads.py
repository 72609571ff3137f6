"""Uploads: pictures as they come in, raw or as multipart, within their limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from python_multipart.exceptions import MultipartParseError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from digitnet.web.errors import Problem
from digitnet.web.limits import Limits

FIELD = "pictures"
LONGEST_NAME = 200


class Upload(NamedTuple):
    """A picture's bytes, and what the client calls it: a word to give back, never a path."""

    name: str
    content: bytes


async def read_one(request: Request, limits: Limits) -> bytes:
    """The raw body.

    Raises:
        Problem: 408 too slow, 413 too large, 422 empty or multipart.
    """
    if _is_multipart(request):
        raise Problem(422, "One picture is wanted here, as the raw body of the request.")
    async with _in_time(limits):
        content = await request.body()
    if not content:
        raise Problem(422, "There is no picture in the request: send its bytes as the body.")
    return content


async def read_several(request: Request, limits: Limits) -> list[Upload]:
    """The raw body as one picture, or all in the multipart field "pictures".

    Raises:
        Problem: 400 malformed, 408 too slow, 413 too large, 422 too many or none.
    """
    if not _is_multipart(request):
        return [Upload("picture", await read_one(request, limits))]
    async with _in_time(limits):
        try:
            # One more than the limit, so that too many are told from a broken form.
            form = await request.form(max_files=limits.pictures + 1, max_fields=8)
        except Problem:
            raise
        except HTTPException as error:
            if "Too many files" in error.detail:
                raise _too_many(limits) from None
            raise Problem(400, f"The multipart body is broken: {error.detail}") from None
        except (MultipartParseError, UnicodeDecodeError, LookupError) as error:
            # Not every Starlette takes the parser's own errors, or a form's odd encoding, for such.
            raise Problem(400, f"The multipart body is broken: {error}") from None
        try:
            files = [one for one in form.getlist(FIELD) if isinstance(one, UploadFile)]
            if len(files) > limits.pictures:
                raise _too_many(limits)
            if not files:
                raise Problem(422, f'There is no picture in the multipart field "{FIELD}".')
            return [
                Upload((one.filename or "picture")[:LONGEST_NAME], await one.read())
                for one in files
            ]
        finally:
            await form.close()


def _is_multipart(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("multipart/form-data")


def _too_many(limits: Limits) -> Problem:
    return Problem(413, f"There are more than {limits.pictures} pictures in the request.")


@asynccontextmanager
async def _in_time(limits: Limits) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(limits.upload_seconds):
            yield
    except TimeoutError:
        raise Problem(
            408, f"The body did not come within {limits.upload_seconds:g} seconds; send it again."
        ) from None
