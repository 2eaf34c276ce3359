"""One try of one delivery, and what follows from how it went. Used by the desk."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from api.logs import Log
from api.pager.channels.base import SEND_DEADLINE_S, ChannelError, Notice
from api.pager.plan import Plan
from api.pages.link import LinkError, sign
from api.pages.model import Delivery, Page, PageKind
from api.pages.working import Failure
from api.settings import Secret

FIRST_RETRY_S = 1.0
LAST_RETRY_S = 30.0
# where nothing of a step got through for so long, the next one begins
HASTEN_AFTER = timedelta(seconds=60)
# a channel keeps its own deadline; this is for one that does not
_GRACE_S = 1.0


@dataclass(frozen=True)
class Outcome:
    """How a try went.

    Attributes:
        at: when it ended.
        seconds: how long the channel took.
        failure: None where the channel took the message.
        reason: one word for the metrics: sent, or a ChannelError's.
        hasten_at: when the next step shall begin unless something of this one got through.
    """

    delivery: Delivery
    page: Page
    at: datetime
    seconds: float
    reason: str
    failure: Failure | None = None
    hasten_at: datetime | None = None


class Sender:
    """Hands notices to channels."""

    def __init__(self, public_url: str, secret: Secret, clock: Callable[[], datetime], log: Log) -> None:
        self._public_url = public_url
        self._secret = secret
        self._clock = clock
        self._log = log

    async def send(self, delivery: Delivery, page: Page, plan: Plan) -> Outcome:
        """Tries once; never raises."""
        began = time.monotonic()
        error = await self._try(delivery, page, plan)
        at, seconds = self._clock(), time.monotonic() - began
        if error is None:
            return Outcome(delivery, page, at, seconds, "sent")
        self._log.warning(
            "a page did not get through and will be sent again",
            action="page.failed",
            # the driver's own kind of id cannot be written
            event_id=uuid.UUID(int=delivery.id.int),
            component=delivery.channel,
            reason=error.reason,
        )
        due_at, hasten_at = after_failure(delivery, page.kind, at, error.retry_after)
        failure = Failure(delivery.id, due_at, f"{error.reason}: {error}")
        return Outcome(delivery, page, at, seconds, error.reason, failure, hasten_at)

    async def _try(self, delivery: Delivery, page: Page, plan: Plan) -> ChannelError | None:
        address = plan.configuration.address(delivery.contact, delivery.channel)
        channel = plan.channels.get(delivery.channel)
        if address is None or channel is None:
            return ChannelError("unconfigured", "the contact has no such channel any more")
        try:
            async with asyncio.timeout(SEND_DEADLINE_S + _GRACE_S):
                await channel.send(self._notice(delivery, page), address)
        except ChannelError as error:
            return error
        except TimeoutError:
            return ChannelError("timeout", "the channel did not end in time")
        except Exception as error:
            self._log.error(
                "a channel broke", action="channel.broken", component=delivery.channel, error=error
            )
            return ChannelError("broken", "the channel itself went wrong")
        return None

    def _notice(self, delivery: Delivery, page: Page) -> Notice:
        return Notice(
            delivery_id=delivery.id,
            page_id=page.id,
            kind=page.kind,
            level=page.level,
            opened_at=page.opened_at,
            events=page.events,
            step=delivery.step + 1,
            link=self._link(delivery, page),
        )

    def _link(self, delivery: Delivery, page: Page) -> str:
        try:
            return f"{self._public_url}/p/{sign(self._secret, page.id, delivery.id, delivery.contact)}"
        except LinkError as error:
            # a call for help without a button is still one
            self._log.error("a page goes out without its link", action="page.unsigned", error=error)
            return self._public_url


def after_failure(
    delivery: Delivery, kind: PageKind, at: datetime, retry_after: float | None
) -> tuple[datetime, datetime | None]:
    """Returns when to try again, and from when on the next step shall not wait for this one."""
    pause = min(LAST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(delivery.attempts, 10))
    # jitter, so that a server that comes back is not met by everything at once
    pause *= random.uniform(0.75, 1.0)  # noqa: S311 - no secret
    due_at = at + timedelta(seconds=max(pause, retry_after or 0.0))
    deadline = delivery.created_at + HASTEN_AFTER
    if kind is PageKind.CANARY:
        return due_at, None
    if at >= deadline:
        return due_at, at
    if due_at <= deadline:
        return due_at, None
    # a last try in time, unless the server wants none before
    return (due_at, deadline) if retry_after and retry_after > pause else (deadline, None)
