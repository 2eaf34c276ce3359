"""Every statement of a page's life, over PostgreSQL and over SQLite: the same words, the same effect."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from api.pages import book, reading, working
from api.pages.model import Crisis, Delivery, DeliveryState, Page, PageKind, PageState, delivery_id, page_id
from api.pages.tables import page_deliveries, page_events, pages
from api.risk.model import Level
from paging import START, crisis

ME, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)
LATER = START + timedelta(seconds=30)


async def _place(store: Any, *crises: Crisis) -> list[uuid.UUID]:
    return [await store.run(lambda connection, one=one: book.place(connection, one)) for one in crises]


async def _page(store: Any, page: uuid.UUID) -> Page:
    found = await store.run(lambda connection: reading.read_pages(connection, {page}))
    return found[page]


def _delivery(page: Page, contact: str = "nurse", channel: str = "mail", step: int = 0) -> Delivery:
    return Delivery(
        id=delivery_id(page.id, 0, step, contact, channel),
        page_id=page.id,
        round=0,
        step=step,
        contact=contact,
        channel=channel,
        state=DeliveryState.WAITING,
        attempts=0,
        created_at=START,
        due_at=START,
    )


async def _begun(store: Any, *, claimed: bool = True, channels: tuple[str, ...] = ("mail",)) -> Page:
    """A page in its first step, with a delivery on each channel."""
    (identifier,) = await _place(store, crisis())

    async def begin(connection: Any) -> None:
        (page,) = await working.due_pages(connection, START, 10)
        deliveries = [_delivery(page, channel=channel) for channel in channels]
        moved = Page(**{**vars(page), "step": 0, "next_step_at": START + timedelta(minutes=5)})
        mine, free = (deliveries, []) if claimed else ([], deliveries)
        await working.begin_steps(connection, [moved], mine, free, working.Claim(ME, LATER))

    await store.run(begin)
    return await _page(store, identifier)


async def _take(store: Any, now: datetime = START, room: int = 10, by: uuid.UUID = ME) -> list[Delivery]:
    claim = working.Claim(by, now + timedelta(seconds=30))
    taken = await store.run(
        lambda connection: working.take(connection, now, claim, {"mail": room, "text": 0})
    )
    return [delivery for delivery, _ in taken]


async def _deliveries(store: Any) -> list[Any]:
    async def look(connection: Any) -> list[Any]:
        return list(await connection.execute(select(page_deliveries).order_by(page_deliveries.c.channel)))

    return await store.run(look)


async def test_ten_events_of_one_person_within_a_minute_are_one_page_that_counts(store: Any) -> None:
    events = [crisis(at=START + timedelta(seconds=6 * number)) for number in range(10)]
    placed = await _place(store, *events)
    assert set(placed) == {page_id(events[0].event_id)}
    page = await _page(store, placed[0])
    assert (page.events, page.opened_at, page.last_event_at) == (10, START, START + timedelta(seconds=54))


async def test_ten_people_are_ten_pages(store: Any) -> None:
    assert len(set(await _place(store, *(crisis(f"p-{number}") for number in range(10))))) == 10


async def test_the_same_person_of_another_application_is_another_page(store: Any) -> None:
    assert len(set(await _place(store, crisis(), crisis(application="kiosk")))) == 2


async def test_after_a_minute_there_is_a_new_page(store: Any) -> None:
    first, second = await _place(store, crisis(), crisis(at=START + timedelta(seconds=60)))
    assert first != second


async def test_events_that_come_in_the_wrong_order_count_on_one_page(store: Any) -> None:
    late, early = crisis(at=START + timedelta(seconds=20)), crisis(at=START)
    first, second = await _place(store, late, early)
    assert first == second
    assert (await _page(store, first)).last_event_at == late.created_at


async def test_a_rising_level_opens_a_new_page_and_a_falling_one_does_not(store: Any) -> None:
    high, imminent, again = await _place(
        store,
        crisis(),
        crisis(level=Level.IMMINENT),
        crisis(level=Level.HIGH, at=START + timedelta(seconds=5)),
    )
    assert high != imminent
    assert again in (high, imminent)


async def test_an_acknowledged_page_is_not_joined(store: Any) -> None:
    (first,) = await _place(store, crisis())
    await store.run(lambda connection: book.acknowledge(connection, first, "nurse", "link", START))
    (second,) = await _place(store, crisis(at=START + timedelta(seconds=5)))
    assert first != second
    assert (await _page(store, first)).state is PageState.ACKNOWLEDGED
    assert (await _page(store, second)).state is PageState.OPEN


async def test_the_same_event_counts_once(store: Any) -> None:
    event = crisis()
    first, again = await _place(store, event, event)
    assert first == again
    assert (await _page(store, first)).events == 1


async def test_a_rehearsal_never_counts_on_a_real_page(store: Any) -> None:
    real, rehearsal = await _place(store, crisis(), crisis(synthetic=True))
    assert real != rehearsal
    assert (await _page(store, rehearsal)).kind is PageKind.CANARY


async def test_a_page_acknowledged_before_its_row_came_is_never_due(store: Any) -> None:
    event = crisis()
    await store.run(lambda c: book.acknowledge(c, page_id(event.event_id), "nurse", "link", START))
    (page,) = await _place(store, event)
    assert (await _page(store, page)).acknowledged_by == "nurse"
    assert await store.run(lambda connection: working.due_pages(connection, LATER, 10)) == []


async def test_the_first_acknowledgement_stands(store: Any) -> None:
    (page,) = await _place(store, crisis())
    for by in ("nurse", "lead"):
        await store.run(lambda c, by=by: book.acknowledge(c, page, by, "link", START))
    assert (await _page(store, page)).acknowledged_by == "nurse"


async def test_an_acknowledgement_cancels_what_waits(store: Any) -> None:
    page = await _begun(store)
    await store.run(lambda connection: book.acknowledge(connection, page.id, "nurse", "link", START))
    (row,) = await _deliveries(store)
    assert (row.state, row.claimed_until, row.claimed_by) == ("cancelled", None, None)
    assert await _take(store, LATER + timedelta(hours=1)) == []


async def test_a_begun_page_is_due_again_only_at_its_next_step(store: Any) -> None:
    page = await _begun(store)
    due = page.next_step_at
    assert await store.run(lambda c: working.due_pages(c, due - timedelta(microseconds=1), 10)) == []
    assert [one.id for one in await store.run(lambda c: working.due_pages(c, due, 10))] == [page.id]


async def test_beginning_a_step_twice_makes_its_deliveries_once(store: Any) -> None:
    page = await _begun(store)
    delivery = _delivery(page)
    await store.run(lambda c: working.begin_steps(c, [page], [delivery], [], working.Claim(OTHER, LATER)))
    (row,) = await _deliveries(store)
    assert row.claimed_by == ME


async def test_a_claim_keeps_others_away_until_it_ends(store: Any) -> None:
    await _begun(store)
    assert await _take(store, START + timedelta(seconds=29), by=OTHER) == []
    assert len(await _take(store, START + timedelta(seconds=31), by=OTHER)) == 1


async def test_no_more_is_claimed_than_there_is_room_for(store: Any) -> None:
    await _begun(store, claimed=False, channels=("mail", "text"))
    assert await _take(store, room=0) == []
    assert [delivery.channel for delivery in await _take(store)] == ["mail"]


async def test_a_failed_try_is_due_again_when_it_says(store: Any) -> None:
    page = await _begun(store)
    failure = working.Failure(_delivery(page).id, LATER, "timeout: too slow")
    await store.run(lambda connection: working.failed(connection, [failure]))
    assert await _take(store, LATER - timedelta(seconds=1)) == []
    (again,) = await _take(store, LATER)
    assert (again.attempts, again.error, again.state) == (1, "timeout: too slow", DeliveryState.WAITING)


async def test_what_was_sent_is_sent_whatever_comes_after(store: Any) -> None:
    page = await _begun(store)
    one = _delivery(page).id
    await store.run(lambda connection: working.sent(connection, {one: START}))
    await store.run(lambda connection: working.failed(connection, [working.Failure(one, LATER, "late")]))
    await store.run(lambda connection: working.sent(connection, {one: LATER}))
    (row,) = await _deliveries(store)
    assert (row.state, row.sent_at, row.attempts, row.claimed_by) == ("sent", START, 1, None)


@pytest.mark.parametrize("through", [False, True])
async def test_the_next_step_is_hastened_only_where_nothing_got_through(store: Any, through: bool) -> None:
    page = await _begun(store, channels=("mail", "text"))
    if through:
        await store.run(lambda c: working.sent(c, {_delivery(page, channel="text").id: START}))
    hastened = await store.run(lambda connection: working.hasten(connection, _delivery(page), LATER))
    assert hastened is not through
    assert (await _page(store, page.id)).next_step_at == (page.next_step_at if through else LATER)


async def test_a_failure_of_an_earlier_step_hastens_nothing(store: Any) -> None:
    page = await _begun(store)
    assert not await store.run(lambda c: working.hasten(c, _delivery(page, step=1), LATER))


async def test_claims_of_one_pager_are_given_back_but_those_it_still_holds(store: Any) -> None:
    page = await _begun(store, channels=("mail", "text"))
    kept = _delivery(page, channel="text").id
    assert await store.run(lambda connection: working.release(connection, OTHER)) == 0
    assert await store.run(lambda connection: working.release(connection, ME, {kept})) == 1
    assert [row.claimed_by for row in await _deliveries(store)] == [None, ME]
    assert await store.run(lambda connection: working.release(connection, None)) == 1


async def test_what_is_still_waiting_is_named_by_contact_and_channel(store: Any) -> None:
    page = await _begun(store, channels=("mail", "text"))
    await store.run(lambda c: working.sent(c, {_delivery(page).id: START}))
    waiting = await store.run(lambda connection: working.still_waiting(connection, [page.id]))
    assert waiting == {(page.id, "nurse", "text")}


async def test_the_next_due_moment_is_the_earliest_of_steps_tries_and_leases(store: Any) -> None:
    assert await store.run(working.next_due) is None
    page = await _begun(store)
    assert await store.run(working.next_due) == LATER
    await store.run(lambda c: working.sent(c, {_delivery(page).id: START}))
    assert await store.run(working.next_due) == page.next_step_at


async def test_the_first_receipt_stands(store: Any) -> None:
    page = await _begun(store)
    for at in (START, LATER):
        await store.run(lambda c, at=at: book.received(c, _delivery(page).id, at))
    (row,) = await _deliveries(store)
    assert row.received_at == START


async def test_open_pages_are_counted_by_level_and_without_rehearsals(store: Any) -> None:
    await _place(
        store, crisis(at=LATER), crisis("p-2"), crisis("p-3", Level.IMMINENT), crisis(synthetic=True)
    )
    assert await store.run(reading.oldest_open) == {Level.HIGH: (2, START), Level.IMMINENT: (1, START)}


async def test_acknowledgements_are_seen_with_how_long_they_took(store: Any) -> None:
    (page,) = await _place(store, crisis())
    await store.run(lambda connection: book.acknowledge(connection, page, "nurse", "link", LATER))
    assert await store.run(lambda connection: reading.acknowledged_after(connection, START)) == {page: 30.0}
    assert await store.run(lambda connection: reading.acknowledged_after(connection, LATER)) == {}


async def test_an_events_page_is_found(store: Any) -> None:
    event = crisis()
    (page,) = await _place(store, event)
    assert await store.run(lambda connection: reading.page_of_event(connection, event.event_id)) == page
    assert await store.run(lambda c: c.scalar(select(page_events.c.level))) == "HIGH"
    assert await store.run(lambda c: c.scalar(select(pages.c.person))) == "p-1"
