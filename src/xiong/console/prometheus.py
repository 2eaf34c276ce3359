"""`Series` from a Prometheus beside the service, and the choice between it and our own memory."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlencode

from xiong.console.scrapes import CHAT, LEVELS, SOURCES
from xiong.console.series import HOUR, Chart, Line, Series, Totals, Value
from xiong.errors import XiongError
from xiong.tools.clock import Clock
from xiong.tools.http import Http

_STEP = 10
_TIMEOUT_SECONDS = 4.0
_FRESH_SECONDS = 5.0
_FURTHER_SECONDS = 60.0
_OURS = 'job="xiongichat-api"'
_REQUESTS = f'http_requests_total{{{_OURS},path!="unmatched"}}'
_ERRORS = f'http_requests_total{{{_OURS},path!="unmatched",status=~"5.."}}'
_BUCKETS = f'http_request_duration_seconds_bucket{{{_OURS},path="{CHAT}"'


def _quantile(share: float) -> str:
    return f"histogram_quantile({share}, sum by (le) (rate({_BUCKETS}}}[1m])))"


def _events(metric: str, label: str, value: str) -> str:
    return f'round(sum(increase({metric}{{{_OURS},{label}="{value}"}}[5m])))'


_QUERIES: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    ("traffic", "per_second", (("requests", f"sum(rate({_REQUESTS}[1m]))"),)),
    ("latency", "seconds", (("p95", _quantile(0.95)), ("p50", _quantile(0.5)))),
    (
        "errors",
        "percent",
        (("errors", f"100 * sum(rate({_ERRORS}[1m])) / sum(rate({_REQUESTS}[1m]))"),),
    ),
    ("users", "count", tuple((w, f'max(xiongichat_active_users{{window="{w}"}})') for w in ("5m", "1h"))),
    ("risk", "count", tuple((level, _events("risk_events_total", "level", level)) for level in LEVELS)),
    ("replies", "count", tuple((s, _events("chat_replies_total", "source", s)) for s in SOURCES)),
    (
        "connections",
        "count",
        (
            ("connections", "max(xiongichat_database_connections)"),
            ("limit", "max(xiongichat_database_connections_limit)"),
        ),
    ),
    ("size", "bytes", (("size", "max(xiongichat_database_size_bytes)"),)),
)


class Prometheus:
    """Asks Prometheus' HTTP API; gives nothing where there is none or it does not answer."""

    def __init__(self, address: Callable[[], Awaitable[str]], clock: Clock) -> None:
        """Asks nothing yet.

        Args:
            address: gives its address, or an empty text.
            clock: whose time counts.
        """
        self._address = address
        self._clock = clock
        self._lock = asyncio.Lock()
        self._kept: list[Chart] = []
        self._until = 0.0

    async def charts(self) -> list[Chart]:
        async with self._lock:  # however many people watch, it is asked once
            if self._clock.monotonic() >= self._until:
                self._kept = await self._ask_charts()
                self._until = self._clock.monotonic() + _FRESH_SECONDS
            return self._kept

    async def totals(self, quick_seconds: float) -> Totals:
        charts = await self.charts()
        reach = reach_of(charts)
        if reach is None:
            return Totals(None)
        within = f'{_BUCKETS},le=~"{quick_seconds:g}|{quick_seconds:.1f}"}}'
        every = f'{_BUCKETS},le="+Inf"}}'
        queries = [f"sum(increase({metric}[1h]))" for metric in (_REQUESTS, _ERRORS, every, within)]
        # all at the same moment, or a scrape between two of them would make shares of nothing
        found = await self._ask(queries, "query", {"time": charts[0].times[-1]})
        requests, errors, chats, quick = (_number(rows[-1][1]) if rows else None for rows in found)
        return Totals(reach, requests or 0.0, errors or 0.0, chats or 0.0, quick or 0.0)

    async def _ask_charts(self) -> list[Chart]:
        end = math.floor(self._clock.now().timestamp())
        times = tuple(float(end - HOUR + number * _STEP) for number in range(int(HOUR) // _STEP + 1))
        queries = [query for _, _, lines in _QUERIES for _, query in lines]
        window = {"start": times[0], "end": times[-1], "step": _STEP}
        answers = iter(await self._ask(queries, "query_range", window))
        found = [
            Chart(
                name,
                unit,
                times,
                tuple(Line(line, _values(next(answers), times)) for line, _ in lines),
            )
            for name, unit, lines in _QUERIES
        ]
        known = [
            i for i in range(len(times)) if any(line.values[i] is not None for c in found for line in c.lines)
        ]
        return [_from(chart, known[0]) for chart in found] if known else []

    async def _ask(
        self, queries: Sequence[str], how: str, more: dict[str, float]
    ) -> list[list[tuple[float, str]]]:
        """The points of the one series that each query gives; none where it gives none."""
        try:
            address = await self._address()
        except (XiongError, OSError):
            address = ""
        if not address:
            return [[] for _ in queries]
        async with Http(address.rstrip("/"), timeout_seconds=_TIMEOUT_SECONDS) as http:
            return list(await asyncio.gather(*(_one(http, query, how, more) for query in queries)))


class Furthest:
    """The source that reaches back further; our own memory where they are alike, since it is finer."""

    def __init__(self, own: Series, other: Series) -> None:
        self._own = own
        self._other = other

    async def charts(self) -> list[Chart]:
        return await (await self._better()).charts()

    async def totals(self, quick_seconds: float) -> Totals:
        return await (await self._better()).totals(quick_seconds)

    async def _better(self) -> Series:
        own, other = reach_of(await self._own.charts()), reach_of(await self._other.charts())
        if other is None:
            return self._own
        return self._other if own is None or other < own - _FURTHER_SECONDS else self._own


def reach_of(charts: Sequence[Chart]) -> float | None:
    """Where the charts begin; None where they show nothing."""
    return charts[0].times[0] if charts and charts[0].times else None


async def _one(http: Http, query: str, how: str, more: dict[str, float]) -> list[tuple[float, str]]:
    answer = await http.request("GET", f"/api/v1/{how}?{urlencode({'query': query, **more})}")
    document = answer.json() if answer is not None and answer.status == 200 else None
    rows = document.get("data", {}).get("result", []) if isinstance(document, dict) else []
    if not rows:
        return []
    return list(rows[0]["values"] if how == "query_range" else [rows[0]["value"]])


def _values(points: Sequence[tuple[float, str]], times: Sequence[float]) -> tuple[Value, ...]:
    found = {round(at): _number(text) for at, text in points}
    return tuple(found.get(round(at)) for at in times)


def _number(text: str) -> Value:
    value = float(text)
    return value if math.isfinite(value) else None


def _from(chart: Chart, first: int) -> Chart:
    lines = tuple(Line(line.name, line.values[first:]) for line in chart.lines)
    return Chart(chart.name, chart.unit, chart.times[first:], lines)
