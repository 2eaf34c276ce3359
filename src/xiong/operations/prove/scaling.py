"""Rules and routes in quick motion: every duration divided by one factor, all else as it is.

Thresholds stay. A time in seconds that a rule compares with (`time() - x > 300`) stays too: the exporter
gives times of the same age. The horizon of `predict_linear` is a duration and shrinks with its window.
"""

from __future__ import annotations

import re
from typing import Any

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|[smhdwy])")
_RANGE = re.compile(r"\[([0-9a-z]+)(?::([0-9a-z]*))?\]")
_OFFSET = re.compile(r"\boffset\s+([0-9a-z]+)")
_HORIZON = re.compile(r"(predict_linear\([^,]+),([^()]+)\)")
_NAME = re.compile(r"[a-zA-Z_:][\w:]*")
_DURATIONS = ("group_wait", "group_interval", "repeat_interval")
_SCRAPES_IN_A_WINDOW = 5
_LONGEST_MOTION = 30.0
_LEAST, _MOST = 60.0, 3600.0


def seconds(duration: str) -> float:
    """`1h30m` in seconds."""
    return sum(float(count) * _UNITS[unit] for count, unit in _PART.findall(str(duration)))


def duration(length: float) -> str:
    """Seconds as Prometheus and Alertmanager read them."""
    return f"{round(length * 1000)}ms"


def expression(text: str, factor: float) -> str:
    """A PromQL expression in quick motion."""

    def in_brackets(found: re.Match[str]) -> str:
        step = f":{_scaled(found[2], factor)}" if found[2] else ":" if found[2] == "" else ""
        return f"[{_scaled(found[1], factor)}{step}]"

    shorter = _RANGE.sub(in_brackets, text)
    shorter = _OFFSET.sub(lambda m: f"offset {_scaled(m[1], factor)}", shorter)
    return _HORIZON.sub(lambda m: f"{m[1]}, ({m[2].strip()}) / {factor:g})", shorter)


def rules(groups: list[dict[str, Any]], factor: float) -> dict[str, Any]:
    """A rule file with all groups; each is evaluated as often as Prometheus is told to."""
    return {"groups": [{"name": g["name"], "rules": [_rule(r, factor) for r in g["rules"]]} for g in groups]}


def _rule(rule: dict[str, Any], factor: float) -> dict[str, Any]:
    quick = {**rule, "expr": expression(rule["expr"], factor)}
    return quick | {key: _scaled(rule[key], factor) for key in ("for", "keep_firing_for") if key in rule}


def routes(document: dict[str, Any], factor: float) -> dict[str, Any]:
    """An Alertmanager configuration in quick motion; nothing is muted by the hour: a proof runs at any."""
    never = [{"name": t["name"], "time_intervals": [{"years": ["1970"]}]} for t in document["time_intervals"]]
    return {**document, "time_intervals": never, "route": _route(document["route"], factor)}


def _route(route: dict[str, Any], factor: float) -> dict[str, Any]:
    quick = {**route} | {key: _scaled(route[key], factor) for key in _DURATIONS if key in route}
    if "routes" in route:
        quick["routes"] = [_route(inner, factor) for inner in route["routes"]]
    return quick


def factor_for(expr: str, recorded: dict[str, str], test_seconds: float) -> float:
    """How much quicker: so that the shortest window that the alert reads still holds five scrapes.

    Args:
        expr: of the alert.
        recorded: {name of a recording rule: its expression}.
        test_seconds: how long the provocation takes at its own pace, for an alert that reads no window.
    """
    shortest = min(windows(expr, recorded), default=None)
    wanted = shortest / _SCRAPES_IN_A_WINDOW if shortest else test_seconds / _LONGEST_MOTION
    return max(_LEAST, min(_MOST, wanted))


def windows(expr: str, recorded: dict[str, str]) -> set[float]:
    """The windows that an expression reads, also by what it reads of recording rules; in seconds."""
    found: set[float] = set()
    seen: set[str] = set()
    waiting = [expr]
    while waiting:
        text = waiting.pop()
        found |= {seconds(m[1]) for m in _RANGE.finditer(text)}
        names = {n for n in _NAME.findall(text) if n in recorded} - seen
        seen |= names
        waiting += [recorded[name] for name in names]
    return found


def _scaled(length: str, factor: float) -> str:
    quick = seconds(length) / factor
    return duration(max(quick, 0.001) if seconds(length) else 0)
