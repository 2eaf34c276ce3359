"""What `load` saw: how many requests, which failed and how, how long the others took."""

from __future__ import annotations

import statistics
from array import array
from collections import Counter
from dataclasses import dataclass, field

REFUSED, RESET, CUT, TIMEOUT, ERROR, REJECTED = "refused", "reset", "cut", "timeout", "5xx", "4xx"
"""Kinds of failure: no connection; closed before any byte; closed in the middle; no answer in time;
a status of 500 and above; any other status that is not 2xx."""


@dataclass(frozen=True)
class Failure:
    """One request that was not answered properly.

    Attributes:
        kind: one of the constants above.
        method: GET or POST.
        sent_at: when it was written, by `time.monotonic`.
        seconds: how long until it was known to have failed.
    """

    kind: str
    method: str
    sent_at: float
    seconds: float


@dataclass
class LoadResult:
    """What a load saw.

    Attributes:
        sent: requests begun.
        reopened: connections that were closed while idle; none of them is a failure.
        wall_seconds: how long it ran.
        failures: each request that failed.
        latencies: seconds of each proper answer, from the first attempt to connect where one was needed.
    """

    sent: int = 0
    reopened: int = 0
    wall_seconds: float = 0.0
    failures: list[Failure] = field(default_factory=list)
    latencies: array[float] = field(default_factory=lambda: array("d"))

    @property
    def failed(self) -> int:
        """Requests without a proper answer."""
        return len(self.failures)

    @property
    def kinds(self) -> dict[str, int]:
        """How many failed in which way."""
        return dict(Counter(f.kind for f in self.failures))

    @property
    def methods_and_kinds(self) -> dict[str, int]:
        """The same for GET and POST apart: `{"POST 5xx": 3}`."""
        return dict(Counter(f"{f.method} {f.kind}" for f in self.failures))

    @property
    def slowest(self) -> float:
        """Seconds of the slowest proper answer."""
        return max(self.latencies, default=0.0)

    @property
    def p50(self) -> float:
        return statistics.median(self.latencies) if self.latencies else 0.0

    @property
    def p99(self) -> float:
        if len(self.latencies) < 2:
            return self.slowest
        return statistics.quantiles(self.latencies, n=100, method="inclusive")[-1]

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.wall_seconds if self.wall_seconds else 0.0

    @property
    def lost_per_100_000(self) -> float:
        return 100_000 * self.failed / self.sent if self.sent else 0.0

    def __add__(self, other: LoadResult) -> LoadResult:
        """Both together; `wall_seconds` is the longer one, as for loads that ran side by side."""
        return LoadResult(
            self.sent + other.sent,
            self.reopened + other.reopened,
            max(self.wall_seconds, other.wall_seconds),
            self.failures + other.failures,
            self.latencies + other.latencies,
        )
