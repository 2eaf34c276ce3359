"""Real chat messages through the proxy, all through a rollout; their count is the receipt's proof."""

from __future__ import annotations

import asyncio
import itertools
import statistics
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from xiong.model.receipt import ProbeCount
from xiong.operations.front_door import front_door, operator_headers
from xiong.platforms.base import Endpoint
from xiong.tools.clock import Clock
from xiong.tools.http import Answer, Http

CHAT = "/api/v1/chat"
TIMEOUT_SECONDS = 10.0
_PER_PERSON = 15  # far below any sane rate limit
MESSAGES = ("你好", "最近晚上睡不好，怎麼辦？", "高雄哪裡可以找到戒癮的門診？", "想找工作，有誰可以幫忙？")


@dataclass
class ProbeLog:
    """What a run of the probe has seen so far."""

    sent: int = 0
    failed: int = 0
    safe: int = 0
    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def count(self) -> ProbeCount:
        """The figures for the receipt."""
        return ProbeCount(
            sent=self.sent,
            failed=self.failed,
            safe=self.safe,
            slowest_seconds=round(max(self.seconds, default=0.0), 4),
            p95_seconds=round(percentile_95(self.seconds), 4),
        )


def percentile_95(seconds: list[float]) -> float:
    """The 95th percentile; the largest value when there are few."""
    if len(seconds) < 2:
        return max(seconds, default=0.0)
    return statistics.quantiles(seconds, n=20, method="inclusive")[-1]


async def say(http: Http, log: ProbeLog, number: int, run: str, clock: Clock) -> None:
    """Sends one message and writes down how it went."""
    body = {
        "person": f"synthetic-{run}-{number // _PER_PERSON}",
        "message": MESSAGES[number % len(MESSAGES)],
    }
    begun = clock.monotonic()
    answer = await http.request("POST", CHAT, body=body, headers={"Idempotency-Key": f"{run}-{number}"})
    log.sent += 1
    log.seconds.append(clock.monotonic() - begun)
    fault = fault_of(answer)
    if fault:
        log.failed += 1
        log.failures.append(fault)
    elif answer is not None and (answer.json() or {}).get("source") == "safe":
        log.safe += 1


def fault_of(answer: Answer | None) -> str | None:
    """What a message got instead of a reply, or None."""
    if answer is None:
        return "no answer"
    document = answer.json()
    if answer.status != 200 or not isinstance(document, dict) or not document.get("reply"):
        return f"status {answer.status}"
    return None


@asynccontextmanager
async def running_probe(
    endpoint: Endpoint, run: str, per_second: float, clock: Clock
) -> AsyncIterator[ProbeLog]:
    """Sends messages at a steady rate while the body runs, half of them on connections of their own."""
    log = ProbeLog()
    pending: set[asyncio.Task[None]] = set()
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(
                front_door(
                    endpoint, TIMEOUT_SECONDS, headers=operator_headers(endpoint), keep_alive=keep_alive
                )
            )
            for keep_alive in (True, False)
        ]

        async def send_on() -> None:
            for number in itertools.count():
                task = asyncio.create_task(say(clients[number % 2], log, number, run, clock))
                pending.add(task)
                task.add_done_callback(pending.discard)
                await clock.sleep(1 / per_second)

        sender = asyncio.create_task(send_on())
        try:
            yield log
        finally:
            sender.cancel()
            await asyncio.gather(sender, *pending, return_exceptions=True)
