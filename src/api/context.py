"""What is true for the request being handled: its id. Set by the middleware, read by logs and errors."""

from __future__ import annotations

import re
import uuid
from contextvars import ContextVar

from redaction import redact

# A UUID, 16 to 64 hexadecimal digits, a ULID: what machines make. A word could be somebody's name.
_MADE_BY_A_MACHINE = re.compile(
    r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    r"|(?=[0-9]*[a-fA-F])[0-9a-fA-F]{16,64}"
    r"|[0-7](?=[0-9]*[A-HJKMNP-TV-Z])[0-9A-HJKMNP-TV-Z]{25}"
)
request_id: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """Returns the id of the request being handled, empty outside one."""
    return request_id.get()


def accept_request_id(offered: bytes | None) -> str:
    """Returns the id that the caller offered where a machine must have made it, else a new one."""
    if offered is not None:
        text = offered.decode("latin-1")
        # it goes into every log line of the request, so it must not be somebody's phone number
        if _MADE_BY_A_MACHINE.fullmatch(text) and redact(text) == text:
            return text
    return uuid.uuid4().hex
