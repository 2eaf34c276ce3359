"""From the scrapes of all replicas to what happened between two of them; pure, used by the sampler.

A counter belongs to one run of one replica, so increments are counted per run and added up afterwards:
a replica that restarts begins at 0 again, and one that is gone takes nothing with it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from xiong.tools.http import Samples

CHAT = "/api/v1/chat"
LEVELS = ("IMMINENT", "HIGH", "MEDIUM", "LOW")
SOURCES = ("model", "offline", "safe")
Counts = dict[str, float]

_SCANNERS = "unmatched"  # paths that no route takes would dilute every share

_GAUGES = {
    "xiongichat_database_connections": "connections",
    "xiongichat_database_connections_limit": "connections limit",
    "xiongichat_database_size_bytes": "size",
}


@dataclass(frozen=True)
class Tick:
    """What all replicas did since the tick before.

    Attributes:
        at: epoch seconds.
        seconds: since the tick before.
        counts: increments: `requests`, `errors`, `risk HIGH`, `reply safe`, `within 0.5` …
        gauges: what stands now: `users 5m`, `connections`, `size` …; absent where nobody says.
    """

    at: float
    seconds: float
    counts: Mapping[str, float] = field(default_factory=dict)
    gauges: Mapping[str, float] = field(default_factory=dict)


def counters(samples: Samples) -> Counts:
    """What one replica has counted since it began."""
    found: Counts = defaultdict(float)
    for (name, labels), value in samples.items():
        label = dict(labels)
        if name == "http_requests_total" and label.get("path") != _SCANNERS:
            found["requests"] += value
            found["errors"] += value if label.get("status", "").startswith("5") else 0.0
        elif name == "http_request_duration_seconds_bucket" and label.get("path") == CHAT:
            found[f"within {float(label['le']):g}"] += value
        elif name == "risk_events_total":
            found[f"risk {label.get('level')}"] += value
        elif name == "chat_replies_total":
            found[f"reply {label.get('source')}"] += value
    return dict(found)


def gauges(every: Iterable[Samples]) -> Counts:
    """What stands now; every replica says the same of what they share, so the largest counts."""
    found: Counts = {}
    for samples in every:
        for (name, labels), value in samples.items():
            known = _GAUGES.get(name)
            if name == "xiongichat_active_users":
                known = f"users {dict(labels).get('window')}"
            if known and math.isfinite(value):
                found[known] = max(value, found.get(known, value))
    return found


class Counting:
    """Remembers what each run of each replica had counted."""

    def __init__(self) -> None:
        self._before: dict[str, Counts] = {}
        self._alive: frozenset[str] | None = None

    def increments(self, scraped: Mapping[str, Counts], alive: Iterable[str]) -> Counts:
        """What was counted since the last call.

        Args:
            scraped: {identity of a run: what it has counted}.
            alive: every run that there is, also those that did not answer.

        Returns:
            A run that was not there at the call before began since, so all that it counted is new. Of
            one that was there and is scraped for the first time nothing is known, so nothing is.
        """
        sums: Counts = defaultdict(float)
        for identity, now in scraped.items():
            born = self._alive is not None and identity not in self._alive
            before = self._before.get(identity, {} if born else now)
            for name, value in now.items():
                earlier = before.get(name, 0.0)
                sums[name] += value - earlier if value >= earlier else value
        self._alive = frozenset(alive)
        known = {**self._before, **scraped}
        self._before = {identity: known[identity] for identity in self._alive if identity in known}
        return dict(sums)


def buckets(counts: Mapping[str, float]) -> dict[float, float]:
    """{upper bound in seconds: answers of the chat within it}."""
    return {float(n.partition(" ")[2]): v for n, v in counts.items() if n.startswith("within ")}


def quantile(within: Mapping[float, float], share: float) -> float | None:
    """A quantile of a histogram, interpolated in its bucket as Prometheus does; None without answers."""
    total = within.get(math.inf, 0.0)
    if not total:
        return None
    rank, lower, below = share * total, 0.0, 0.0
    for bound in sorted(within):
        if within[bound] >= rank:
            inside = within[bound] - below
            if math.isinf(bound) or not inside:
                return lower
            return lower + (bound - lower) * (rank - below) / inside
        lower, below = bound, within[bound]
    return lower
