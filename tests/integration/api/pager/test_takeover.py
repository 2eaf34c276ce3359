"""A pager dies, and another one on its folder, or the next one, goes on where it was."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from api.pager.stores import SharedStore
from api.pages import book, reading
from api.pages.model import page_id
from api.pages.standby import Standby
from api.risk.model import Level
from api.spool import Spool
from paging import Clock, Stage, crisis, message, stage
from servers import Postgres, eventually


async def _die(desk: Stage) -> None:
    """Leaves everything as the kernel does where a process is killed."""
    await desk.pager.duty.close()
    desk.pager.duty.local = None
    desk.pager.presence.leave(settled=False)


async def test_what_a_pager_had_claimed_when_it_died_in_an_outage_is_taken_up_at_once(
    database: Any, tmp_path: Path, clock: Clock, whole_postgres: Postgres, spool: Spool
) -> None:
    await asyncio.to_thread(whole_postgres.stop)
    async with stage(database.url, tmp_path, clock) as dying:
        dying.mail.hold = asyncio.Event()
        await spool.append(message())
        await dying.pager.intake.look()
        await dying.pager.desk.work()
        while not dying.mail.tries:
            await asyncio.sleep(0)
        await _die(dying)
        async with stage(database.url, tmp_path, clock) as other:
            await other.round()
            assert other.mail.tries == dying.mail.tries
        dying.mail.hold.set()


async def test_an_outage_survives_the_death_of_the_pager(
    database: Any, tmp_path: Path, clock: Clock, whole_postgres: Postgres, spool: Spool
) -> None:
    await asyncio.to_thread(whole_postgres.stop)
    records = [message("p-1"), message("p-2", Level.HIGH)]
    async with stage(database.url, tmp_path, clock) as first:
        for record in records:
            await spool.append(record)
        await first.pager.intake.look()
        await first.round()
        tries = set(first.mail.tries)
    async with stage(database.url, tmp_path, clock) as second:
        await second.pager.intake.look()
        await second.round()
        assert second.mail.got == []
        await asyncio.to_thread(whole_postgres.start)

        async def back() -> bool:
            await second.pager.duty.tend()
            return not second.pager.duty.outage

        await eventually(back, "the pager works in the database again")
        await second.round()
        found = await second.pager.shared.run(lambda c: reading.newest(c, only_open=True, limit=9))
        assert {page.id for page in found} == {page_id(r.crisis().event_id) for r in records}
    assert len(tries) == 2


async def test_a_second_pager_leaves_the_outage_to_the_first_and_takes_over_when_it_ends(
    database: Any, tmp_path: Path, clock: Clock, whole_postgres: Postgres, spool: Spool
) -> None:
    async with (
        stage(database.url, tmp_path, clock) as first,
        stage(database.url, tmp_path, clock) as other,
    ):
        assert first.pager.presence.first
        assert not other.pager.presence.first
        await asyncio.to_thread(whole_postgres.stop)
        await spool.append(message())
        await other.pager.intake.look()
        await first.pager.intake.look()
        await first.round()
        assert (len(first.mail.got), other.mail.got) == (1, [])
        await _die(first)
        await other.pager.duty.tend()
        await spool.append(message("p-2"))
        await other.pager.intake.look()
        await other.round()
        assert other.pager.presence.first
        assert len(other.mail.got) == 1


async def test_claims_of_a_dead_pager_are_taken_up_at_once(
    database: Any, tmp_path: Path, clock: Clock, shared: SharedStore
) -> None:
    async with stage(database.url, tmp_path, clock) as dying:
        dying.mail.hold = asyncio.Event()
        await shared.run(lambda c: book.place(c, crisis()))
        await dying.pager.desk.work()
        while not dying.mail.tries:
            await asyncio.sleep(0)
        async with stage(database.url, tmp_path, clock) as other:
            await other.round()
            assert other.mail.tries == []
            # as the kernel does with the locks of a killed process
            dying.pager.presence.leave(settled=False)
            await other.pager.duty.tend()
            await other.round()
            assert other.mail.tries == dying.mail.tries
        dying.mail.hold.set()


async def test_a_replica_shows_the_pages_of_an_outage_also_when_the_pager_died(
    database: Any, tmp_path: Path, clock: Clock, whole_postgres: Postgres, spool: Spool
) -> None:
    standby = Standby(tmp_path / "spool")
    await asyncio.to_thread(whole_postgres.stop)
    async with stage(database.url, tmp_path, clock) as dying:
        record = message()
        await spool.append(record)
        await dying.pager.intake.look()
        for _ in range(2):
            (page,) = await standby.read(lambda c: reading.newest(c, only_open=True, limit=9))
            assert page.id == page_id(record.crisis().event_id)
            await _die(dying)


async def test_a_damaged_file_is_put_aside_and_the_next_outage_has_one(
    database: Any, tmp_path: Path, clock: Clock, whole_postgres: Postgres, spool: Spool
) -> None:
    (tmp_path / "spool").mkdir(exist_ok=True)
    (tmp_path / "spool" / "pages.sqlite").write_bytes(b"no database at all " * 400)
    async with stage(database.url, tmp_path, clock) as made:
        assert "pager.nofile" in made.actions()
        await made.pager.duty.tend()
        await asyncio.to_thread(whole_postgres.stop)
        await spool.append(message())
        await made.pager.intake.look()
        await made.round()
        assert len(made.mail.got) == 1
    assert (tmp_path / "spool" / "pages.sqlite.broken").stat().st_size == 19 * 400
