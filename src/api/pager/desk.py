"""The pager's work: begins steps that are due, sends their deliveries, records how that went.

What is claimed is sent at once (each channel has so many places), so that no claim outlives its lease
in a queue. A result is kept until a store has taken it: a page is called again rather than forgotten.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from api.logs import Log
from api.pager.duty import Duty
from api.pager.metrics import PagerMetrics
from api.pager.plan import Plan, Planning
from api.pager.sending import Outcome, Sender
from api.pager.steps import begin
from api.pager.stores import StoreAwayError
from api.pages import local
from api.pages.model import Delivery, Page
from api.pages.working import (
    Claim,
    begin_steps,
    due_pages,
    failed,
    hasten,
    next_due,
    release,
    sent,
    still_waiting,
    take,
)

LEASE = timedelta(seconds=30)
PLACES = 64
PAGES_AT_ONCE = 100
POLL_S = 2.0
# many wakings in a row make one round
GATHER_S = 0.02
AGAIN_S = 0.2
Work = list[tuple[Delivery, Page]]


@dataclass(frozen=True)
class Round:
    """What one round found: pages whose step began, deliveries to send, when the next is due."""

    begun: Sequence[tuple[Page, Sequence[Delivery]]]
    work: Work
    next_due: datetime | None


class Desk:
    """The work of one pager."""

    def __init__(
        self,
        duty: Duty,
        planning: Planning,
        sender: Sender,
        metrics: PagerMetrics,
        clock: Callable[[], datetime],
        log: Log,
    ) -> None:
        self._duty = duty
        self._planning = planning
        self._sender = sender
        self._metrics = metrics
        self._clock = clock
        self._log = log
        self._me = duty.presence.id
        self._busy: Counter[str] = Counter()
        self._unsettled: set[uuid.UUID] = set()
        self._sends: set[asyncio.Task[None]] = set()
        self._outcomes: list[Outcome] = []
        self._told = asyncio.Event()
        self._wake = asyncio.Event()
        self._stopping = False

    def wake(self) -> None:
        """Lets the next round begin now."""
        self._wake.set()

    def stop(self) -> None:
        """Lets no further round begin."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Works until it is stopped."""
        while not self._stopping:
            self._wake.clear()
            try:
                pause = self._pause(await self.work())
            except StoreAwayError:
                pause = AGAIN_S
            except Exception as error:
                self._log.error("a round of paging failed", action="pager.failed", error=error)
                pause = POLL_S
            await self._rest(pause)

    async def work(self) -> Round:
        """Does one round and starts what is to be sent."""
        plan = self._planning.plan
        if plan is None:
            return Round((), [], None)
        found = await self._duty.run(lambda connection: self._round(connection, plan))
        now = self._clock()
        for page, deliveries in found.begun:
            self._duty.hands.note(page, deliveries)
            if (page.round, page.step) == (0, 0):
                self._metrics.begun(page.kind, page.level, (now - page.opened_at).total_seconds())
        for delivery, page in found.work:
            self._duty.hands.note(page, (delivery,))
            if delivery.id not in self._unsettled:
                self._start(delivery, page, plan)
        return found

    async def _round(self, connection: AsyncConnection, plan: Plan) -> Round:
        now = self._clock()
        claim = Claim(self._me, now + LEASE)
        room = {channel: PLACES - self._busy[channel] for channel in plan.channels}
        work: Work = []
        due = await due_pages(connection, now, PAGES_AT_ONCE)
        begun: list[tuple[Page, list[Delivery]]] = []
        if due:
            begun = await self._begin(connection, due, plan, claim, room, work)
        work += await take(connection, now, claim, room)
        return Round(begun, work, None if work or due else await next_due(connection))

    async def _begin(
        self,
        connection: AsyncConnection,
        due: Sequence[Page],
        plan: Plan,
        claim: Claim,
        room: dict[str, int],
        work: Work,
    ) -> list[tuple[Page, list[Delivery]]]:
        """Begins the next step of these pages; fills `work` with what there is room for."""
        for page in due:
            self._duty.hands.note(page)
        waiting = await still_waiting(connection, [page.id for page in due if page.step >= 0])
        begun, free = [], []
        for old in due:
            page, made = begin(old, plan.configuration, self._clock())
            new = [one for one in made if (page.id, one.contact, one.channel) not in waiting]
            begun.append((page, new))
            for delivery in new:
                if room[delivery.channel] > 0:
                    room[delivery.channel] -= 1
                    work.append((delivery, page))
                else:
                    free.append(delivery)
        claimed = [delivery for delivery, _ in work]
        await begin_steps(connection, [page for page, _ in begun], claimed, free, claim)
        return begun

    def _start(self, delivery: Delivery, page: Page, plan: Plan) -> None:
        self._unsettled.add(delivery.id)
        self._busy[delivery.channel] += 1
        task = asyncio.create_task(self._send(delivery, page, plan))
        self._sends.add(task)
        task.add_done_callback(self._sends.discard)

    async def _send(self, delivery: Delivery, page: Page, plan: Plan) -> None:
        full = self._busy[delivery.channel] >= PLACES
        outcome = await self._sender.send(delivery, page, plan)
        self._busy[delivery.channel] -= 1
        self._metrics.tried(delivery.channel, outcome.reason)
        if outcome.failure is None:
            self._measure(outcome)
        self._outcomes.append(outcome)
        self._told.set()
        if full:
            self.wake()

    def _measure(self, outcome: Outcome) -> None:
        delivery, page = outcome.delivery, outcome.page
        self._metrics.hop("channel", outcome.seconds)
        if delivery.attempts == 0:
            started = outcome.at - timedelta(seconds=outcome.seconds)
            self._metrics.hop("queued", (started - delivery.created_at).total_seconds())
        if (delivery.round, delivery.step) == (0, 0):
            self._metrics.arrived((outcome.at - page.opened_at).total_seconds())

    async def record(self) -> None:
        """Records what is known of sends, until cancelled."""
        while True:
            await self._told.wait()
            self._told.clear()
            try:
                await self.settle()
            except StoreAwayError:
                await asyncio.sleep(AGAIN_S)
                self._told.set()
            except Exception as error:
                self._log.error("results could not be recorded", action="pager.failed", error=error)
                await asyncio.sleep(AGAIN_S)
                self._told.set()

    async def settle(self) -> None:
        """Records the results that are there."""
        outcomes = self._outcomes[:]
        if not outcomes:
            return
        hastened = await self._duty.run(lambda connection: _record(connection, outcomes))
        del self._outcomes[: len(outcomes)]
        for outcome in outcomes:
            self._unsettled.discard(outcome.delivery.id)
            self._duty.hands.note(outcome.page)
        if hastened or any(outcome.failure for outcome in outcomes):
            self.wake()

    async def returned(self) -> None:
        """Gives back claims that PostgreSQL took from us and that we never heard of."""
        keep = set(self._unsettled)
        try:
            await self._duty.run(lambda connection: release(connection, self._me, keep))
        except StoreAwayError:
            return
        self.wake()

    async def finish(self, deadline_s: float) -> bool:
        """Lets sends end, records them, and gives back what is left; says whether nothing is."""
        if self._sends:
            await asyncio.wait(set(self._sends), timeout=deadline_s)
        for task in set(self._sends):
            task.cancel()
        try:
            await self.settle()
            await self._duty.run(lambda connection: release(connection, self._me))
        except StoreAwayError:
            return False
        return True

    def _pause(self, found: Round) -> float:
        if found.begun or found.work:
            # there may be more, and it is to be found out what comes next
            return GATHER_S
        if found.next_due is None:
            return POLL_S
        left = (found.next_due - self._clock()).total_seconds()
        # due, but nobody could take it: another pager has it, or its channel is full
        return POLL_S / 2 if left <= 0 else min(POLL_S, left)

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return
        if not self._stopping:
            await asyncio.sleep(GATHER_S)


async def _record(connection: AsyncConnection, outcomes: Sequence[Outcome]) -> bool:
    if connection.dialect.name == "sqlite":
        for outcome in outcomes:
            await local.adopt(connection, outcome.page, (outcome.delivery,))
    await sent(connection, {one.delivery.id: one.at for one in outcomes if one.failure is None})
    await failed(connection, [one.failure for one in outcomes if one.failure is not None])
    hastened = False
    for outcome in outcomes:
        if outcome.hasten_at is not None:
            hastened |= await hasten(connection, outcome.delivery, outcome.hasten_at)
    return hastened
