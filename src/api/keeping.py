"""How long what is kept, and which rows are too old. Used by `retention`, which deletes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Column, ColumnElement, FromClause, Table, and_, exists, or_, select

from api.database.tables import case_contacts, conversations, messages, page_outcomes, page_views, risk_events
from api.pages.model import PageKind, PageState
from api.pages.tables import page_acknowledgements, pages

# what people did with a page, and when: it goes with the page, or by its age where the page never came
DONE = {
    "acknowledgements": page_acknowledgements.c.acknowledged_at,
    "views": page_views.c.seen_at,
    "outcomes": page_outcomes.c.recorded_at,
}


@dataclass(frozen=True)
class Policy:
    """How long what is kept.

    Attributes:
        message_days: messages, conversations that hold none, and contacts of people who have none.
        synthetic_days: rehearsals: their messages, risk events and pages.
        audit_years: risk events, pages with their acknowledgements, looks and outcomes, erasures.
    """

    message_days: int = 365
    synthetic_days: int = 7
    audit_years: int = 3

    def cutoffs(self, now: datetime) -> Cutoffs:
        """Returns what is too old at that moment."""
        return Cutoffs(
            now - timedelta(days=self.message_days),
            now - timedelta(days=self.synthetic_days),
            _years_before(now, self.audit_years),
        )


@dataclass(frozen=True)
class Cutoffs:
    """What is older is deleted."""

    messages: datetime
    synthetic: datetime
    audit: datetime


def old_message(cutoffs: Cutoffs, table: FromClause = messages) -> ColumnElement[bool]:
    """Messages past their time, and those of rehearsals."""
    rehearsed = select(conversations.c.id).where(
        conversations.c.synthetic, conversations.c.created_at < cutoffs.synthetic
    )
    return or_(
        table.c.created_at < cutoffs.messages,
        and_(table.c.conversation_id.in_(rehearsed), table.c.created_at < cutoffs.synthetic),
    )


def going(cutoffs: Cutoffs) -> ColumnElement[bool]:
    """Old messages, and the replies to them, which may be a little younger."""
    said = messages.alias("said")
    answered = exists().where(said.c.id == messages.c.reply_to, old_message(cutoffs, said))
    return or_(old_message(cutoffs), answered)


def old_conversation(cutoffs: Cutoffs) -> ColumnElement[bool]:
    """Conversations that began so long ago that they go once they are empty."""
    return or_(
        conversations.c.created_at < cutoffs.messages,
        and_(conversations.c.synthetic, conversations.c.created_at < cutoffs.synthetic),
    )


def old_event(cutoffs: Cutoffs) -> ColumnElement[bool]:
    """Risk events past the time of the audit."""
    return or_(
        risk_events.c.created_at < cutoffs.audit,
        and_(risk_events.c.synthetic, risk_events.c.created_at < cutoffs.synthetic),
    )


def old_page(cutoffs: Cutoffs) -> ColumnElement[bool]:
    """A page that calls for help is never deleted while nobody took it over."""
    return or_(
        and_(pages.c.opened_at < cutoffs.audit, pages.c.state == PageState.ACKNOWLEDGED.value),
        and_(pages.c.kind == PageKind.CANARY.value, pages.c.opened_at < cutoffs.synthetic),
    )


def stray(moment: Column[datetime], cutoffs: Cutoffs) -> ColumnElement[bool]:
    """Something done with a page that never came, or that is gone."""
    page = exists().where(pages.c.id == moment.table.c.page_id)
    return and_(moment < cutoffs.audit, ~page)


def old_contact(cutoffs: Cutoffs) -> ColumnElement[bool]:
    """Case contacts that nobody gave again for as long as a message is kept."""
    return case_contacts.c.updated_at < cutoffs.messages


def whose(table: Table) -> ColumnElement[bool]:
    """Rows of the person whom a contact is about."""
    same = table.c.person == case_contacts.c.person
    return and_(table.c.application == case_contacts.c.application, same)


def _years_before(moment: datetime, years: int) -> datetime:
    try:
        return moment.replace(year=moment.year - years)
    except ValueError:
        # the 29th of February
        return moment.replace(year=moment.year - years, day=28)
