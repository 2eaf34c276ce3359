"""The rehearsal: whole, missing, late, during an outage, and shared by two pagers."""

from __future__ import annotations

import asyncio
import contextlib
import http.server
import threading
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api.pager.channels.base import ChannelError
from api.pager.configuration import Canary
from api.pager.plan import Plan
from api.pages import book, reading
from api.pages.model import Page, PageKind, PageState
from paging import Clock, Stage, stage
from servers import Postgres


class _Outside(http.server.BaseHTTPRequestHandler):
    """The address outside that hears of whole rehearsals."""

    def do_GET(self) -> None:
        self.server.calls.append(self.path)  # type: ignore[attr-defined]
        self.send_response(self.server.answer)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Any]:
    """A server that counts heartbeats."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Outside)
    server.calls, server.answer = [], 200  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    (tmp_path / "heartbeat").write_text(f"http://127.0.0.1:{server.server_port}/beat\n")
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
async def rehearsing(database: Any, tmp_path: Path, clock: Clock, outside: Any) -> AsyncIterator[Stage]:
    """A pager with a canary."""
    async with _rehearsing(database.url, tmp_path, clock) as made:
        yield made


@contextlib.asynccontextmanager
async def _rehearsing(url: str, folder: Path, clock: Clock) -> AsyncIterator[Stage]:
    async with stage(url, folder, clock) as made:
        plan = made.pager.planning.plan
        assert plan is not None
        canary = Canary(60, ("probe",), 5, folder / "heartbeat")
        made.pager.planning.plan = Plan(replace(plan.configuration, canary=canary), plan.channels)
        yield made


async def _pages(desk: Stage, kind: PageKind) -> list[Page]:
    found: list[Page] = await desk.run(lambda c: reading.newest(c, only_open=False, limit=50))
    return [page for page in found if page.kind is kind]


async def _confirm(desk: Stage, clock: Clock, *, but: uuid.UUID | None = None) -> None:
    for notice, _ in (*desk.mail.got, *desk.text.got):
        if notice.kind is PageKind.CANARY and notice.delivery_id != but:
            await desk.run(lambda c, one=notice.delivery_id: book.received(c, one, clock()))


async def test_a_rehearsal_goes_the_whole_way_and_is_told_outside_once(
    rehearsing: Stage, clock: Clock, outside: Any, rows: Any
) -> None:
    canary = rehearsing.pager.canary
    await canary.look()
    (stored,) = await rows(
        "SELECT c.synthetic, c.application, m.risk_level, e.synthetic AS event FROM messages m"
        " JOIN conversations c ON c.id = m.conversation_id JOIN risk_events e ON e.message_id = m.id"
    )
    assert (stored["synthetic"], stored["application"], stored["event"]) == (True, "canary", True)
    assert stored["risk_level"] in ("HIGH", "IMMINENT")
    await rehearsing.round()
    assert (rehearsing.mail.addresses, rehearsing.text.addresses) == (
        ["probe@example.invalid"],
        ["probe@text.example.invalid"],
    )
    clock.go(seconds=20)
    await canary.look()
    assert outside.calls == []
    await _confirm(rehearsing, clock)
    for _ in range(3):
        await canary.look()
    assert outside.calls == ["/beat"]
    (page,) = await _pages(rehearsing, PageKind.CANARY)
    assert (page.state, page.acknowledged_by, page.acknowledged_via) == (
        PageState.ACKNOWLEDGED,
        "canary",
        "receipt",
    )
    value = rehearsing.pager.metrics.registry.get_sample_value
    assert value("xiongichat_canary_last_success_timestamp_seconds") == clock().timestamp()
    assert value("xiongichat_page_hop_seconds_sum", {"hop": "receipt"}) == 40
    assert value("xiongichat_pages_open", {"level": "HIGH"}) == 0


async def test_the_pager_says_how_often_it_rehearses_and_0_where_nothing_is_set_up(rehearsing: Stage) -> None:
    pager = rehearsing.pager
    value = pager.metrics.registry.get_sample_value
    await pager.canary.look()
    assert value("xiongichat_canary_interval_seconds") == 3600
    plan = pager.planning.plan
    assert plan is not None
    pager.planning.plan = Plan(replace(plan.configuration, canary=None), plan.channels)
    await pager.canary.look()
    assert value("xiongichat_canary_interval_seconds") == 0


async def test_a_rehearsal_that_is_not_confirmed_pages_whoever_is_on_call_once(
    rehearsing: Stage, clock: Clock, outside: Any
) -> None:
    canary = rehearsing.pager.canary
    await canary.look()
    await rehearsing.round()
    await _confirm(rehearsing, clock, but=rehearsing.text.got[0][0].delivery_id)
    clock.go(minutes=5, microseconds=-1)
    await canary.look()
    assert await _pages(rehearsing, PageKind.NOTICE) == []
    clock.go(microseconds=1)
    for _ in range(3):
        await canary.look()
    await rehearsing.round()
    (notice,) = await _pages(rehearsing, PageKind.NOTICE)
    assert rehearsing.mail.addresses == ["probe@example.invalid", "nurse@example.invalid"]
    assert (notice.step, outside.calls) == (0, [])
    await rehearsing.run(lambda c: book.acknowledge(c, notice.id, "nurse", "link", clock()))
    # the next one is missing too: the same incident
    clock.go(hours=1)
    await canary.look()
    clock.go(minutes=6)
    await canary.look()
    assert len(await _pages(rehearsing, PageKind.NOTICE)) == 1
    newer, older = await _pages(rehearsing, PageKind.CANARY)
    assert (newer.state, older.acknowledged_via) == (PageState.OPEN, "missing")


async def test_after_one_that_arrived_the_next_missing_one_is_a_new_incident(
    rehearsing: Stage, clock: Clock, outside: Any
) -> None:
    canary = rehearsing.pager.canary
    for confirmed in (False, True, False):
        await canary.look()
        await rehearsing.round()
        if confirmed:
            await _confirm(rehearsing, clock)
        clock.go(minutes=5)
        await canary.look()
        clock.go(minutes=55)
    assert len(await _pages(rehearsing, PageKind.NOTICE)) == 2
    assert outside.calls == ["/beat"]


async def test_a_rehearsal_that_a_channel_refuses_is_missing(
    rehearsing: Stage, clock: Clock, outside: Any
) -> None:
    rehearsing.mail.fails = ChannelError("refused", "nobody accepts connections there")
    await rehearsing.pager.canary.look()
    await rehearsing.round()
    await _confirm(rehearsing, clock)
    clock.go(minutes=5)
    await rehearsing.pager.canary.look()
    assert len(await _pages(rehearsing, PageKind.NOTICE)) == 1
    (page,) = await _pages(rehearsing, PageKind.CANARY)
    assert page.step == 0


async def test_a_rehearsal_that_the_rules_do_not_see_or_cannot_judge_is_missing(
    rehearsing: Stage, clock: Clock
) -> None:
    def broken() -> Any:
        raise FileNotFoundError

    rehearsing.pager.canary._load_assessor = broken
    await rehearsing.pager.canary.look()
    await rehearsing.round()
    assert rehearsing.mail.got == []
    clock.go(minutes=5)
    await rehearsing.pager.canary.look()
    assert len(await _pages(rehearsing, PageKind.NOTICE)) == 1


async def test_an_address_outside_that_refuses_is_asked_again(
    rehearsing: Stage, clock: Clock, outside: Any
) -> None:
    outside.answer = 500
    await rehearsing.pager.canary.look()
    await rehearsing.round()
    await _confirm(rehearsing, clock)
    await rehearsing.pager.canary.look()
    outside.answer = 200
    for _ in range(2):
        await rehearsing.pager.canary.look()
    assert outside.calls == ["/beat", "/beat"]


async def test_two_pagers_make_one_rehearsal(
    rehearsing: Stage, database: Any, tmp_path: Path, clock: Clock
) -> None:
    async with _rehearsing(database.url, tmp_path, clock) as other:
        await rehearsing.pager.canary.look()
        clock.go(seconds=3)
        await other.pager.canary.look()
        assert len(await _pages(rehearsing, PageKind.CANARY)) == 1


async def test_a_pager_that_starts_anew_does_not_rehearse_twice(
    database: Any, tmp_path: Path, clock: Clock, outside: Any
) -> None:
    for _ in range(2):
        async with _rehearsing(database.url, tmp_path, clock) as made:
            await made.pager.canary.look()
            await made.round()
            await _confirm(made, clock)
            await made.pager.canary.look()
            assert len(await _pages(made, PageKind.CANARY)) == 1
        clock.go(minutes=10)
    async with _rehearsing(database.url, tmp_path, clock) as made:
        value = made.pager.metrics.registry.get_sample_value
        assert value("xiongichat_canary_last_success_timestamp_seconds") == clock().timestamp() - 1200


async def test_a_rehearsal_goes_through_an_outage(
    rehearsing: Stage, clock: Clock, outside: Any, whole_postgres: Postgres
) -> None:
    await asyncio.to_thread(whole_postgres.stop)
    await rehearsing.pager.desk.work()
    await rehearsing.pager.canary.look()
    await rehearsing.pager.intake.look()
    await rehearsing.round()
    assert rehearsing.mail.addresses == ["probe@example.invalid"]
    await _confirm(rehearsing, clock)
    await rehearsing.pager.canary.look()
    assert outside.calls == ["/beat"]


async def test_where_nobody_can_press_a_button_it_arrived_when_the_channel_took_it(
    rehearsing: Stage, outside: Any
) -> None:
    plan = rehearsing.pager.planning.plan
    assert plan is not None
    assert plan.configuration.canary is not None
    unmanned = replace(plan.configuration.canary, receipt="channel")
    rehearsing.pager.planning.plan = Plan(replace(plan.configuration, canary=unmanned), plan.channels)
    await rehearsing.pager.canary.look()
    await rehearsing.round()
    await rehearsing.pager.canary.look()
    assert [page.state for page in await _pages(rehearsing, PageKind.CANARY)] == [PageState.ACKNOWLEDGED]
    assert outside.calls == ["/beat"]
