"""The work of a pager, round by round, by a clock that only the test moves; over both stores."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from api.pager.channels.base import ChannelError
from api.pager.desk import PLACES
from api.pages import book, reading
from api.pages.link import read
from api.pages.model import DeliveryState, Page, PageState
from api.risk.model import Level
from paging import KEY, PAGING, START, Clock, Stage, crisis, stage

REFUSED = ChannelError("refused", "nobody accepts connections there")


@pytest.fixture(params=["database", "outage"])
async def desk(
    request: pytest.FixtureRequest, database: Any, tmp_path: Path, clock: Clock
) -> AsyncIterator[Stage]:
    """A pager over PostgreSQL, and the same over SQLite."""
    async with stage(database.url, tmp_path, clock) as made:
        made.pager.duty.outage = request.param == "outage"
        yield made


async def _open(desk: Stage, *people: str, **changes: Any) -> list[uuid.UUID]:
    events = [crisis(person, **changes) for person in people or ("p-1",)]
    return [await desk.run(lambda c, one=one: book.place(c, one)) for one in events]


async def _page(desk: Stage, page: uuid.UUID) -> Page:
    found: dict[uuid.UUID, Page] = await desk.run(lambda c: reading.read_pages(c, {page}))
    return found[page]


async def _waiting(desk: Stage, page: uuid.UUID) -> list[Any]:
    found = await desk.run(lambda c: reading.deliveries_of(c, {page}))
    return [one for one in found[page] if one.state is DeliveryState.WAITING]


async def test_whoever_is_on_call_is_told_by_every_channel(desk: Stage) -> None:
    (page,) = await _open(desk, level=Level.IMMINENT)
    await desk.round()
    ((notice, address),) = desk.mail.got
    assert address == "nurse@example.invalid"
    assert desk.text.addresses == ["nurse@text.example.invalid"]
    assert (notice.page_id, notice.level, notice.events, notice.step) == (page, Level.IMMINENT, 1, 1)
    assert notice.opened_at == START
    link = read(KEY, notice.link.removeprefix("https://chat.example.invalid/p/"))
    assert (link.page, link.delivery, link.contact) == (page, notice.delivery_id, "nurse")
    await desk.round()
    assert len(desk.mail.got) == 1


async def test_nobody_acknowledges_and_the_next_step_begins_on_time(desk: Stage, clock: Clock) -> None:
    (page,) = await _open(desk)
    # minutes until each step, and whom it tells: two rounds, then the last step for ever
    for minutes, expected in ((0, 1), (5, 2), (3, 3), (5, 4), (3, 5), (3, 6), (3, 7)):
        if minutes:
            clock.go(minutes=minutes, microseconds=-1)
            await desk.round()
            assert len(desk.mail.got) == expected - 1
            clock.go(microseconds=1)
        await desk.round()
        assert len(desk.mail.got) == expected
    nurse, lead = "nurse@example.invalid", "lead@example.invalid"
    assert desk.mail.addresses == [nurse, lead, nurse, lead, lead, lead, lead]
    assert len({notice.delivery_id for notice, _ in desk.mail.got}) == 7
    assert [notice.step for notice, _ in desk.mail.got] == [1, 2, 1, 2, 2, 2, 2]
    await desk.run(lambda c: book.acknowledge(c, page, "lead", "link", clock()))
    clock.go(days=3)
    await desk.round()
    assert len(desk.mail.got) == 7


async def test_an_acknowledged_page_goes_to_nobody_else(desk: Stage, clock: Clock) -> None:
    (page,) = await _open(desk)
    await desk.round()
    await desk.run(lambda c: book.acknowledge(c, page, "nurse", "link", clock()))
    clock.go(hours=1)
    await desk.round()
    assert desk.mail.addresses == ["nurse@example.invalid"]


async def test_a_failed_try_is_repeated_under_the_same_id_later_and_later(desk: Stage, clock: Clock) -> None:
    (page,) = await _open(desk)
    desk.mail.fails = REFUSED
    pauses = []
    for _ in range(4):
        await desk.round()
        (waiting,) = await _waiting(desk, page)
        pauses.append((waiting.due_at - clock()).total_seconds())
        clock.now = waiting.due_at
    for pause, whole in zip(pauses, (1, 2, 4, 8), strict=True):
        assert whole * 0.75 <= pause <= whole
    desk.mail.fails = None
    await desk.round()
    assert len(desk.mail.got) == 1
    assert len(set(desk.mail.tries)) == 1
    assert len(desk.text.got) == 1


async def test_a_server_that_asks_for_time_gets_it(desk: Stage, clock: Clock) -> None:
    (page,) = await _open(desk)
    desk.mail.fails = ChannelError("throttled", "the server wants us to wait", retry_after=40)
    await desk.round()
    (waiting,) = await _waiting(desk, page)
    assert (waiting.due_at - clock()).total_seconds() == 40
    assert waiting.error == "throttled: the server wants us to wait"


async def test_where_nothing_gets_through_for_a_minute_the_next_step_begins(
    desk: Stage, clock: Clock
) -> None:
    (page,) = await _open(desk)
    desk.mail.fails = desk.text.fails = REFUSED
    while clock() < START + timedelta(seconds=60):
        await desk.round()
        assert (await _page(desk, page)).step == 0
        clock.now = min(one.due_at for one in await _waiting(desk, page))
    assert clock() == START + timedelta(seconds=60)
    await desk.round()
    desk.mail.fails = None
    await desk.round()
    assert (await _page(desk, page)).step == 1
    assert "lead@example.invalid" in desk.mail.addresses


async def test_one_channel_that_works_is_enough_to_wait_for_an_answer(desk: Stage, clock: Clock) -> None:
    (page,) = await _open(desk)
    desk.mail.fails = REFUSED
    while clock() < START + timedelta(minutes=4):
        await desk.round()
        clock.now = min(one.due_at for one in await _waiting(desk, page))
    assert (await _page(desk, page)).step == 0


async def test_a_channel_that_is_back_says_a_page_once_to_each(desk: Stage, clock: Clock) -> None:
    await _open(desk)
    desk.mail.fails = desk.text.fails = REFUSED
    for _ in range(600):
        await desk.round()
        clock.go(seconds=1)
    desk.mail.fails = desk.text.fails = None
    clock.go(seconds=30)
    await desk.round()
    assert sorted(desk.mail.addresses) == ["lead@example.invalid", "nurse@example.invalid"]
    assert desk.text.addresses == ["nurse@text.example.invalid"]


async def test_a_channel_without_a_place_left_holds_up_no_other(desk: Stage) -> None:
    await _open(desk, *(f"p-{number}" for number in range(PLACES + 10)))
    desk.mail.hold = asyncio.Event()
    await desk.pager.desk.work()
    while len(desk.text.got) < PLACES:
        await asyncio.sleep(0)
    assert len(desk.mail.tries) == PLACES
    desk.mail.hold.set()
    for _ in range(4):
        await desk.round()
    assert len(set(desk.mail.tries)) == len(desk.mail.tries) == PLACES + 10
    assert len(set(desk.text.tries)) == len(desk.text.tries) == PLACES + 10


async def test_a_channel_that_raises_anything_costs_only_a_try(desk: Stage, clock: Clock) -> None:
    (page,) = await _open(desk)
    desk.mail.fails = RuntimeError("of ours")  # type: ignore[assignment]
    await desk.round()
    (waiting,) = await _waiting(desk, page)
    assert waiting.error == "broken: the channel itself went wrong"
    assert str(waiting.id).encode() in desk.log.getvalue()
    assert b"of ours" not in desk.log.getvalue()


async def test_without_a_plan_pages_stay_open_and_nobody_is_called(desk: Stage) -> None:
    plan, desk.pager.planning.plan = desk.pager.planning.plan, None
    (page,) = await _open(desk)
    await desk.round()
    assert ((await _page(desk, page)).state, desk.mail.got) == (PageState.OPEN, [])
    desk.pager.planning.plan = plan
    await desk.round()
    assert len(desk.mail.got) == 1


async def test_a_file_that_breaks_leaves_the_last_good_one_in_force(desk: Stage, tmp_path: Path) -> None:
    planning = desk.pager.planning
    planning._path = tmp_path / "paging.yaml"
    good = planning.plan
    planning._path.write_text("policy: {")
    assert not await planning.look()
    assert planning.plan is good
    assert "paging.refused" in desk.actions()
    planning._path.write_text(PAGING.replace("repeat: 2", "repeat: 7"))
    assert await planning.look()
    assert planning.plan is not None
    assert planning.plan.configuration.policy.repeat == 7


async def test_the_metrics_say_what_is_open_and_how_long_it_took(desk: Stage, clock: Clock) -> None:
    metrics = desk.pager.metrics

    def value(name: str, **labels: str) -> float:
        found = metrics.registry.get_sample_value(name, labels)
        assert found is not None, name
        return found

    assert value("xiongichat_risk_oldest_unacked_timestamp_seconds", level="HIGH") == 0
    (page,) = await _open(desk)
    clock.go(seconds=0.5)
    desk.text.fails = REFUSED
    await desk.round()
    await desk.pager.board.show_pages()
    assert value("xiongichat_pages_total", kind="crisis", level="HIGH") == 1
    assert value("xiongichat_pages_open", level="HIGH") == 1
    assert value("xiongichat_risk_oldest_unacked_timestamp_seconds", level="HIGH") == START.timestamp()
    desk.pager.board.show_plan()
    assert value("xiongichat_page_deliveries_total", channel="mail", outcome="sent") == 1
    assert value("xiongichat_page_deliveries_total", channel="text", outcome="refused") == 1
    assert value("xiongichat_page_deliveries_total", channel="mail", outcome="certificate") == 0
    assert value("xiongichat_page_latency_seconds_sum") == 0.5
    assert (value("xiongichat_paging_configured"), value("xiongichat_on_call")) == (1, 1)
    clock.go(seconds=20)
    await desk.run(lambda c: book.acknowledge(c, page, "nurse", "link", clock()))
    for _ in range(2):
        await desk.pager.board.show_pages()
    assert value("xiongichat_page_acknowledge_seconds_sum") == 20.5
    assert value("xiongichat_pages_open", level="HIGH") == 0
    assert b"nurse" not in metrics.text()
    assert b"nurse" not in desk.log.getvalue()
