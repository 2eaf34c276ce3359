"""A rehearsal on a schedule: a message nobody wrote goes the whole way, from the risk rules to a reader.

It is stored as the chat stores messages, or spooled as the chat spools them. It arrived when its
recipients confirmed it; then an address outside is told (its silence is noticed there). Where it does
not arrive in time, whoever is on call gets a notice, once until one arrives again.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import httpx
from sqlalchemy.ext.asyncio import AsyncConnection

from api import identity
from api.database.conversations import KeyReusedError, store_message
from api.logs import Log
from api.pager.configuration import Canary
from api.pager.duty import Duty
from api.pager.metrics import PagerMetrics
from api.pager.plan import Planning
from api.pager.stores import StoreAwayError
from api.pages.book import acknowledge, open_page
from api.pages.model import Delivery, Page, PageKind, PageState
from api.pages.reading import deliveries_of, last_acknowledged, page_of_event, read_pages
from api.records import MessageRecord
from api.replies.model import Turn
from api.risk.model import Assessment, Level, RiskAssessor
from api.spool import Spool

APPLICATION = "canary"
TEXT = "我現在就要自殺，藥都準備好了"
RECEIPT = "receipt"
PERIOD_S = 1.0
HEARTBEAT_DEADLINE_S = 10.0
_NAMESPACE = uuid.UUID("0f5ff2a7-8a3c-5a27-9a0e-2f0f0c1f6a51")
Found = tuple[Page, Sequence[Delivery]]


class Rehearsal:
    """The canary of one pager; several pagers make one canary, since its ids follow from the time."""

    def __init__(
        self,
        duty: Duty,
        planning: Planning,
        load_assessor: Callable[[], RiskAssessor],
        spool_dir: Path,
        metrics: PagerMetrics,
        clock: Callable[[], datetime],
        log: Log,
    ) -> None:
        self._duty = duty
        self._planning = planning
        self._load_assessor = load_assessor
        self._assessor: RiskAssessor | None = None
        self._spool_dir = spool_dir
        self._metrics = metrics
        self._clock = clock
        self._log = log
        self._message: MessageRecord | None = None
        self._settled = False
        self._missed = False
        self._told_outside: uuid.UUID | None = None
        self._last_success: datetime | None = None

    async def run(self) -> None:
        """Rehearses until cancelled."""
        while True:
            try:
                await self.look()
            except StoreAwayError:
                pass
            except Exception as error:
                self._log.error("the canary went wrong", action="canary.failed", error=error)
            await asyncio.sleep(PERIOD_S)

    async def look(self) -> None:
        """Sends the canary of this time where it is not sent, and looks whether it arrived."""
        plan = self._planning.plan
        canary = plan.configuration.canary if plan else None
        self._metrics.canary_interval.set(canary.every_minutes * 60 if canary else 0)
        if canary is None:
            return
        now = self._clock()
        message = self._due(canary, now)
        if self._message is None or message.id != self._message.id:
            await self._leave(self._message)
            message = message.judged(await self._assess())
            await self._store(message)
            self._message, self._settled, self._missed = message, False, False
        if not self._settled:
            self._settled = await self._judge(self._message, canary, now)

    def _due(self, canary: Canary, now: datetime) -> MessageRecord:
        slot = int(now.timestamp() // (canary.every_minutes * 60))
        # a person of its own: two canaries never count on one page
        person = f"canary-{canary.every_minutes:g}-{slot}"
        message = identity.message_id(APPLICATION, person, "canary")
        return MessageRecord(
            id=message,
            conversation_id=identity.conversation_id(message),
            application=APPLICATION,
            person=person,
            text=TEXT,
            digest=identity.content_digest(None, TEXT),
            opens=True,
            synthetic=True,
            level=Level.NONE,
            categories=(),
            rules=(),
            created_at=now,
        )

    async def _assess(self) -> Assessment:
        try:
            if self._assessor is None:
                # takes its time, and pages do not wait for it
                self._assessor = await asyncio.to_thread(self._load_assessor)
            return self._assessor.assess(TEXT)
        except Exception as error:
            # people are paged without rules too, and this canary will be missing
            self._log.error("the canary could not be judged", action="canary.unjudged", error=error)
            return Assessment(Level.NONE)

    async def _store(self, message: MessageRecord) -> None:
        async def judge(_: Sequence[Turn]) -> MessageRecord:
            return message

        try:
            await self._duty.shared.run(lambda connection: store_message(connection, message, judge))
        except KeyReusedError:
            # a pager of another release was first
            return
        except StoreAwayError:
            spool = Spool(self._spool_dir)
            try:
                await spool.append(message)
            finally:
                spool.close()

    async def _find(self, connection: AsyncConnection, message: MessageRecord) -> Found | None:
        page = await page_of_event(connection, identity.risk_event_id(message.id))
        if page is None:
            return None
        pages, deliveries = await read_pages(connection, {page}), await deliveries_of(connection, {page})
        return (pages[page], deliveries[page]) if page in pages else None

    async def _judge(self, message: MessageRecord, canary: Canary, now: datetime) -> bool:
        """Says whether there is no more to wait for."""
        found = await self._duty.run(lambda connection: self._find(connection, message))
        if found is not None and _arrived(*found, canary.receipt == "button"):
            await self._succeed(*found)
            # one that came late ends the incident, and the next one tells so
            return self._missed or await self._tell_outside(message, canary)
        since = message.created_at if found is None else found[0].opened_at
        if not self._missed and now >= since + timedelta(minutes=canary.confirm_minutes):
            await self._miss(now)
            self._missed = True
        return False

    async def _succeed(self, page: Page, deliveries: Sequence[Delivery]) -> None:
        at = max(
            (one.received_at or one.sent_at or page.opened_at for one in deliveries), default=page.opened_at
        )
        if page.state is PageState.OPEN:
            await self._duty.run(
                lambda connection: acknowledge(connection, page.id, APPLICATION, RECEIPT, at)
            )
            for one in deliveries:
                if one.received_at is not None and one.sent_at is not None:
                    self._metrics.hop("receipt", (one.received_at - one.sent_at).total_seconds())
        self._last_success = page.acknowledged_at or at
        self._metrics.canary.set(self._last_success.timestamp())

    async def _tell_outside(self, message: MessageRecord, canary: Canary) -> bool:
        if canary.heartbeat_url_file is None or self._told_outside == message.id:
            return True
        try:
            url = canary.heartbeat_url_file.read_text(encoding="utf-8").strip()
            async with httpx.AsyncClient(timeout=HEARTBEAT_DEADLINE_S, follow_redirects=True) as client:
                answer = await client.get(url)
        except (OSError, httpx.HTTPError, httpx.InvalidURL, UnicodeDecodeError) as error:
            self._log.warning(
                "the heartbeat's address cannot be reached", action="canary.heartbeat", error=error
            )
            return False
        if not answer.is_success:
            self._log.warning(
                "the heartbeat's address refused", action="canary.heartbeat", status=answer.status_code
            )
            return False
        self._told_outside = message.id
        return True

    async def _miss(self, now: datetime) -> None:
        """Opens a notice, the same one until a canary arrives again."""
        if self._last_success is None:
            self._last_success = await self._duty.run(
                lambda connection: last_acknowledged(connection, PageKind.CANARY, RECEIPT)
            )
        since = self._last_success.isoformat() if self._last_success else "never"
        notice = Page(
            id=uuid.uuid5(_NAMESPACE, f"canary after {since}"),
            kind=PageKind.NOTICE,
            level=Level.HIGH,
            opened_at=now,
            last_event_at=now,
            events=1,
            state=PageState.OPEN,
            round=0,
            step=-1,
            next_step_at=now,
        )
        await self._duty.run(lambda connection: open_page(connection, notice))
        self._log.critical("the canary did not arrive", action="canary.missing")

    async def _leave(self, message: MessageRecord | None) -> None:
        """Ends the page of a canary that never arrived, or its deliveries would be tried for ever."""
        if message is None:
            return
        found = await self._duty.run(lambda connection: self._find(connection, message))
        if found is not None and found[0].state is PageState.OPEN:
            at = self._clock()
            await self._duty.run(
                lambda connection: acknowledge(connection, found[0].id, APPLICATION, "missing", at)
            )

    async def begin(self) -> None:
        """Shows when a canary arrived last."""
        try:
            self._last_success = await self._duty.run(
                lambda connection: last_acknowledged(connection, PageKind.CANARY, RECEIPT)
            )
        except StoreAwayError:
            return
        self._metrics.canary.set(self._last_success.timestamp() if self._last_success else 0)


def _arrived(page: Page, deliveries: Sequence[Delivery], by_button: bool) -> bool:
    if page.state is PageState.ACKNOWLEDGED and page.acknowledged_via == RECEIPT:
        return True
    if not deliveries or any(one.sent_at is None for one in deliveries):
        return False
    if not by_button:
        return True
    # while the database is away a reader's button is known as an acknowledgement of the page
    return page.acknowledged_via == "link" or all(one.received_at is not None for one in deliveries)
