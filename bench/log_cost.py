"""Lines a second of our log beside logging that does less, or the same naively; in CPU time."""

from __future__ import annotations

import json
import logging
import os
import time
import uuid
from collections.abc import Callable
from typing import Any

import orjson

from api.logs import make_log
from api.settings import Settings
from bench import report
from redaction import redact

Write = Callable[[int], None]

_MESSAGE = "a message was answered"


async def run(*, quick: bool) -> None:
    """Called by `python -m bench logging`."""
    rounds, lines = (3, 3_000) if quick else (9, 20_000)
    with open(os.devnull, "wb") as nowhere:  # noqa: ASYNC230  # nothing waits for it
        ways = {
            "ours: ECS, allow-list, redaction": _ours(nowhere, fresh=False),
            "ours, a new text in every line": _ours(nowhere, fresh=True),
            "stdlib + json, no redaction": _standard(nowhere, _plain),
            "stdlib + json, redact() on every field": _standard(nowhere, _naive),
            "the same, a new text in every line": _standard(nowhere, _naive, fresh=True),
        }
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, write in ways.items():
                began = time.process_time()
                for number in range(lines):
                    write(number)
                seconds[name].append(time.process_time() - began)
    _show(seconds, rounds, lines)


def _fields(number: int, *, fresh: bool) -> dict[str, Any]:
    return {
        "action": "chat.answered",
        "application": "line-bot",
        "level": "LOW",
        "source": "offline",
        "stored": True,
        "synthetic": False,
        "reason": f"try {number} took longer than the last one" if fresh else "took longer than the last one",
        "event_id": uuid.UUID(int=number),
    }


def _ours(stream: Any, *, fresh: bool) -> Write:
    log = make_log(Settings(), stream)
    return lambda number: log.info(_MESSAGE, **_fields(number, fresh=fresh))


def _plain(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, default=str).encode()


def _naive(fields: dict[str, Any]) -> bytes:
    return orjson.dumps({redact(k): redact(v) if isinstance(v, str) else v for k, v in fields.items()})


class _Lines(logging.Handler):
    """Writes each record as one line of JSON."""

    def __init__(self, stream: Any, encode: Callable[[dict[str, Any]], bytes]) -> None:
        super().__init__()
        self._stream, self._encode = stream, encode

    def emit(self, record: logging.LogRecord) -> None:
        fields = {
            "@timestamp": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)),
            "log.level": record.levelname.lower(),
            "message": record.getMessage(),
            "log.logger": record.name,
            **record.__dict__["fields"],
        }
        self._stream.write(self._encode(fields) + b"\n")
        self._stream.flush()


def _standard(stream: Any, encode: Callable[[dict[str, Any]], bytes], *, fresh: bool = False) -> Write:
    logger = logging.getLogger(f"bench.{encode.__name__}.{fresh}")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(_Lines(stream, encode))
    return lambda number: logger.info(_MESSAGE, extra={"fields": _fields(number, fresh=fresh)})


def _show(seconds: dict[str, list[float]], rounds: int, lines: int) -> None:
    first = next(iter(seconds.values()))
    rows = []
    for name, spent in seconds.items():
        # each round beside the same round of ours: the machine's mood cancels out
        times = report.median([a / b for a, b in zip(first, spent, strict=True)])
        per_line = 1e6 * report.median(spent) / lines
        rows.append([name, f"{lines / report.median(spent):,.0f}", f"{per_line:.1f}", f"{times:.2f}×"])
    heads = ["way", "lines per CPU second", "µs a line", "times ours"]
    report.table(f"logging: medians of {rounds} interleaved rounds of {lines:,} lines", heads, rows)
    report.save("logging", seconds)
