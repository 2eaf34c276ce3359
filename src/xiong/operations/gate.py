"""Judges a new replica against an old one: errors, share of safe replies, latency.

A broken chat looks like 200, so replies are counted by who wrote them. Nothing is judged on fewer
requests than `gate_requests`; where people do not send that many, the gate sends them itself.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass

from xiong.config.settings import DeploySettings
from xiong.errors import RolloutError
from xiong.model.instance import Instance
from xiong.operations import probe
from xiong.operations.front_door import operator_headers
from xiong.platforms.base import Endpoint
from xiong.tools.clock import Clock
from xiong.tools.http import Http, Samples

CONCURRENT = 4
_CHAT_LATENCY = "http_request_duration_seconds_bucket"


@dataclass(frozen=True)
class Window:
    """What one replica did between two scrapes, and what our own probe saw of it.

    Attributes:
        requests: requests it counted.
        errors: of these, answered by 5xx.
        replies: replies it counted.
        safe: of these, by the safe text.
        p95: seconds; of the chat route, from its histogram.
        unanswered: our own messages that got no proper answer.
        asked: our own messages.
    """

    requests: float
    errors: float
    replies: float
    safe: float
    p95: float
    unanswered: int
    asked: int


def judge(new: Window, old: Window | None, limits: DeploySettings) -> list[str]:
    """Reasons why the new replica must not go on, in words; empty when it may."""
    reasons = []
    if new.asked < limits.gate_requests:
        return [
            f"only {new.asked} of {limits.gate_requests} test messages were sent"
            f" within {limits.gate_seconds:g} s"
        ]
    failed = max(new.errors / new.requests if new.requests else 0.0, new.unanswered / new.asked)
    if failed > limits.gate_error_share:
        reasons.append(f"{failed:.1%} of requests failed, at most {limits.gate_error_share:.1%} may")
    safe = new.safe / new.replies if new.replies else 0.0
    safe_before = old.safe / old.replies if old and old.replies else 0.0
    if safe - safe_before > limits.gate_safe_share:
        reasons.append(f"{safe:.1%} of replies are the safe text, {safe_before:.1%} before")
    slowest = limits.gate_latency_floor
    if old is not None:
        slowest = max(slowest, old.p95 * limits.gate_latency_ratio)
    if new.p95 > slowest:
        before = f", {old.p95:.3f} s before" if old else ""
        reasons.append(f"p95 is {new.p95:.3f} s{before}, at most {slowest:.3f} s may be")
    return reasons


async def rehearse(
    new: Instance, old: Instance | None, endpoint: Endpoint, limits: DeploySettings, run: str, clock: Clock
) -> None:
    """Talks to a new replica directly, before or while people do, and to an old one for comparison.

    Raises:
        RolloutError: the new one is worse than the limits allow.
    """
    seen = await asyncio.gather(
        *(
            _window(r, endpoint, limits, f"{run}-{r.name}", clock)
            for r in (new, old)
            if r is not None and r.url
        )
    )
    reasons = judge(seen[0], seen[1] if len(seen) > 1 else None, limits)
    if reasons:
        raise RolloutError(f"release {new.release_id} was refused by the gate: {'; '.join(reasons)}")


async def _window(
    replica: Instance, endpoint: Endpoint, limits: DeploySettings, run: str, clock: Clock
) -> Window:
    log = probe.ProbeLog()
    async with Http(
        replica.url or "", timeout_seconds=limits.gate_seconds / 3, headers=operator_headers(endpoint)
    ) as http:
        before = await http.samples() or {}
        numbers = iter(range(limits.gate_requests))

        async def talk() -> None:
            for number in numbers:
                await probe.say(http, log, number, run, clock)

        try:
            async with asyncio.timeout(limits.gate_seconds):
                await asyncio.gather(*(talk() for _ in range(CONCURRENT)))
        except TimeoutError:
            log.failed += limits.gate_requests - log.sent  # what did not end in time failed
            log.sent = limits.gate_requests
        after = await http.samples() or {}
    return window_between(before, after, log)


def window_between(before: Samples, after: Samples, log: probe.ProbeLog) -> Window:
    """The difference of two scrapes, beside what our own messages saw."""
    gone = {key: value - before.get(key, 0.0) for key, value in after.items()}

    def total(name: str, label: str = "", starts: str = "") -> float:
        return sum(
            v
            for (n, labels), v in gone.items()
            if n == name and dict(labels).get(label, "").startswith(starts)
        )

    return Window(
        requests=total("http_requests_total"),
        errors=total("http_requests_total", "status", "5"),
        replies=total("chat_replies_total"),
        safe=total("chat_replies_total", "source", "safe"),
        p95=max(_p95(gone), probe.percentile_95(log.seconds)),
        unanswered=log.failed,
        asked=log.sent,
    )


def _p95(gone: Samples) -> float:
    """The 95th percentile of the chat route, interpolated in its bucket as Prometheus does."""
    buckets: dict[float, float] = {}
    for (name, labels), value in gone.items():
        found = dict(labels)
        if name == _CHAT_LATENCY and found.get("path") == probe.CHAT:
            bound = float(found["le"])
            buckets[bound] = buckets.get(bound, 0.0) + value
    count = buckets.get(math.inf, 0.0)
    if not count:
        return 0.0
    rank, lower, below = 0.95 * count, 0.0, 0.0
    for bound in sorted(buckets):
        if buckets[bound] >= rank:
            if math.isinf(bound):
                return lower
            inside = buckets[bound] - below
            return lower + (bound - lower) * ((rank - below) / inside if inside else 1.0)
        lower, below = bound, buckets[bound]
    return lower
