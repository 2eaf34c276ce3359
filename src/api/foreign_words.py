"""What other people's code says, reduced to what cannot hold what a person said.

Called by `logs` for records of the standard library's logging, warnings and uncaught exceptions. A
library may put anything into its words: a query's parameters, a URL, a callback's arguments. So a
message is kept only where it is a constant of the code that said it; numbers that are too short for
a phone number are filled in, everything else becomes an ellipsis. Where the words are lost, the
place that said them (file and line) and the type of the error still tell what happened.
"""

from __future__ import annotations

import errno
import logging
import re
import sys
from collections.abc import Mapping
from types import FrameType

LEFT_OUT = "words that may hold personal data were left out"
_LARGEST = 999_999
_DEEPEST = 60
# said with values behind them, and worth knowing by themselves
_KNOWN_BEGINNINGS = (
    "Task exception was never retrieved",
    "Future exception was never retrieved",
    "Task was destroyed but it is pending",
    "Exception in callback",
    "Unclosed connection",
)
_CONVERSION = re.compile(r"%(\(\w+\))?[-#0 +]*[0-9]*(?:\.[0-9]+)?[diouxXeEfFgGrsa]")
_TRACEBACK = "Traceback (most recent call last)"
_PLACE = re.compile(r'^\s*File "([^"\n]+)", line ([0-9]+), in (\S+)$', re.MULTILINE)
_TYPE = re.compile(r"^([A-Za-z_][\w.]*)(?=:|$)", re.MULTILINE)


class _Hidden:
    """Stands in for a value, however it is formatted."""

    def __str__(self) -> str:
        return "…"

    __repr__ = __str__


def words_of(record: logging.LogRecord) -> str:
    """Returns what may be said of the record's message."""
    message = record.msg
    if isinstance(message, BaseException):
        return named_error(message)
    text = str(message)
    if _is_constant(text):
        return _filled_in(text, record.args).split("\n", 1)[0]
    return next((known for known in _KNOWN_BEGINNINGS if text.startswith(known)), LEFT_OUT)


def named_error(error: BaseException) -> str:
    """Returns the type of the error and, where it has one, its code."""
    code = code_of(error)
    return type(error).__qualname__ + (f" {code}" if code else "")


def code_of(error: BaseException) -> str:
    """Returns the symbol of the system's error number or the database's SQLSTATE, empty without one."""
    if isinstance(error, OSError) and error.errno is not None:
        return errno.errorcode.get(error.errno, "")
    state = getattr(getattr(error, "orig", error), "sqlstate", None)
    return state if isinstance(state, str) and re.fullmatch(r"[0-9A-Z]{5}", state) else ""


def places_in(text: str) -> tuple[str, str] | None:
    """Returns the type and the places of a traceback that was handed over as text, None for other text."""
    if not text.startswith(_TRACEBACK):
        return None
    places = [f"  {file}:{line} {name}" for file, line, name in _PLACE.findall(text)[-25:]]
    types = _TYPE.findall(text.split("\n", 1)[1])
    return (types[-1] if types else "unknown"), "\n".join(places)


def constant_or_nothing(text: str) -> str:
    """Returns the text where the code that runs now has it as a constant, else what stands for it."""
    return text if _is_constant(text) else LEFT_OUT


def _is_constant(text: str) -> bool:
    """Says whether a function that is being executed has exactly this text among its constants."""
    frame: FrameType | None = sys._getframe(1)
    for _ in range(_DEEPEST):
        if frame is None:
            return False
        if any(type(value) is str and value == text for value in frame.f_code.co_consts):
            return True
        frame = frame.f_back
    return False


def _filled_in(template: str, values: object) -> str:
    if not values:
        return template
    texts = _CONVERSION.sub(r"%\1s", template)  # what is hidden is no number any more
    try:
        if isinstance(values, Mapping):
            return texts % {key: _shown(value) for key, value in values.items()}
        return texts % tuple(map(_shown, values)) if isinstance(values, tuple) else template
    except (TypeError, ValueError, KeyError):
        return template


def _shown(value: object) -> object:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, int):
        return value if abs(value) <= _LARGEST else _Hidden()
    return named_error(value) if isinstance(value, BaseException) else _Hidden()
