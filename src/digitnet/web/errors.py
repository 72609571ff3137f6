"""Errors: what went wrong, as one sentence with the status that goes with it."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from digitnet.errors import (
    DataError,
    DigitnetError,
    ModelError,
    OutputError,
    PictureError,
    SettingsError,
)

# What a user can mend with another request is 422; a full or read-only disk is the server's.
STATUS: dict[type[DigitnetError], int] = {
    PictureError: 422,
    SettingsError: 422,
    DataError: 422,
    ModelError: 422,
    OutputError: 507,
}
SENTENCES = {  # where FastAPI itself refuses
    400: "The request cannot be understood; /docs says what is expected.",
    404: "There is nothing at this address; /docs lists what there is.",
    405: "This address does not take that method; /docs says which it takes.",
}
HEADERS = {
    503: {"Retry-After": "2"},
    408: {"Connection": "close"},  # the rest of the body may still be on its way
    413: {"Connection": "close"},
}
BUG = "Something went wrong inside digitnet; the server's own output has the details."


class Problem(HTTPException):
    """A request that is not done, and why."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(status, sentence, HEADERS.get(status))


def as_answer(problem: HTTPException) -> JSONResponse:
    """The answer to a request that is not done: {"error": sentence}."""
    ours = isinstance(problem, Problem)
    sentence = problem.detail if ours else SENTENCES.get(problem.status_code, problem.detail)
    return JSONResponse({"error": sentence}, problem.status_code, problem.headers)


def add_error_handlers(app: FastAPI, told: Callable[[str], str] = str) -> None:
    """Let every error of an app be answered in one sentence, bugs too.

    Args:
        app: its handlers are added to.
        told: a sentence as clients may have it; see `Places`.
    """

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == 405:  # two routes may share an address; the first one answers
            methods = app.openapi()["paths"].get(request.url.path, {})
            allowed = ", ".join(sorted(method.upper() for method in methods))
            error.headers = {"Allow": allowed} if allowed else error.headers
        return as_answer(error)

    @app.exception_handler(RequestValidationError)
    async def misunderstood(request: Request, error: RequestValidationError) -> JSONResponse:
        return as_answer(Problem(422, _in_words(error)))

    @app.exception_handler(DigitnetError)
    async def not_possible(request: Request, error: DigitnetError) -> JSONResponse:
        return as_answer(Problem(STATUS.get(type(error), 422), told(error.worded(as_field))))

    @app.exception_handler(Exception)
    async def bug(request: Request, error: Exception) -> JSONResponse:
        return as_answer(Problem(500, BUG))  # the traceback goes to the server's log


def as_field(name: str, value: str) -> str:
    """An option as the page has it: the field `learning rate`, or the same with what to enter."""
    words = name.replace("_", " ")
    return f"{words}: {value}" if value else words


def _in_words(error: RequestValidationError) -> str:
    """The first of the mistakes in a request: where, and what was expected."""
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return "The body is not JSON; /docs says what is expected."
    where = ".".join(str(part) for part in first["loc"][1:]) or "the body"
    return f"{where}: {first['msg'][0].lower()}{first['msg'][1:]}."
