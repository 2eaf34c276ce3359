"""Log lines: the names, the allow-list, and what must never be in them."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from api.context import request_id
from api.database.engine import DatabaseAwayError
from api.logs import configure, make_log
from api.settings import Settings


def _lines(stream: io.BytesIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def whole_process() -> Iterator[io.BytesIO]:
    """Logging of the whole process, as the server sets it up; put back afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.BytesIO()
    configure(Settings(), stream)
    yield stream
    root.handlers, root.level = handlers, level
    logging.captureWarnings(False)
    structlog.reset_defaults()


def test_a_line_has_ecs_names_and_the_request_it_belongs_to() -> None:
    stream = io.BytesIO()
    log = make_log(Settings(release_id="r1"), stream)
    token = request_id.set("abc")
    log.info("a message was answered", action="chat.answered", level="LOW", stored=True)
    request_id.reset(token)
    (line,) = _lines(stream)
    assert line["@timestamp"].endswith("+00:00")
    assert line["log.level"] == "info"
    assert line["event.action"] == "chat.answered"
    assert line["trace.id"] == "abc"
    assert line["xiongichat.risk_level"] == "LOW"
    assert line["xiongichat.release"] == "r1"


def test_a_field_that_is_not_on_the_list_is_dropped() -> None:
    stream = io.BytesIO()
    make_log(Settings(), stream).info("x", action="y", person="p-1", content="說了什麼", reply="秘密")
    assert "p-1" not in stream.getvalue().decode()
    assert "說了什麼" not in stream.getvalue().decode()
    assert "秘密" not in stream.getvalue().decode()


def test_a_foreign_error_gives_its_type_and_places_but_not_its_words() -> None:
    stream = io.BytesIO()
    log = make_log(Settings(), stream)

    def fails(words: str) -> None:
        raise ValueError(words)

    try:
        fails("我住在這裡")
    except ValueError as error:
        log.error("failed", action="x.failed", error=error)
    log.warning("away", action="x.away", error=DatabaseAwayError("no answer"))
    first, second = _lines(stream)
    assert first["error.type"] == "builtins.ValueError"
    assert "fails" in first["error.stack_trace"]
    assert "我住在這裡" not in stream.getvalue().decode()
    assert second["error.message"] == "no answer"
    assert "error.stack_trace" not in second


def test_personal_data_in_a_value_is_redacted() -> None:
    stream = io.BytesIO()
    make_log(Settings(), stream).info("打給 0912345678", action="x", reason="a@example.com")
    assert "0912345678" not in stream.getvalue().decode()
    assert "a@example.com" not in stream.getvalue().decode()


def test_a_line_that_cannot_be_made_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> bytes:
        raise RecursionError("秘密")

    stream = io.BytesIO()
    log = make_log(Settings(), stream)
    monkeypatch.setattr("api.logs.Render.line", broken)
    log.info("x", action="y")
    (line,) = _lines(stream)
    assert "RecursionError" in line["error.type"]
    assert "秘密" not in stream.getvalue().decode()


def test_less_than_the_level_is_not_written() -> None:
    stream = io.BytesIO()
    log = make_log(Settings(log_level="ERROR"), stream)
    log.info("x", action="y")
    log.warning("x", action="y")
    log.critical("x", action="y")
    assert [line["log.level"] for line in _lines(stream)] == ["critical"]


def test_everybody_elses_records_come_out_the_same_way(whole_process: io.BytesIO) -> None:
    logging.getLogger("uvicorn.error").warning("port %d is taken", 80)
    logging.getLogger("httpx").info("GET http://secret.example/?q=1")
    logging.getLogger("uvicorn.access").info("GET /?person=p-1")
    structlog.get_logger("api.replies").error("responder_failed", error="Boom", responder="Model")
    try:
        raise RuntimeError("裡面的話")
    except RuntimeError:
        logging.getLogger("other").exception("it failed\nwith more")
    lines = _lines(whole_process)
    assert [line["message"] for line in lines] == ["port 80 is taken", "responder_failed", "it failed"]
    assert lines[0]["log.logger"] == "uvicorn.error"
    assert lines[1]["error.type"] == "Boom"
    assert lines[2]["error.type"] == "builtins.RuntimeError"
    assert "裡面的話" not in whole_process.getvalue().decode()
