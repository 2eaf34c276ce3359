"""An event that is judged worse later: people are called at its new level, and it counts on one page only."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from api.database.conversations import store_spooled_message
from api.pager.stores import SharedStore
from api.pages import book, reading
from api.pages.model import Crisis, PageState
from api.pages.tables import page_events
from api.risk.model import Level
from api.spool import Spool
from paging import START, Clock, Stage, crisis, message
from servers import Postgres, eventually


def _risen(event: Crisis) -> Crisis:
    return replace(event, level=Level.IMMINENT)


async def _place(store: Any, *crises: Crisis) -> list[Any]:
    return [await store.run(lambda connection, one=one: book.place(connection, one)) for one in crises]


async def _counts(store: Any) -> dict[Any, tuple[str, int]]:
    """Level and number of events of every page."""
    found = await store.run(lambda c: reading.newest(c, only_open=False, limit=20))
    return {page.id: (page.level.name, page.events) for page in found}


async def _events(store: Any) -> list[tuple[Any, str]]:
    async def look(connection: Any) -> list[tuple[Any, str]]:
        rows = await connection.execute(select(page_events.c.page_id, page_events.c.level))
        return [(row.page_id, row.level) for row in rows]

    return await store.run(look)


async def test_a_known_event_that_rises_opens_a_new_page_and_counts_there_alone(store: Any) -> None:
    event = crisis()
    before, after, again = await _place(store, event, _risen(event), _risen(event))
    assert before != after
    assert again == after
    assert await _counts(store) == {before: ("HIGH", 0), after: ("IMMINENT", 1)}
    assert await _events(store) == [(after, "IMMINENT")]
    found = await store.run(lambda c: reading.page_of_event(c, event.event_id))
    assert found == after


async def test_a_known_event_never_falls(store: Any) -> None:
    event = _risen(crisis())
    page, again = await _place(store, event, replace(event, level=Level.HIGH))
    assert again == page
    assert await _counts(store) == {page: ("IMMINENT", 1)}
    assert await _events(store) == [(page, "IMMINENT")]


async def test_a_rising_event_leaves_the_others_where_they_count(store: Any) -> None:
    first, second = crisis(), crisis(at=START + timedelta(seconds=5))
    before, _, after = await _place(store, first, second, _risen(second))
    assert await _counts(store) == {before: ("HIGH", 1), after: ("IMMINENT", 1)}
    page = (await store.run(lambda c: reading.read_pages(c, {before})))[before]
    assert page.last_event_at == START


async def test_a_rising_event_joins_the_open_page_of_its_new_level(store: Any) -> None:
    event, worse = crisis(), crisis(level=Level.IMMINENT, at=START + timedelta(seconds=5))
    before, there, after = await _place(store, event, worse, _risen(event))
    assert after == there
    assert await _counts(store) == {before: ("HIGH", 0), there: ("IMMINENT", 2)}


async def test_an_event_that_counts_on_a_page_of_its_new_level_stays_there(store: Any) -> None:
    worse, event = crisis(level=Level.IMMINENT), crisis(at=START + timedelta(seconds=5))
    page, joined, after = await _place(store, worse, event, _risen(event))
    assert {joined, after} == {page}
    assert await _counts(store) == {page: ("IMMINENT", 2)}
    assert {level for _, level in await _events(store)} == {"IMMINENT"}


async def test_who_took_the_lower_page_over_is_called_again(store: Any) -> None:
    event = crisis()
    (before,) = await _place(store, event)
    await store.run(lambda c: book.acknowledge(c, before, "nurse", "link", START))
    (after,) = await _place(store, _risen(event))
    found = await store.run(lambda c: reading.read_pages(c, {before, after}))
    assert (found[before].state, found[after].state) == (PageState.ACKNOWLEDGED, PageState.OPEN)


@pytest.mark.parametrize("relay_first", [False, True])
async def test_a_verdict_that_rose_in_an_outage_is_called_once_at_each_level(
    paging: Stage, whole_postgres: Postgres, spool: Spool, shared: SharedStore, relay_first: bool
) -> None:
    await asyncio.to_thread(whole_postgres.stop)
    await paging.pager.desk.work()
    assert paging.pager.duty.outage
    first = message(level=Level.HIGH)
    records = [first, replace(first, level=Level.IMMINENT, rules=("mark", "second_opinion"))]
    for record in records:
        await spool.append(record)
        await paging.pager.intake.look()
        await paging.round()
    called = [notice.level for notice, _ in paging.mail.got]
    assert called == [Level.HIGH, Level.IMMINENT]
    await asyncio.to_thread(whole_postgres.start)

    async def back() -> bool:
        await paging.pager.duty.tend()
        return not paging.pager.duty.outage

    async def relay() -> None:
        for record in records:
            await shared.run(lambda c, one=record: store_spooled_message(c, one))

    if relay_first:
        await relay()
    await eventually(back, "the pager works in the database again")
    await relay()
    await paging.round()
    assert sorted((await _counts(shared)).values()) == [("HIGH", 0), ("IMMINENT", 1)]
    assert [level for _, level in await _events(shared)] == ["IMMINENT"]
    assert len(paging.mail.got) == 2


async def test_a_verdict_that_rose_just_before_an_outage_is_called_after_it(
    paging: Stage, whole_postgres: Postgres, shared: SharedStore, clock: Clock
) -> None:
    event = crisis()
    await paging.run(lambda c: book.place(c, event))
    await paging.round()
    await paging.pager.mirror.copy()
    (risen,) = await _place(shared, _risen(event))
    # before the pager heard of it
    await asyncio.to_thread(whole_postgres.stop)
    await paging.pager.desk.work()
    assert paging.pager.duty.outage
    clock.go(minutes=5)
    await paging.round()
    await asyncio.to_thread(whole_postgres.start)

    async def back() -> bool:
        await paging.pager.duty.tend()
        return not paging.pager.duty.outage

    await eventually(back, "the pager works in the database again")
    await paging.round()
    assert paging.mail.got[-1][0].level is Level.IMMINENT
    assert await _events(shared) == [(risen, "IMMINENT")]
    assert sorted((await _counts(shared)).values()) == [("HIGH", 0), ("IMMINENT", 1)]
