"""The one shape of every error answer, and the handlers that give it.

Installed by `main`. Nothing here repeats what the client sent: an error answer ends in other
people's logs, and the text of a person in need does not belong there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.context import current_request_id
from api.hotlines import hotlines_body

_NAMED_STATUS = {
    400: ("malformed", "The request cannot be read."),
    401: ("unauthenticated", "A valid bearer token is needed."),
    403: ("forbidden", "The token lacks the scope for this."),
    404: ("not_found", "There is no such thing."),
    405: ("method_not_allowed", "This path does not know that method."),
    408: ("too_slow", "The request did not arrive in time."),
    413: ("too_large", "The request is too large."),
    415: ("unsupported_media_type", "The body must be application/json."),
    422: ("invalid", "The request is well formed but not acceptable."),
    429: ("too_many_requests", "Too many messages; please wait."),
    500: ("internal", "Something went wrong on our side."),
    503: ("unavailable", "The service cannot do this now."),
}
_KNOWN_PLACES = frozenset(
    {
        *("body", "query", "path", "header"),
        *("person", "message", "conversation_id", "after", "limit", "idempotency-key", "x-synthetic"),
        *("page_id", "open", "by", "via", "token", "outcome", "contact"),
    }
)


class ApiError(HTTPException):
    """An answer that is an error.

    Attributes:
        code: for machines.
        hotlines: whether the body carries the numbers that help without us.
    """

    def __init__(
        self,
        status: int,
        code: str | None = None,
        message: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        hotlines: bool = False,
    ) -> None:
        named_code, named_message = _NAMED_STATUS.get(status, ("error", "The request failed."))
        super().__init__(status, message or named_message, headers)
        self.code = code or named_code
        self.hotlines = hotlines


def error_body(
    code: str, message: str, *, hotlines: bool = False, details: Sequence[Mapping[str, str]] = ()
) -> dict[str, Any]:
    """Returns the body of an error answer."""
    error: dict[str, Any] = {"code": code, "message": message, "request_id": current_request_id()}
    if details:
        error["details"] = [dict(detail) for detail in details]
    body: dict[str, Any] = {"error": error}
    if hotlines:
        body["hotlines"] = hotlines_body()
    return body


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101  # registered for nothing else
    status = error.status_code
    code, message = _NAMED_STATUS.get(status, ("error", "The request failed."))
    hotlines = False
    if isinstance(error, ApiError):
        code, message, hotlines = error.code, error.detail, error.hotlines
    return JSONResponse(error_body(code, message, hotlines=hotlines), status, error.headers)


async def _validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101  # registered for nothing else
    problems = error.errors()
    if any(problem["type"] == "json_invalid" for problem in problems):
        code, message = _NAMED_STATUS[400]
        return JSONResponse(error_body(code, message), 400)
    details = [{"where": _place(problem["loc"]), "reason": str(problem["type"])} for problem in problems]
    code, message = _NAMED_STATUS[422]
    return JSONResponse(error_body(code, message, details=details[:20]), 422)


def _place(location: Sequence[int | str]) -> str:
    """Names the field; a part that the client invented becomes `?`."""
    parts = (str(part).lower() for part in location)
    return ".".join(part if part in _KNOWN_PLACES else "?" for part in parts)


def install_error_handlers(app: FastAPI) -> None:
    """Makes every error of `app` look the same."""
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
