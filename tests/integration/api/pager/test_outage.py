"""The database goes away and comes back: people are called meanwhile, and nothing is called twice."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from api.database.conversations import store_spooled_message
from api.pager.channels.base import ChannelError
from api.pager.stores import SharedStore
from api.pages import book, reading, working
from api.pages.model import PageState, page_id
from api.pages.tables import page_events, pages
from api.records import AcknowledgementRecord, MessageRecord
from api.spool import Spool
from paging import START, Clock, Stage, crisis, message
from servers import Postgres, eventually

REFUSED = ChannelError("refused", "nobody accepts connections there")


async def _lose(desk: Stage, server: Postgres) -> None:
    await asyncio.to_thread(server.stop)
    await desk.pager.desk.work()
    assert desk.pager.duty.outage


async def _regain(desk: Stage, server: Postgres) -> None:
    await asyncio.to_thread(server.start)
    await _regain_started(desk)


async def _count(store: Any, table: Any) -> int:
    return int(await store.run(lambda c: c.scalar(select(func.count()).select_from(table))))


async def _relay(store: SharedStore, records: list[MessageRecord]) -> None:
    for record in records:
        await store.run(lambda c, one=record: store_spooled_message(c, one))


async def test_a_hundred_people_are_called_before_the_database_is_back(
    paging: Stage, whole_postgres: Postgres, spool: Spool, clock: Clock
) -> None:
    await _lose(paging, whole_postgres)
    records = [message(f"p-{number}") for number in range(100)]
    for record in records:
        await spool.append(record)
    await paging.pager.intake.look()
    for _ in range(3):
        await paging.round()
    assert {notice.page_id for notice, _ in paging.mail.got} == {
        page_id(r.crisis().event_id) for r in records
    }
    await _regain(paging, whole_postgres)
    shared = paging.pager.shared
    await _relay(shared, records)
    assert (await _count(shared, pages), await _count(shared, page_events)) == (100, 100)
    await paging.round()
    assert len(paging.mail.got) == len(paging.text.got) == 100
    found = await shared.run(lambda c: reading.newest(c, only_open=True, limit=200))
    assert {(page.step, page.events, page.next_step_at) for page in found} == {
        (0, 1, clock() + timedelta(minutes=5))
    }


@pytest.mark.parametrize("relay_first", [False, True])
async def test_several_messages_of_an_outage_stay_one_page_whoever_brings_them_first(
    paging: Stage, whole_postgres: Postgres, spool: Spool, shared: SharedStore, relay_first: bool
) -> None:
    await _lose(paging, whole_postgres)
    records = [message(at=START + timedelta(seconds=number)) for number in range(3)]
    for record in records:
        await spool.append(record)
    await paging.pager.intake.look()
    await paging.round()
    await asyncio.to_thread(whole_postgres.start)
    if relay_first:
        # in another order: the relay opens a page by another event
        await _relay(shared, records[::-1])
    await _regain_started(paging)
    await _relay(shared, records)
    (page,) = await shared.run(lambda c: reading.newest(c, only_open=False, limit=10))
    assert (page.id, page.events, page.step) == (page_id(records[0].crisis().event_id), 3, 0)
    await paging.round()
    assert len(paging.mail.got) == 1


async def _regain_started(desk: Stage) -> None:
    async def back() -> bool:
        await desk.pager.duty.tend()
        return not desk.pager.duty.outage

    await eventually(back, "the pager works in the database again")


async def test_a_message_that_comes_while_the_pager_merges_is_no_second_page(
    paging: Stage, whole_postgres: Postgres, spool: Spool, shared: SharedStore
) -> None:
    await _lose(paging, whole_postgres)
    await spool.append(message())
    await paging.pager.intake.look()
    await paging.round()
    await asyncio.to_thread(whole_postgres.start)
    later = message(at=START + timedelta(seconds=20))
    await eventually(lambda: _tried(shared, later), "the database takes a message")
    await _regain_started(paging)
    await paging.round()
    (page,) = await shared.run(lambda c: reading.newest(c, only_open=False, limit=10))
    assert (page.events, len(paging.mail.got)) == (2, 1)


async def _tried(store: SharedStore, record: MessageRecord) -> bool:
    try:
        await _relay(store, [record])
    except Exception:
        return False
    return True


async def test_who_acknowledges_during_an_outage_is_called_no_more(
    paging: Stage, whole_postgres: Postgres, spool: Spool, clock: Clock
) -> None:
    await _lose(paging, whole_postgres)
    record = message()
    await spool.append(record)
    await paging.pager.intake.look()
    await paging.round()
    page = page_id(record.crisis().event_id)
    await spool.append(AcknowledgementRecord(page, "nurse", "link", clock()))
    await paging.pager.intake.look()
    clock.go(hours=1)
    await paging.round()
    await _regain(paging, whole_postgres)
    await paging.round()
    assert paging.mail.addresses == ["nurse@example.invalid"]
    found = await paging.run(lambda c: reading.read_pages(c, {page}))
    assert (found[page].state, found[page].acknowledged_by) == (PageState.ACKNOWLEDGED, "nurse")


async def test_a_page_of_before_the_outage_goes_on_in_it(
    paging: Stage, whole_postgres: Postgres, clock: Clock
) -> None:
    page = await paging.run(lambda c: book.place(c, crisis()))
    await paging.round()
    await paging.pager.mirror.copy()
    await _lose(paging, whole_postgres)
    clock.go(minutes=5)
    await paging.round()
    assert paging.mail.addresses == ["nurse@example.invalid", "lead@example.invalid"]
    await _regain(paging, whole_postgres)
    found = await paging.run(lambda c: reading.read_pages(c, {page}))
    assert (found[page].step, found[page].next_step_at) == (1, clock() + timedelta(minutes=3))
    await paging.round()
    assert len(paging.mail.got) == 2


async def test_a_page_that_was_being_sent_when_the_database_went_is_not_sent_again(
    paging: Stage, whole_postgres: Postgres, clock: Clock
) -> None:
    paging.mail.hold = asyncio.Event()
    page = await paging.run(lambda c: book.place(c, crisis()))
    await paging.pager.desk.work()
    await _lose(paging, whole_postgres)
    paging.mail.hold.set()
    await paging.round()
    clock.go(minutes=5)
    await paging.round()
    await _regain(paging, whole_postgres)
    await paging.round()
    assert paging.mail.addresses == ["nurse@example.invalid", "lead@example.invalid"]
    deliveries = await paging.run(lambda c: reading.deliveries_of(c, {page}))
    assert {one.state.value for one in deliveries[page]} == {"sent"}


async def test_a_page_in_our_hands_goes_on_though_nobody_had_time_to_copy_it(
    paging: Stage, whole_postgres: Postgres, clock: Clock
) -> None:
    paging.mail.fails = REFUSED
    await paging.run(lambda c: book.place(c, crisis()))
    await paging.round()
    await _lose(paging, whole_postgres)
    paging.mail.fails = None
    clock.go(seconds=2)
    await paging.round()
    assert paging.mail.addresses == ["nurse@example.invalid"]
    assert len(set(paging.mail.tries)) == 1


async def test_a_result_is_kept_where_the_file_never_heard_of_its_page(
    paging: Stage, whole_postgres: Postgres, clock: Clock
) -> None:
    paging.mail.hold = asyncio.Event()
    page = await paging.run(lambda c: book.place(c, crisis()))
    await paging.pager.desk.work()
    # as it is where another pager kept the file until now
    paging.pager.duty.hands.held.clear()
    await _lose(paging, whole_postgres)
    paging.mail.hold.set()
    await paging.round()
    await _regain(paging, whole_postgres)
    clock.go(seconds=40)
    await paging.round()
    assert len(paging.mail.tries) == 1
    deliveries = await paging.run(lambda c: reading.deliveries_of(c, {page}))
    assert {one.state.value for one in deliveries[page]} == {"sent"}


async def test_what_others_did_is_copied_too(paging: Stage, shared: SharedStore, clock: Clock) -> None:
    mirror, store = paging.pager.mirror, paging.pager.duty.local
    first, second = [await shared.run(lambda c, p=p: book.place(c, crisis(p))) for p in ("p-1", "p-2")]
    await mirror.copy(sweep=True)
    await shared.run(lambda c: book.acknowledge(c, first, "nurse", "link", START))
    await mirror.copy(sweep=True)
    assert store is not None
    found = await store.run(lambda c: reading.newest(c, only_open=False, limit=9))
    assert {page.id: page.acknowledged_by for page in found} == {first: "nurse", second: None}
    assert await store.run(lambda c: working.due_pages(c, START, 9)) != []
    clock.go(hours=2)
    await mirror.copy(sweep=True)
    left = await store.run(lambda c: reading.newest(c, only_open=False, limit=9))
    assert [page.id for page in left] == [second]


async def test_copies_are_not_brought_back_as_news(paging: Stage, shared: SharedStore) -> None:
    page = await shared.run(lambda c: book.place(c, crisis()))
    await paging.pager.mirror.copy(sweep=True)

    async def erase(connection: Any) -> None:
        await connection.execute(page_events.delete())
        await connection.execute(pages.delete())

    await shared.run(erase)
    await paging.pager.duty.merge()
    assert await shared.run(lambda c: reading.read_pages(c, {page})) == {}
