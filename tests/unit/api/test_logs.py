"""Log lines: the names, the allow-list, and what must never be in them."""

from __future__ import annotations

import ast
import io
import json
import logging
import quopri
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import structlog

import api
from api.context import request_id
from api.database.engine import DatabaseAwayError
from api.foreign_words import LEFT_OUT
from api.logs import configure, make_log
from api.settings import Settings
from planted import leaks, planted


def _lines(stream: io.BytesIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def whole_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.BytesIO]:
    """Logging of the whole process, as the server sets it up; put back afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    for owner, name in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    stream = io.BytesIO()
    with warnings.catch_warnings():
        configure(Settings(), stream)
        yield stream
    root.handlers, root.level = handlers, level
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


def test_of_foreign_words_only_constants_and_short_numbers_are_kept(whole_process: io.BytesIO) -> None:
    logger = logging.getLogger("somebody")
    said = json.loads('"who calls"')
    logger.warning("seen %s, %r and %d of %d", said, {"a": said}, 3, 12_345_678)
    logger.warning("about " + said)  # noqa: G003  # as some libraries do it
    logger.warning("at %(place)s", {"place": said})
    logger.error(OSError(98, said))
    logger.error("Task exception was never retrieved\nfuture: " + said)  # noqa: G003
    lines = _lines(whole_process)
    assert [line["message"] for line in lines] == [
        "seen …, … and 3 of …",
        LEFT_OUT,
        "at …",
        "OSError EADDRINUSE",
        "Task exception was never retrieved",
    ]
    assert {line["log.origin.file.name"] for line in lines} == {"test_logs.py"}
    assert all(line["log.origin.file.line"] > 1 for line in lines)


def test_a_traceback_that_comes_as_text_keeps_its_type_and_places(whole_process: io.BytesIO) -> None:
    said = json.loads('"who calls"')
    try:
        raise LookupError(said)
    except LookupError:
        logging.getLogger("uvicorn.error").error(traceback.format_exc())
    (line,) = _lines(whole_process)
    assert line["error.type"] == "LookupError"
    assert "test_logs.py" in line["error.stack_trace"]
    assert said not in whole_process.getvalue().decode()


def test_what_python_would_print_itself_comes_out_as_lines(whole_process: io.BytesIO) -> None:
    said = json.loads('"who calls"')

    def fail() -> None:
        raise ConnectionResetError(104, said)

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    try:
        fail()
    except ConnectionResetError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    warnings.simplefilter("always")
    warnings.warn(f"old: {said}", UserWarning, stacklevel=1)
    warnings.warn("old", UserWarning, stacklevel=1)
    lines = _lines(whole_process)
    assert [line["error.type"] for line in lines] == [
        *["builtins.ConnectionResetError"] * 2,
        *["UserWarning"] * 2,
    ]
    assert {line.get("error.code") for line in lines[:2]} == {"ECONNRESET"}
    assert [line["message"] for line in lines[2:]] == [LEFT_OUT, "old"]
    assert said not in whole_process.getvalue().decode()


def test_our_own_code_logs_constant_messages_only() -> None:
    found = [
        f"{path.name}:{node.lineno}"
        for path in Path(api.__file__).parent.rglob("*.py")
        if path.name != "migrate.py"  # it names revisions
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and _logs(node.func) and not _constant(node.args[0])
    ]
    assert found == []


def _constant(said: ast.expr) -> bool:
    if isinstance(said, ast.IfExp):
        return _constant(said.body) and _constant(said.orelse)
    return isinstance(said, ast.Constant)


def _logs(function: ast.expr) -> bool:
    """Whether this is `log.info` and the like, on one of our logs."""
    if not isinstance(function, ast.Attribute) or function.attr not in (
        "info",
        "warning",
        "error",
        "critical",
    ):
        return False
    return ast.unparse(function.value).rpartition(".")[2] in ("log", "_log")


@pytest.mark.parametrize(
    "disguise",
    [
        str.encode,
        lambda value: json.dumps({"x": value}).encode(),
        lambda value: json.dumps(json.dumps({"x": value})).encode(),
        lambda value: quote(value, safe="").encode(),
        lambda value: quote_plus(value).lower().encode(),
        lambda value: repr(value.encode()).encode(),
        lambda value: quopri.encodestring(value.encode()),
        lambda value: "".join(f"&#{ord(sign)};" for sign in value).encode(),
        lambda value: "".join(chr(ord(s) + 0xFEE0) if s.isascii() else s for s in value).encode(),
        lambda value: "-".join(value).encode(),
        lambda value: f"x{value.lower().replace('-', '').replace('/', ' ')}y".encode(),
    ],
)
def test_the_search_for_planted_identities_finds_them_in_disguise(disguise: Callable[[str], bytes]) -> None:
    for identity in planted():
        assert [leak.split(" ")[1] for leak in leaks({"x:": b"a " + disguise(identity.value)})] == [
            identity.kind
        ]
    assert leaks({"x": b'{"a": 12, "b": "%zz \\u12", "=41": "0"}'}) == []
