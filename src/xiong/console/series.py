"""What the charts show, and where it comes from: an interface, and the console's own memory of one hour.

`Series` is small on purpose: `prometheus` gives the same figures, and `desk` chooses.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from xiong.console import scrapes
from xiong.console.scrapes import LEVELS, SOURCES, Counts, Tick

HOUR = 3600.0
_STEP = 10.0  # a chart of 360 points, which is more than it has pixels on a phone
_RATE_SECONDS = 60.0
_EVENT_SECONDS = 300.0  # events are rare: shown as how many in five minutes
Value = float | None


@dataclass(frozen=True)
class Line:
    """One line of a chart: its name and its values, None where nothing is known."""

    name: str
    values: tuple[Value, ...]

    @property
    def latest(self) -> Value:
        """Its last value."""
        return self.values[-1] if self.values else None


@dataclass(frozen=True)
class Chart:
    """A chart.

    Attributes:
        name: traffic, latency, errors, users, risk, replies, connections, size.
        unit: per_second, seconds, percent, count or bytes.
        times: epoch seconds of each point.
        lines: what is drawn.
    """

    name: str
    unit: str
    times: tuple[float, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Totals:
    """Sums over the window that is known, for the objectives.

    Attributes:
        since: epoch seconds; where the window begins, or None while nothing is known.
        requests, errors: all requests, and those answered by 5xx.
        chats: answered chat messages.
        quick: of these, within the time of the objective.
    """

    since: float | None
    requests: float = 0.0
    errors: float = 0.0
    chats: float = 0.0
    quick: float = 0.0


class Series(Protocol):
    """Where figures over time come from."""

    async def charts(self) -> list[Chart]:
        """Every chart, in the order in which they are shown."""
        ...

    async def totals(self, quick_seconds: float) -> Totals:
        """Sums over the window; a chat is quick within `quick_seconds`, a bound of the histogram."""
        ...


class Ring:
    """`Series` over the newest hour of ticks, in memory."""

    def __init__(self, seconds: float = HOUR, *, every: float = 5.0) -> None:
        self._ticks: deque[Tick] = deque(maxlen=max(2, int(seconds / every)))
        self._points: deque[_Point] = deque()
        self._seconds = seconds

    def add(self, tick: Tick) -> None:
        """Remembers a tick, and forgets those that are too old."""
        self._ticks.append(tick)
        while self._ticks[0].at < tick.at - self._seconds:
            self._ticks.popleft()
        points = self._points
        if len(points) > 1 and points[-1].at - points[-2].at < _STEP:
            points.pop()  # the newest point moves on until it is a step away from the one before
        points.append(_point(self._ticks))
        while points[0].at < tick.at - self._seconds:
            points.popleft()

    async def charts(self) -> list[Chart]:
        points = tuple(self._points)
        times = tuple(point.at for point in points)
        return [
            Chart(name, unit, times, tuple(Line(n, tuple(value(p) for p in points)) for n, value in lines))
            for name, unit, lines in _CHARTS
        ]

    async def totals(self, quick_seconds: float) -> Totals:
        if not self._ticks:
            return Totals(None)
        sums = _sum(self._ticks)
        within = scrapes.buckets(sums)
        return Totals(
            since=self._ticks[0].at - self._ticks[0].seconds,
            requests=sums.get("requests", 0.0),
            errors=sums.get("errors", 0.0),
            chats=within.get(float("inf"), 0.0),
            quick=within.get(quick_seconds, 0.0),
        )


@dataclass(frozen=True)
class _Point:
    """What is drawn at one time.

    Attributes:
        at: epoch seconds.
        seconds: how much time `recent` covers.
        recent: sums of the last minute.
        events: sums of the last five minutes.
        gauges: what stood then.
    """

    at: float
    seconds: float
    recent: Counts
    events: Counts
    gauges: Counts

    def rate(self, name: str) -> Value:
        return self.recent.get(name, 0.0) / self.seconds if self.seconds else None

    def error_percent(self) -> Value:
        requests = self.recent.get("requests", 0.0)
        return 100 * self.recent.get("errors", 0.0) / requests if requests else None

    def latency(self, share: float) -> Value:
        return scrapes.quantile(scrapes.buckets(self.recent), share)


def _point(ticks: deque[Tick]) -> _Point:
    now = ticks[-1]
    events = _since(ticks, now.at - _EVENT_SECONDS)
    recent = _since(events, now.at - _RATE_SECONDS)
    seconds = sum(tick.seconds for tick in recent)
    return _Point(now.at, seconds, _sum(recent), _sum(events), dict(now.gauges))


def _since(ticks: deque[Tick], start: float) -> deque[Tick]:
    found: deque[Tick] = deque()
    for tick in reversed(ticks):
        if tick.at <= start:
            break
        found.appendleft(tick)
    return found


def _sum(ticks: deque[Tick]) -> Counts:
    sums: Counts = defaultdict(float)
    for tick in ticks:
        for name, value in tick.counts.items():
            sums[name] += value
    return dict(sums)


Reading = Callable[[_Point], Value]


def _rate(name: str) -> Reading:
    return lambda point: point.rate(name)


def _events(name: str) -> Reading:
    return lambda point: point.events.get(name, 0.0)


def _gauge(name: str) -> Reading:
    return lambda point: point.gauges.get(name)


_CHARTS: tuple[tuple[str, str, tuple[tuple[str, Reading], ...]], ...] = (
    ("traffic", "per_second", (("requests", _rate("requests")),)),
    (
        "latency",
        "seconds",
        (("p95", lambda point: point.latency(0.95)), ("p50", lambda point: point.latency(0.5))),
    ),
    ("errors", "percent", (("errors", lambda point: point.error_percent()),)),
    ("users", "count", (("5m", _gauge("users 5m")), ("1h", _gauge("users 1h")))),
    ("risk", "count", tuple((level, _events(f"risk {level}")) for level in LEVELS)),
    ("replies", "count", tuple((source, _events(f"reply {source}")) for source in SOURCES)),
    (
        "connections",
        "count",
        (("connections", _gauge("connections")), ("limit", _gauge("connections limit"))),
    ),
    ("size", "bytes", (("size", _gauge("size")),)),
)
