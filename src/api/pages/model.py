"""The words of a page. Used by the chat path that opens one, the pager that sends it, and the routes.

A page is one call for help: opened by a risk event, sent to whoever is on call, sent on to the next
when nobody acknowledges. It carries no text of the person and no name.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from api.risk.model import Level

# from here on a risk event opens a page
PAGED_FROM = Level.HIGH
# events of one person within so many seconds of a page's opening count on that page
JOIN_SECONDS = 60


class PageKind(StrEnum):
    """Why there is a page: a person in danger, a rehearsal of the path, or a fault of the path."""

    CRISIS = "crisis"
    CANARY = "canary"
    NOTICE = "notice"


class PageState(StrEnum):
    """OPEN until somebody acknowledges it, or, for a canary, until its receipts are in."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"


class DeliveryState(StrEnum):
    """WAITING until its channel took it; CANCELLED when the page was acknowledged before."""

    WAITING = "waiting"
    SENT = "sent"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Crisis:
    """A risk event that must be paged.

    Attributes:
        event_id: the risk event's id; the same event never opens two pages.
        synthetic: a rehearsal: it goes to the canary's recipients and to nobody on call.
    """

    event_id: uuid.UUID
    application: str
    person: str
    level: Level
    synthetic: bool
    created_at: datetime


@dataclass(frozen=True)
class Page:
    """A page as it stands.

    Attributes:
        events: how many risk events it counts.
        round: how often the policy was gone through before, from 0.
        step: the step of the policy that was begun last, -1 before the first.
        next_step_at: when the next step begins unless somebody acknowledges.
        application: the calling application; with `person`, the opaque id, who is in danger. Never sent
            anywhere by the pager; None after an erasure and where there is no person.
    """

    id: uuid.UUID
    kind: PageKind
    level: Level
    opened_at: datetime
    last_event_at: datetime
    events: int
    state: PageState
    round: int
    step: int
    next_step_at: datetime
    application: str | None = None
    person: str | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledged_via: str | None = None


@dataclass(frozen=True)
class Delivery:
    """One message of one page to one contact by one channel.

    Attributes:
        id: the idempotency key: every try, by any pager, carries the same.
        attempts: tries so far, this one not counted.
        due_at: when it is to be tried.
        error: why the last try failed, in our words; never what a server said.
        received_at: when a recipient confirmed it (canaries).
    """

    id: uuid.UUID
    page_id: uuid.UUID
    round: int
    step: int
    contact: str
    channel: str
    state: DeliveryState
    attempts: int
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None = None
    received_at: datetime | None = None
    error: str | None = None


def page_id(event: uuid.UUID) -> uuid.UUID:
    """Returns the id of the page that this event opens, the same wherever it is opened."""
    return uuid.uuid5(event, "page")


def delivery_id(page: uuid.UUID, round_: int, step: int, contact: str, channel: str) -> uuid.UUID:
    """Returns the id of a delivery, the same from whichever pager makes it."""
    return uuid.uuid5(page, f"{round_}\x00{step}\x00{contact}\x00{channel}")
