"""Log lines: JSON with ECS names on stdout, from an allow-list of fields, redacted before serialising.

`main` configures it; our code logs through `Log`, everybody else's records (structlog's and the
standard library's) come out the same way. A field that is not on the list is dropped, the text of an
error that is not our own is dropped, local variables are never written, of other people's words only
constants are kept (`foreign_words`): a conversation must not end in a log. docs/reference/logs.md lists
the fields.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
import uuid
import warnings
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import orjson
import structlog

from api.context import current_request_id
from api.foreign_words import code_of, constant_or_nothing, places_in, words_of
from api.settings import Settings, service_version
from redaction import redact, redact_value

_FIELDS = {
    "action": "event.action",
    "event_id": "event.id",
    "logger": "log.logger",
    "file": "log.origin.file.name",
    "line": "log.origin.file.line",
    "stack": "error.stack_trace",
    "duration_ms": "xiongichat.duration_ms",
    "application": "xiongichat.application",
    "component": "xiongichat.component",
    "count": "xiongichat.count",
    "dependency": "xiongichat.dependency",
    "level": "xiongichat.risk_level",
    "outcome": "xiongichat.outcome",
    "path": "xiongichat.route",
    "port": "server.port",
    "reason": "xiongichat.reason",
    "source": "xiongichat.source",
    "stored": "xiongichat.stored",
    "synthetic": "xiongichat.synthetic",
    "status": "http.response.status_code",
}
_QUIET = ("httpx", "httpcore", "asyncio", "sqlalchemy", "alembic", "hpack", "limits")
_LEVELS = {"warn": "warning", "exception": "error", "fatal": "critical", "msg": "info"}
EventDict = MutableMapping[str, Any]


class Log:
    """What our own code logs with: a message, an action, and named fields of the list above."""

    def __init__(self, render: Render, stream: IO[bytes], level: str = "INFO") -> None:
        self._render = render
        self._stream = stream
        self._least = logging.getLevelNamesMapping()[level]

    def write(self, level: str, event: EventDict) -> None:
        """Writes one line."""
        if logging.getLevelNamesMapping()[level.upper()] < self._least:
            return
        try:
            line = self._render.line(level, event)
        except Exception as error:
            # whatever is wrong with a line, the work that it tells of goes on
            line = orjson.dumps(
                {"log.level": "error", "message": "a line was lost", "error.type": repr(type(error))}
            )
        self._stream.write(line + b"\n")
        self._stream.flush()

    def info(self, message: str, *, action: str, **fields: Any) -> None:
        """Writes what went as it should."""
        self.write("info", {"event": message, "action": action, **fields})

    def warning(self, message: str, *, action: str, **fields: Any) -> None:
        """Writes what was met and lived with."""
        self.write("warning", {"event": message, "action": action, **fields})

    def error(self, message: str, *, action: str, **fields: Any) -> None:
        """Writes what somebody should look at."""
        self.write("error", {"event": message, "action": action, **fields})

    def critical(self, message: str, *, action: str, **fields: Any) -> None:
        """Writes what somebody must look at now."""
        self.write("critical", {"event": message, "action": action, **fields})


class Render:
    """Turns an event into one line."""

    def __init__(self, environment: str, release: str) -> None:
        self._constant = {
            "ecs.version": "8.11.0",
            "service.name": "xiongichat-api",
            "service.version": service_version(),
            "service.environment": environment,
            "xiongichat.release": release,
        }

    def line(self, level: str, event: EventDict) -> bytes:
        """Returns the line, without its end."""
        document: dict[str, Any] = {
            "@timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "log.level": level,
            "message": _clean(str(event.get("event", ""))),
            **self._constant,
        }
        request = current_request_id()
        if request:
            document["trace.id"] = request
        for key, value in event.items():
            name = _FIELDS.get(key)
            if name is not None and value is not None:
                document[name] = _clean(value)
        for name, text in _error_fields(event.get("error"), level in ("error", "critical")).items():
            document[name] = _clean(text)
        return orjson.dumps(document, default=_type_name)


@lru_cache(maxsize=1024)
def _clean_text(text: str) -> str:
    """Most lines say what earlier lines said; redaction is the dear part of a line."""
    return redact(text)


def _clean(value: object) -> object:
    """Redacts; our own ids and the request id (redacted where it is accepted) need none."""
    if isinstance(value, str):
        return _clean_text(value)
    return value if isinstance(value, int | float | uuid.UUID) else redact_value(value)


def _error_fields(error: object, with_stack: bool) -> Mapping[str, str]:
    if isinstance(error, str):
        return {"error.type": error}
    if not isinstance(error, BaseException):
        return {}
    fields = {"error.type": f"{type(error).__module__}.{type(error).__qualname__}"}
    if code := code_of(error):
        fields["error.code"] = code
    if type(error).__module__.startswith("api."):
        # our own errors are worded without input; a foreign one may quote what it choked on
        fields["error.message"] = str(error)
    if with_stack:
        fields["error.stack_trace"] = _stack(error)
    return fields


def _stack(error: BaseException) -> str:
    """Returns where the error and its causes came from: places and types, no values."""
    parts: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        frames = traceback.extract_tb(current.__traceback__)[-25:]
        parts.append(type(current).__qualname__)
        parts.extend(f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
        current = current.__cause__ or current.__context__
    return "\n".join(parts)


def _type_name(value: object) -> str:
    return type(value).__name__


class _StandardHandler(logging.Handler):
    """Takes the standard library's records in."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        error: object = record.exc_info[1] if record.exc_info else None
        event: EventDict = {"event": words_of(record), "logger": record.name, **_origin(record)}
        text = None if error else places_in(str(record.msg))
        if text is not None:
            error, event["stack"] = text
        level = record.levelname.lower() if record.levelname in _KNOWN else "info"
        self._log.write(level, {**event, "error": error})


def _origin(record: logging.LogRecord) -> EventDict:
    """Where a foreign line comes from: what finds it where its words are left out."""
    return {"file": record.filename, "line": record.lineno}


_KNOWN = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class _Hooks:
    """What Python itself would print to stderr, with the words of the error."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def install(self) -> None:
        """Takes the place of the interpreter's own ways to print."""
        sys.excepthook = lambda kind, error, _: self._uncaught(error)
        threading.excepthook = lambda args: self._uncaught(args.exc_value)
        sys.unraisablehook = lambda args: self._uncaught(args.exc_value)
        warnings.showwarning = self._warning

    def _uncaught(self, error: BaseException | None) -> None:
        if not isinstance(error, SystemExit):
            self._log.error("an error that nobody caught", action="process.error", error=error)

    def _warning(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: object = None,
        line: object = None,
    ) -> None:
        event: EventDict = {"event": constant_or_nothing(str(message)), "logger": "py.warnings"}
        place = {"file": Path(filename).name, "line": lineno}
        self._log.write("warning", {**event, **place, "error": category.__qualname__})


def make_log(settings: Settings, stream: IO[bytes] | None = None) -> Log:
    """Returns a log of its own, which changes nothing for the rest of the process."""
    render = Render(settings.environment, settings.release_id)
    return Log(render, stream or sys.stdout.buffer, settings.log_level)


def configure(settings: Settings, stream: IO[bytes] | None = None) -> Log:
    """Makes every log line of this process ours; called once, by the process that serves."""
    log = make_log(settings, stream)
    # loads its rules now: a warning raised while they load would come back here to be redacted
    redact("")

    def write(logger: object, method: str, event: EventDict) -> EventDict:
        log.write(_LEVELS.get(method, method), event)
        raise structlog.DropEvent

    structlog.configure(processors=[write], cache_logger_on_first_use=True)
    root = logging.getLogger()
    root.handlers = [_StandardHandler(log)]
    root.setLevel(settings.log_level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], True
    # an access line holds addresses and query strings; the metrics and chat.answered say the rest
    logging.getLogger("uvicorn.access").disabled = True
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    _Hooks(log).install()
    return log
