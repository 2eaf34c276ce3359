"""The messages of a drill: sent at a steady rate, tried again with the same key until they get through.

Each is somebody's first message, so that afterwards its conversation says whether it was kept.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from xiong.operations.front_door import front_door, operator_headers
from xiong.operations.probe import CHAT, MESSAGES, TIMEOUT_SECONDS, fault_of
from xiong.platforms.base import Endpoint
from xiong.tools.clock import Clock
from xiong.tools.http import Http

_AGAIN_SECONDS = 0.2
_AGAIN_AT_MOST_SECONDS = 2.0
_PER_PERSON = 5  # with every further try far below any sane rate limit
_READERS = 8
_LONG_SECONDS = 5.0


@dataclass
class Sent:
    """One message.

    Attributes:
        person: whose.
        begun: `clock.monotonic()` when its first try began.
        ended: when that try ended; None while it runs.
        fault: what the first try got instead of an answer, or None.
        conversation: where it is kept; None until it got through.
        message: its id; None until it got through.
    """

    person: str
    begun: float
    ended: float | None = None
    fault: str | None = None
    conversation: str | None = None
    message: str | None = None


@dataclass
class DrillLoad:
    """All messages so far."""

    sent: list[Sent] = field(default_factory=list)

    def flowing(self, since: float) -> bool:
        """Whether a message that was begun since that moment was answered."""
        return any(one.begun >= since and one.ended is not None and not one.fault for one in self.sent)

    def stuck(self, since: float, now: float) -> bool:
        """Whether a message begun since that moment failed, or waits for too long."""
        recent = [one for one in self.sent if one.begun >= since]
        return any(one.fault or (one.ended is None and now - one.begun > _LONG_SECONDS) for one in recent)

    def slowest(self, since: float) -> float:
        """Seconds of the slowest first try that was begun since that moment."""
        took = [one.ended - one.begun for one in self.sent if one.ended is not None and one.begun >= since]
        return max(took, default=0.0)

    def unanswered(self) -> list[Sent]:
        """Messages whose first try failed."""
        return [one for one in self.sent if one.fault]


@asynccontextmanager
async def running_load(
    endpoint: Endpoint,
    run: str,
    per_second: float,
    clock: Clock,
    *,
    settle_seconds: float,
    load: DrillLoad,
) -> AsyncIterator[None]:
    """Sends while the body runs, half of it on connections of its own; then waits for what is under way.

    Args:
        endpoint: where the service is reached.
        run: makes keys and persons unique.
        per_second: messages begun each second.
        clock: whose time counts.
        settle_seconds: how long, after the body, a message may still try to get through.
        load: where they are written down.
    """
    pending: set[asyncio.Task[None]] = set()
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(
                front_door(endpoint, TIMEOUT_SECONDS, headers=operator_headers(endpoint), keep_alive=keep)
            )
            for keep in (True, False)
        ]

        async def send_on() -> None:
            for number in itertools.count():
                task = asyncio.create_task(_deliver(clients[number % 2], load, number, run, clock))
                pending.add(task)
                task.add_done_callback(pending.discard)
                await clock.sleep(1 / per_second)

        sender = asyncio.create_task(send_on())
        try:
            yield
            sender.cancel()
            if pending:
                await asyncio.wait(set(pending), timeout=settle_seconds)
        finally:
            for task in (sender, *pending):
                task.cancel()
            await asyncio.gather(sender, *pending, return_exceptions=True)


async def _deliver(http: Http, load: DrillLoad, number: int, run: str, clock: Clock) -> None:
    person = f"synthetic-drill-{run}-{number // _PER_PERSON}"
    body = {"person": person, "message": MESSAGES[number % len(MESSAGES)]}
    one = Sent(person, clock.monotonic())
    load.sent.append(one)
    pause = _AGAIN_SECONDS
    while True:
        answer = await http.request("POST", CHAT, body=body, headers={"Idempotency-Key": f"{run}-{number}"})
        fault = fault_of(answer)
        if one.ended is None:
            one.ended, one.fault = clock.monotonic(), fault
        if answer is not None and fault is None:
            document = answer.json()
            one.conversation, one.message = document["conversation_id"], document["message_id"]
            return
        await clock.sleep(pause)
        pause = min(2 * pause, _AGAIN_AT_MOST_SECONDS)


async def not_kept(endpoint: Endpoint, sent: list[Sent], seconds: float, clock: Clock) -> list[Sent]:
    """The messages that got through and are not in their conversations, also not after so many seconds.

    What was answered while the database was away is stored a little later.
    """
    ends = clock.monotonic() + seconds
    async with front_door(endpoint, TIMEOUT_SECONDS, headers=operator_headers(endpoint)) as http:
        left = [one for one in sent if one.message is not None]
        while True:
            left = await _missing(http, left)
            if not left or clock.monotonic() >= ends:
                return left
            await clock.sleep(_AGAIN_SECONDS)


async def _missing(http: Http, sent: list[Sent]) -> list[Sent]:
    gate = asyncio.Semaphore(_READERS)

    async def kept(one: Sent) -> bool:
        path = f"/api/v1/conversations/{one.conversation}/messages?person={one.person}"
        async with gate:
            answer = await http.request("GET", path)
        document = answer.json() if answer is not None and answer.status == 200 else None
        found = document["messages"] if isinstance(document, dict) else []
        return one.message in {message["id"] for message in found}

    verdicts = await asyncio.gather(*(kept(one) for one in sent))
    return [one for one, stored in zip(sent, verdicts, strict=True) if not stored]
