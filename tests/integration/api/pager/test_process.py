"""`python -m api.pager` as it runs: killed, stopped, doubled, misconfigured; with a real mail server."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from api.pager.stores import SharedStore
from api.pages import book, reading
from api.pages.model import page_id
from api.spool import Spool
from paging import crisis, message, pager_process, paging_file
from recipients import Mailbox, mailbox
from servers import Postgres, eventually, wait_until

PAGING = """
channels:
  mail: {{kind: smtp, host: 127.0.0.1, port: {port}, security: none, sender: xiong@example.invalid}}
contacts:
  nurse: {{mail: nurse@example.invalid}}
rota:
  - {{days: [mon, tue, wed, thu, fri, sat, sun], from: "00:00", to: "24:00", contact: nurse}}
policy:
  steps: [{{notify: [on-call], acknowledge_minutes: 60}}]
"""


@pytest.fixture
def box() -> Iterator[Mailbox]:
    """A mail server."""
    with mailbox("none") as made:
        yield made


@pytest.fixture
def paging(tmp_path: Path, box: Mailbox) -> Path:
    """PAGING_FILE that sends there."""
    return paging_file(tmp_path, PAGING.format(port=box.port))


async def _place(store: SharedStore, number: int) -> list[str]:
    placed = []
    for _ in range(number):
        event = crisis(f"p-{uuid.uuid4()}", at=datetime.now(UTC))
        placed.append(str(await store.run(lambda c, event=event: book.place(c, event))))
    return placed


def _pages(box: Mailbox) -> set[str]:
    return {mail.page_id for mail in box.mails()}


async def test_a_page_is_with_its_channel_within_a_second(
    database: Any, shared: SharedStore, tmp_path: Path, box: Mailbox, paging: Path
) -> None:
    with pager_process(database.url, tmp_path, paging) as pager:
        began = time.time()
        (page,) = await _place(shared, 1)
        await asyncio.to_thread(wait_until, lambda: _pages(box) == {page}, "the page is sent", 10)
        assert box.mails()[0].at - began < 1
        assert pager.metric('xiongichat_page_deliveries_total{channel="mail",outcome="sent"}') == 1
        assert pager.metric("xiongichat_paging_configured") == 1
        assert pager.stop() == 0


async def test_killed_at_random_a_pager_loses_no_page_and_repeats_only_the_same(
    database: Any, shared: SharedStore, tmp_path: Path, box: Mailbox, paging: Path
) -> None:
    box.will("slow", seconds=0.05)
    chance = random.Random(7)
    placed: list[str] = []
    for _ in range(4):
        with pager_process(database.url, tmp_path, paging) as pager:
            goal = len(_pages(box)) + chance.randrange(1, 30)
            placed += await _place(shared, 40)
            await asyncio.to_thread(wait_until, lambda g=goal: len(_pages(box)) >= g, "some are sent", 20)
            pager.kill()
    began = time.monotonic()
    with pager_process(database.url, tmp_path, paging) as pager:
        await asyncio.to_thread(wait_until, lambda: _pages(box) == set(placed), "every page is sent", 20)
        # a lease lasts longer than this
        assert time.monotonic() - began < 20
        assert pager.stop() == 0
    ids = {mail.message_id for mail in box.mails()}
    assert len(ids) == len(set(placed)) == 160
    repeated = Counter(mail.page_id for mail in box.mails())
    assert max(repeated.values()) <= 5


async def test_the_database_killed_in_the_middle_costs_no_page(
    database: Any, shared: SharedStore, tmp_path: Path, box: Mailbox, paging: Path, whole_postgres: Postgres
) -> None:
    box.will("slow", seconds=0.05)
    with pager_process(database.url, tmp_path, paging) as pager:
        placed = await _place(shared, 60)
        await asyncio.to_thread(wait_until, lambda: len(_pages(box)) >= 10, "some are sent", 20)
        await asyncio.to_thread(whole_postgres.kill)
        await asyncio.to_thread(whole_postgres.start)
        await asyncio.to_thread(wait_until, lambda: _pages(box) == set(placed), "every page is sent", 30)
        await asyncio.to_thread(
            wait_until, lambda: pager.metric("xiongichat_pager_outage") == 0, "the outage ends"
        )
        assert pager.stop() == 0
    assert {len({mail.message_id for mail in box.mails() if mail.page_id == page}) for page in placed} == {1}


async def test_two_pagers_share_the_work_and_send_nothing_twice(
    database: Any, shared: SharedStore, tmp_path: Path, box: Mailbox, paging: Path
) -> None:
    with (
        pager_process(database.url, tmp_path, paging, wait=False) as one,
        pager_process(database.url, tmp_path, paging) as other,
    ):
        wait_until(one.healthy, "the other pager answers", 20)
        placed = await _place(shared, 200)
        await asyncio.to_thread(wait_until, lambda: len(box.mails()) >= 200, "every page is sent", 20)
        name = 'xiongichat_page_deliveries_total{channel="mail",outcome="sent"}'
        shares = [one.metric(name), other.metric(name)]
        assert (one.stop(), other.stop()) == (0, 0)
    assert sorted(mail.page_id for mail in box.mails()) == sorted(placed)
    assert sum(shares) == 200
    assert min(shares) > 0


async def test_stopped_in_the_middle_of_a_send_a_pager_ends_it_and_leaves_nothing_claimed(
    database: Any, shared: SharedStore, tmp_path: Path, box: Mailbox, paging: Path, rows: Any
) -> None:
    box.will("slow", seconds=1)
    with pager_process(database.url, tmp_path, paging) as pager:
        (page,) = await _place(shared, 1)
        await asyncio.to_thread(wait_until, lambda: bool(box.events("mail")), "the mail is there", 10)
        assert pager.stop() == 0
    (row,) = await rows("SELECT state, claimed_by FROM page_deliveries")
    assert (row["state"], row["claimed_by"], _pages(box)) == ("sent", None, {page})
    assert list((tmp_path / "spool" / "pagers").iterdir()) == []


@pytest.mark.parametrize(("away", "back"), [("stop", "start"), ("freeze", "thaw")])
async def test_people_are_paged_from_the_spool_while_the_database_is_away(
    database: Any,
    shared: SharedStore,
    tmp_path: Path,
    box: Mailbox,
    paging: Path,
    whole_postgres: Postgres,
    away: str,
    back: str,
) -> None:
    spool = Spool(tmp_path / "spool")
    with pager_process(database.url, tmp_path, paging) as pager:
        await asyncio.to_thread(getattr(whole_postgres, away))
        records = [message(f"p-{number}", at=datetime.now(UTC)) for number in range(20)]
        for record in records:
            await spool.append(record)
        expected = {str(page_id(record.crisis().event_id)) for record in records}
        await asyncio.to_thread(wait_until, lambda: _pages(box) == expected, "all are paged", 10)
        # killed in the outage, another goes on
        pager.kill()
        with pager_process(database.url, tmp_path, paging) as again:
            await asyncio.to_thread(getattr(whole_postgres, back))

            async def merged() -> bool:
                try:
                    found = await shared.run(lambda c: reading.newest(c, only_open=True, limit=50))
                except Exception:
                    return False
                return {str(page.id) for page in found} == expected

            await eventually(merged, "the pages are in the database")
            await asyncio.to_thread(
                wait_until, lambda: again.metric("xiongichat_pager_outage") == 0, "the outage ends"
            )
            assert again.stop() == 0
    spool.close()
    assert len({mail.message_id for mail in box.mails()}) == 20


def test_a_file_that_cannot_be_used_ends_the_start_with_2_and_says_why(database: Any, tmp_path: Path) -> None:
    broken = paging_file(tmp_path, PAGING.format(port=25).replace('to: "24:00"', 'to: "20:00"'))
    with pager_process(database.url, tmp_path, broken, wait=False) as pager:
        assert pager.process.wait(20) == 2
    assert "nobody from mon 20:00" in pager.log.read_text()


def test_without_a_file_a_pager_runs_and_says_that_nobody_is_called(database: Any, tmp_path: Path) -> None:
    with pager_process(database.url, tmp_path, None) as pager:
        assert pager.metric("xiongichat_paging_configured") == 0
        assert pager.metric("xiongichat_on_call") == 0
        assert pager.stop() == 0
    assert "PAGING_FILE is not set" in pager.log.read_text()
