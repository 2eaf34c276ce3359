"""Erases again whoever is in the register: after a restore from a backup of before their erasure.

Only what is older than the erasure goes: who wrote again afterwards is somebody new. Safe to repeat.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from api.database.tables import case_contacts, conversations
from api.pages.tables import pages
from api.person import register
from api.person.erasure import Erased, erase_rows, lock
from api.person.register import Erasure, Marker
from api.person.rows import Subject

PEOPLE_AT_ONCE = 5000


@dataclass(frozen=True)
class Reapplied:
    """What it took.

    Attributes:
        erasures: entries in the register.
        people: of whom something was there again.
        unknown_keys: entries that another key made, so that nobody can say whom they meant.
    """

    erasures: int
    people: int
    erased: Erased
    unknown_keys: int


async def reapply(engine: AsyncEngine, markers: Sequence[Marker], more: Sequence[Erasure]) -> Reapplied:
    """Enters `more` (from a newer copy of the register) and erases everybody who is in it."""
    async with engine.begin() as connection:
        await register.record(connection, more)
        entries = await register.entries(connection)
    ours = {marker.key_id for marker in markers}
    until: dict[str, datetime] = {}
    for entry in entries:
        until[entry.person_hmac] = max(entry.at, until.get(entry.person_hmac, entry.at))
    people, erased = 0, Erased()
    async for application, person in _people(engine):
        marks = {mark for marker in markers for mark in marker.marks(person, [application])}
        times = [until[mark] for mark in marks if mark in until]
        if times:
            subject = Subject(person, application, max(times))
            async with engine.begin() as connection:
                await lock(connection, subject)
                gone = await erase_rows(connection, subject)
            people, erased = people + gone.anything, erased + gone
    return Reapplied(len(entries), people, erased, sum(entry.key_id not in ours for entry in entries))


async def _people(engine: AsyncEngine) -> AsyncIterator[tuple[str, str]]:
    """Yields everybody of whom something is held, in short transactions."""
    there = (
        select(conversations.c.application, conversations.c.person)
        .union(
            select(pages.c.application, pages.c.person).where(pages.c.person.is_not(None)),
            select(case_contacts.c.application, case_contacts.c.person),
        )
        .subquery()
    )
    place = tuple_(there.c.application, there.c.person)
    last: tuple[str, str] | None = None
    while True:
        rows = select(there).order_by(there.c.application, there.c.person).limit(PEOPLE_AT_ONCE)
        async with engine.connect() as connection:
            found = (await connection.execute(rows if last is None else rows.where(place > last))).all()
        for application, person in found:
            yield application, person
        if len(found) < PEOPLE_AT_ONCE:
            return
        last = (found[-1][0], found[-1][1])
