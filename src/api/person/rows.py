"""Which rows are a person's. Used by the export and the erasure, so that both mean the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.tables import case_contacts, conversations, messages, risk_events
from api.pages.model import PageKind, PageState
from api.pages.tables import page_events, pages


@dataclass(frozen=True)
class Subject:
    """Whose rows are meant.

    Attributes:
        application: only what came by that application; None is all of them.
        until: only what is not newer; None is everything.
    """

    person: str
    application: str | None = None
    until: datetime | None = None

    def by(self, application: str) -> Subject:
        """Returns the same person at one application."""
        return replace(self, application=application)


def conversations_of(subject: Subject) -> ColumnElement[bool]:
    """The person's conversations."""
    found = conversations.c.person == subject.person
    if subject.application is not None:
        found = and_(found, conversations.c.application == subject.application)
    if subject.until is not None:
        found = and_(found, conversations.c.created_at <= subject.until)
    return found


def messages_of(subject: Subject) -> ColumnElement[bool]:
    """The person's messages, and the replies to them."""
    inside = messages.c.conversation_id.in_(select(conversations.c.id).where(conversations_of(subject)))
    if subject.until is None:
        return inside
    said = messages.alias()
    answered = select(said.c.id).where(said.c.created_at <= subject.until)
    return and_(inside, or_(messages.c.created_at <= subject.until, messages.c.reply_to.in_(answered)))


def pages_of(subject: Subject) -> ColumnElement[bool]:
    """The pages that call for help for the person."""
    found = pages.c.person == subject.person
    if subject.application is not None:
        found = and_(found, pages.c.application == subject.application)
    if subject.until is not None:
        found = and_(found, pages.c.opened_at <= subject.until)
    return found


def case_contacts_of(subject: Subject) -> ColumnElement[bool]:
    """Whom to reach about the person."""
    found = case_contacts.c.person == subject.person
    if subject.application is not None:
        found = and_(found, case_contacts.c.application == subject.application)
    if subject.until is not None:
        found = and_(found, case_contacts.c.updated_at <= subject.until)
    return found


def risk_events_of(subject: Subject) -> ColumnElement[bool]:
    """What the person's messages were judged to be, also where retention took the message already."""
    said: Select[Any] = select(messages.c.id).where(messages_of(subject))
    counted = (
        select(page_events.c.event_id)
        .join(pages, pages.c.id == page_events.c.page_id)
        .where(pages_of(subject))
    )
    return or_(risk_events.c.message_id.in_(said), risk_events.c.id.in_(counted))


def page_ids(subject: Subject) -> Select[Any]:
    """The ids of those pages."""
    return select(pages.c.id).where(pages_of(subject))


def open_pages_of(subject: Subject) -> ColumnElement[bool]:
    """Those of them that nobody took over yet."""
    return and_(
        pages_of(subject), pages.c.kind == PageKind.CRISIS.value, pages.c.state == PageState.OPEN.value
    )


async def applications_of(connection: AsyncConnection, subject: Subject) -> set[str]:
    """Returns by which applications the person came."""
    found = await connection.scalars(
        select(conversations.c.application)
        .where(conversations_of(subject))
        .union(
            select(pages.c.application).where(pages_of(subject), pages.c.application.is_not(None)),
            select(case_contacts.c.application).where(case_contacts_of(subject)),
        )
    )
    return set(found)
