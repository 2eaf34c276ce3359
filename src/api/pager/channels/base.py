"""What the pager hands to a channel, and what a channel may say. Each channel is one module beside this.

A channel tries once, within its deadline. Whether and when to try again is the pager's business.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from api.pages.model import PageKind
from api.risk.model import Level

SEND_DEADLINE_S = 10.0


@dataclass(frozen=True)
class Notice:
    """What is sent: no text of the person, no name, no id of a person.

    Attributes:
        delivery_id: idempotency key; part of the message (Message-ID, header, body) in every channel.
        page_id: the page; repeated sends of one page share it.
        events: how many messages in danger the page counts so far.
        opened_at: when the danger was seen, with time zone.
        step: 1 for the first step of the policy, 2 for the next, …
        link: signed address that shows the page and its button; opening it changes nothing.
    """

    delivery_id: uuid.UUID
    page_id: uuid.UUID
    kind: PageKind
    level: Level
    opened_at: datetime
    events: int
    step: int
    link: str


class ChannelError(Exception):
    """A try failed; the message is in our words and quotes nothing that a server said.

    Attributes:
        reason: one word for metrics and rows: refused, timeout, rejected, throttled, broken, certificate,
            authentication, unreachable.
        retry_after: seconds the server asked us to wait, None where it did not say.
    """

    def __init__(self, reason: str, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.retry_after = retry_after


class Channel(Protocol):
    """A way to reach a person."""

    async def send(self, notice: Notice, address: str) -> None:
        """Hands the notice over; returns when the other side has taken responsibility for it.

        Args:
            notice: what to say.
            address: the contact's address on this channel (mail address, LINE user id, …).

        Raises:
            ChannelError: it did not, or we cannot know that it did; then it is sent again.
        """
        ...

    async def aclose(self) -> None:
        """Lets go of connections."""
        ...
