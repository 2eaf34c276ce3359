"""What OpenAPI says about answers, shared by the routes: errors and the headers on every answer."""

from __future__ import annotations

from typing import Any

from api.schemas import ErrorResponse

_DESCRIPTIONS = {
    400: "The body is no JSON in UTF-8.",
    401: "No valid bearer token.",
    403: "The token lacks the scope.",
    404: "There is no such conversation of this person, or no such page.",
    408: "The body did not arrive in time.",
    413: "The body is larger than 64 KiB.",
    415: "The body is not application/json.",
    422: "A field is not acceptable, or the Idempotency-Key was used for another message.",
    429: "The person sends too fast. Never given where the message shows danger; carries the hotlines.",
    500: "A fault of ours.",
    503: "Cannot be done now; carries the hotlines.",
}
_TEXT = {"schema": {"type": "string"}}
HEADERS: dict[str, Any] = {
    "X-Request-ID": {"description": "Id of this request, also in the logs.", **_TEXT},
    "X-Response-Time": {"description": "Time taken, for example `12.30ms`.", **_TEXT},
}
RETRY_AFTER = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
REPLAYED = {
    "Idempotency-Replayed": {
        "description": "`true` where this is the answer to an earlier try of the same request.",
        "schema": {"type": "string", "enum": ["true"]},
    }
}
Responses = dict[int | str, dict[str, Any]]


def responses(*statuses: int) -> Responses:
    """Returns the error answers of a route, for FastAPI."""
    return {status: _error(status) for status in statuses}


def _error(status: int) -> dict[str, Any]:
    headers = dict(HEADERS)
    if status in (429, 503):
        headers.update(RETRY_AFTER)
    if status == 401:
        headers["WWW-Authenticate"] = {"description": "`Bearer`", **_TEXT}
    example = {"error": {"code": "…", "message": _DESCRIPTIONS[status], "request_id": "…"}}
    return {
        "model": ErrorResponse,
        "description": _DESCRIPTIONS[status],
        "headers": headers,
        "content": {"application/json": {"example": example}},
    }
