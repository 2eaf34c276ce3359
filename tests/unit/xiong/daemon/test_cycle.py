"""The turns of `xiong watch`: one part that fails takes nothing from the others, and is counted."""

import asyncio
from datetime import UTC, datetime

import pytest

from xiong.daemon.cycle import LOOK, Cycle, Step
from xiong.daemon.exporter import Exporter
from xiong.daemon.hook import Pages
from xiong.daemon.observation import Observation
from xiong.errors import PlatformError
from xiong.tools.clock import SystemClock
from xiong.tools.web import Request

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Looks:
    """An observer that gives what it was given, or fails with it."""

    def __init__(self, *seen: Observation | Exception) -> None:
        self._seen = list(seen)

    async def look(self) -> Observation:
        found = self._seen.pop(0)
        if isinstance(found, Exception):
            raise found
        return found


class Round:
    """A cycle whose steps are written down."""

    def __init__(self, *looks: Observation | Exception, failing: Exception | None = None) -> None:
        self.done: list[str] = []
        self.told: list[str] = []
        steps = (Step("first", self._step("first", failing)), Step("second", self._step("second", None)))
        self.exporter = Exporter((), (LOOK, "first", "second"))
        self.cycle = Cycle(Looks(*looks), self.exporter, steps, SystemClock(), self.told.append)

    def _step(self, name: str, error: Exception | None):
        async def act(seen: Observation) -> None:
            assert seen.at == NOW
            self.done.append(name)
            if error:
                raise error

        return act

    @property
    def text(self) -> str:
        return self.exporter.text().decode()


async def test_a_step_that_fails_is_told_and_counted_and_the_next_is_taken():
    turn = Round(Observation(NOW), failing=PlatformError("no disk"))

    await turn.cycle.once()

    assert turn.done == ["first", "second"]
    assert turn.told == ["first failed: no disk"]
    assert 'xiong_watch_step_failures_total{step="first"} 1.0' in turn.text
    assert 'xiong_watch_step_failures_total{step="second"} 0.0' in turn.text


async def test_a_cycle_that_saw_nothing_takes_no_step_and_has_not_ended():
    turn = Round(OSError("gone"), Observation(NOW))

    await turn.cycle.once()

    assert turn.done == []
    assert "xiong_watch_last_cycle_timestamp_seconds 0.0" in turn.text
    assert f'xiong_watch_step_failures_total{{step="{LOOK}"}} 1.0' in turn.text

    await turn.cycle.once()

    assert turn.done == ["first", "second"]
    assert "xiong_watch_last_cycle_timestamp_seconds 0.0" not in turn.text


async def test_an_error_that_nobody_expected_ends_the_daemon():
    turn = Round(Observation(NOW), failing=ZeroDivisionError())

    with pytest.raises(ZeroDivisionError):
        await turn.cycle.once()


async def test_rounds_go_on_until_they_are_cancelled():
    turn = Round(*[Observation(NOW)] * 1000)
    running = asyncio.ensure_future(turn.cycle.run(0))
    while len(turn.done) < 6:
        await asyncio.sleep(0)
    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running


def pages() -> tuple[Pages, list[str], Exporter]:
    told: list[str] = []
    exporter = Exporter(("APIDown", "Watchdog"))
    return Pages(exporter, told.append), told, exporter


BODY = (
    b'{"alerts": [{"status": "%s", "labels": {"alertname": "%s", "severity": "critical"},'
    b' "annotations": {"summary": "API"}}]}'
)


def test_an_alert_of_alertmanager_is_logged_and_counted():
    answers, told, exporter = pages()

    for status in (b"firing", b"resolved"):
        assert answers.answer(Request("POST", "/alerts/backend", BODY % (status, b"APIDown"))).status == 200

    assert told == [
        "alert APIDown fires (critical, for backend): API",
        "alert APIDown is over (critical, for backend): API",
    ]
    text = exporter.text().decode()
    assert 'xiong_alert_notifications_total{alert="APIDown",status="firing"} 1.0' in text
    assert 'xiong_alert_notifications_total{alert="APIDown",status="resolved"} 1.0' in text


def test_the_heartbeat_is_counted_and_fills_no_log():
    answers, told, exporter = pages()

    answers.answer(Request("POST", "/alerts/heartbeat", BODY % (b"firing", b"Watchdog")))

    assert told == []
    assert 'alert="Watchdog",status="firing"} 1.0' in exporter.text().decode()


@pytest.mark.parametrize("body", [b"", b"[]", b'{"alerts": [{}]}', b'{"alerts": 3}', b"\xff"])
def test_a_notification_that_is_none_is_refused(body):
    answers, told, _ = pages()

    assert answers.answer(Request("POST", "/alerts/backend", body)).status == 400
    assert told == []


def test_only_what_is_offered_is_answered():
    answers, _, _ = pages()

    assert answers.answer(Request("GET", "/metrics")).body.startswith(b"# HELP")
    assert answers.answer(Request("GET", "/healthz")).status == 200
    assert answers.answer(Request("GET", "/alerts/backend")).status == 404
    assert answers.answer(Request("DELETE", "/metrics")).status == 405
