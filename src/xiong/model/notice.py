"""What operators are told that is no crisis: recorded first, then sent. Made by `operations/notices`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class NoticeState(StrEnum):
    """RECORDED has nobody to be sent to; GIVEN_UP was tried for as long as the settings say."""

    WAITING = "waiting"
    SENT = "sent"
    RECORDED = "only recorded"
    GIVEN_UP = "given up"


@dataclass(frozen=True)
class Delivery:
    """How far a notice is on its way to one address.

    Attributes:
        address: its kind and a short digest, e.g. `mailto 3f9a1c2b`, since the address itself is a secret.
        tries: how often it was tried.
        sent_at: when it was taken, UTC; None while it was not.
        error: why the last try failed, or empty.
    """

    address: str
    tries: int
    sent_at: datetime | None = None
    error: str = ""


@dataclass(frozen=True)
class Notice:
    """One thing that operators are told.

    Attributes:
        id: made from the key.
        key: what it is about; whatever has the same key is the same notice and is told once.
        at: when it was recorded, UTC.
        title: one line.
        body: what happened and the next command to type; no personal data.
        state: whether it was delivered.
        next_at: when it is tried next, UTC; None once it is not tried any more.
        deliveries: one for each address that was tried.
    """

    id: str
    key: str
    at: datetime
    title: str
    body: str
    state: NoticeState
    next_at: datetime | None = None
    deliveries: tuple[Delivery, ...] = ()
