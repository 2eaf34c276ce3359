"""The shipped dashboards: each panel's queries as Grafana would send them. Read by `dashboards`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from xiong.platforms import shipped

_WINDOW = {"$__rate_interval": "15s", "$__range": "2m", "$__interval": "5s"}


@dataclass(frozen=True)
class Query:
    """Something that a dashboard asks Prometheus.

    Attributes:
        title: dashboard and panel.
        expr: with variables filled in.
    """

    title: str
    expr: str


def queries() -> list[Query]:
    """All of all dashboards."""
    files = sorted((shipped.folder() / "grafana" / "dashboards").glob("*.json"))
    return [query for file in files for query in _of(orjson.loads(file.read_bytes()))]


def _of(board: dict[str, Any]) -> Iterator[Query]:
    name = board["title"]
    for mark in board.get("annotations", {}).get("list", []):
        if "expr" in mark:
            yield Query(f"{name} · {mark['name']} (mark)", _filled(mark["expr"]))
    for variable in board.get("templating", {}).get("list", []):
        found = re.fullmatch(r"label_values\((.*),\s*\w+\)", str(variable.get("query", "")))
        if found:
            yield Query(f"{name} · {variable['name']} (choice)", _filled(found[1]))
    for panel in _panels(board["panels"]):
        targets = panel.get("targets", [])
        for number, target in enumerate(targets, 1):
            which = f" {number}" if len(targets) > 1 else ""
            yield Query(f"{name} · {panel['title']}{which}", _filled(target["expr"]))


def _panels(panels: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Those in folded rows too."""
    for panel in panels:
        if panel["type"] == "row":
            yield from _panels(panel.get("panels", []))
        else:
            yield panel


def _filled(expr: str) -> str:
    """Every other variable is everything."""
    return re.sub(r"\$\{?(\w+)\}?", lambda found: _WINDOW.get(f"${found[1]}", ".+"), expr)
