"""What is true for the request being handled: its id. Set by the middleware, read by logs and errors."""

from __future__ import annotations

import re
import uuid
from contextvars import ContextVar

from redaction import redact

_SANE = re.compile(r"[A-Za-z0-9._-]{8,64}")
request_id: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """Returns the id of the request being handled, empty outside one."""
    return request_id.get()


def accept_request_id(offered: bytes | None) -> str:
    """Returns the id that the caller offered where it is harmless, else a new one."""
    if offered is not None:
        text = offered.decode("latin-1")
        # it goes into every log line of the request, so it must not be somebody's phone number
        if _SANE.fullmatch(text) and redact(text) == text:
            return text
    return uuid.uuid4().hex
