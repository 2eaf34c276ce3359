"""Erases a person: one transaction, in which everything goes and the register gets its entry, or nothing.

What the audit keeps for three years (level, categories, times, acknowledgement) stays without a way back
to the person. Run by `python -m api.person`; the rows of a restored backup are erased by `reapply`.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.tables import case_contacts, conversations, messages, risk_events
from api.pages.tables import pages
from api.person import register
from api.person.refusals import AnsweringError, OpenPageError, nobody
from api.person.register import Erasure, Marker
from api.person.rows import (
    Subject,
    applications_of,
    case_contacts_of,
    conversations_of,
    messages_of,
    open_pages_of,
    page_ids,
    risk_events_of,
)

# longer than any reply is waited for
ANSWERING = timedelta(seconds=60)


@dataclass(frozen=True)
class Erased:
    """How many rows; of risk events and pages those that stay, without the person."""

    conversations: int = 0
    messages: int = 0
    risk_events: int = 0
    pages: int = 0
    case_contacts: int = 0

    def __add__(self, other: Erased) -> Erased:
        mine, theirs = asdict(self), asdict(other)
        return Erased(**{name: count + theirs[name] for name, count in mine.items()})

    @property
    def anything(self) -> bool:
        """Whether there was a row at all."""
        return any(asdict(self).values())


@dataclass(frozen=True)
class Request:
    """What somebody asks for.

    Attributes:
        by: who asks.
        force_open_page: also while a page of the person is open.
        elsewhere: lines about the person that lie outside the database.
    """

    subject: Subject
    by: str
    reason: str
    force_open_page: bool = False
    elsewhere: int = 0


@dataclass(frozen=True)
class Outcome:
    """What was erased.

    Attributes:
        erased: rows.
        applications: by which the person came.
        messages: ids of the messages, for what lies outside the database.
        already: nothing was left: an earlier erasure is in the register.
        entry: what the register says of this one, None where nothing was left.
    """

    erased: Erased
    applications: frozenset[str]
    messages: frozenset[uuid.UUID]
    already: bool
    entry: Erasure | None


async def erase(
    connection: AsyncConnection,
    request: Request,
    marker: Marker,
    now: datetime,
    earlier: Sequence[Marker] = (),
) -> Outcome:
    """Erases and records; the caller commits. `earlier` are the keys of before, to find earlier entries.

    Raises:
        RefusedError: nobody by that id, an open page, or a reply under way.
    """
    subject = request.subject
    applications = frozenset(await applications_of(connection, subject))
    mark = marker.mark(subject.person, subject.application)
    newest = await _newest(connection, subject)
    await lock(connection, subject)
    if not request.force_open_page:
        await _refuse_open_page(connection, subject)
    await _refuse_answering(connection, subject, now)
    said = frozenset(await connection.scalars(select(messages.c.id).where(messages_of(subject))))
    erased = await erase_rows(connection, subject)
    if not erased.anything and not request.elsewhere:
        known = {m.mark(subject.person, a) for m in (marker, *earlier) for a in {subject.application, None}}
        if not await register.is_recorded(connection, known):
            raise nobody()
        return Outcome(erased, applications, said, True, None)
    # no earlier than anything that was erased, though clocks differ: it must go again after a restore
    at = max(now, newest) if newest else now
    entry = Erasure(uuid.uuid4(), mark, marker.key_id, at, request.by, request.reason, asdict(erased))
    await register.record(connection, [entry])
    return Outcome(erased, applications, said, False, entry)


async def lock(connection: AsyncConnection, subject: Subject) -> None:
    """Waits for what is being done with these rows, and keeps others from beginning.

    In the order of the chat path: conversations first. Messages before risk events, as retention does.
    """
    for rows in (
        select(conversations.c.id).where(conversations_of(subject)).order_by(conversations.c.id),
        select(messages.c.id).where(messages_of(subject)).order_by(messages.c.id),
        page_ids(subject).order_by(pages.c.id),
    ):
        await connection.execute(rows.with_for_update())


async def erase_rows(connection: AsyncConnection, subject: Subject) -> Erased:
    """Takes a person out of the rows; what is left names nobody."""
    events = await connection.execute(
        update(risk_events).where(risk_events_of(subject)).values(message_id=None, rules=[])
    )
    said = await connection.execute(delete(messages).where(messages_of(subject)))
    left = exists().where(messages.c.conversation_id == conversations.c.id)
    held = await connection.execute(delete(conversations).where(conversations_of(subject), ~left))
    called = await connection.execute(
        update(pages).where(pages.c.id.in_(page_ids(subject))).values(application=None, person=None)
    )
    contacts = await connection.execute(delete(case_contacts).where(case_contacts_of(subject)))
    return Erased(held.rowcount, said.rowcount, events.rowcount, called.rowcount, contacts.rowcount)


async def _newest(connection: AsyncConnection, subject: Subject) -> datetime | None:
    times = [
        await connection.scalar(select(func.max(column)).where(mine))
        for column, mine in (
            (conversations.c.created_at, conversations_of(subject)),
            (messages.c.created_at, messages_of(subject)),
            (pages.c.last_event_at, pages.c.id.in_(page_ids(subject))),
            (case_contacts.c.updated_at, case_contacts_of(subject)),
        )
    ]
    return max((moment for moment in times if moment is not None), default=None)


async def _refuse_open_page(connection: AsyncConnection, subject: Subject) -> None:
    found = await connection.scalar(select(func.count()).select_from(pages).where(open_pages_of(subject)))
    if found:
        raise OpenPageError(
            "a page that calls for help for this person is open, and nobody has taken it over",
            "take it over first, or add --force-open-page: then nobody can tell whom it is about",
        )


async def _refuse_answering(connection: AsyncConnection, subject: Subject, now: datetime) -> None:
    """A reply that comes after its message is gone would go to the spool, and stay on disk."""
    reply = messages.alias()
    waiting = select(messages.c.id).where(
        messages_of(subject),
        messages.c.role == "person",
        messages.c.created_at > now - ANSWERING,
        ~exists().where(reply.c.reply_to == messages.c.id),
    )
    if (await connection.execute(waiting.limit(1))).first() is not None:
        raise AnsweringError(
            "a message of this person is being answered at this moment", "try again in a minute"
        )
