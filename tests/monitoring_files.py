"""The monitoring artifacts as tests/deployment/monitoring reads them, and the programs that check them.

A program that is not on PATH gives an empty list: what is parametrized over it is counted and printed by
pytest as not run.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
MONITORING = ROOT / "deployment" / "monitoring"
PROMETHEUS = MONITORING / "prometheus"
RULE_FILES = sorted((PROMETHEUS / "rules").glob("*.yml"))
CASE_FILES = sorted((PROMETHEUS / "tests").glob("*.yml"))
PLATFORMS = ("local", "compose", "kubernetes")
RUNBOOKS = ROOT / "docs" / "runbooks"
PAGE = ROOT / "docs" / "reference" / "monitoring.md"


def _found(*names: str) -> list[str]:
    return [path for name in names if (path := shutil.which(name))][:1]


PROMTOOLS = _found("promtool")
AMTOOLS = _found("amtool")
ALERTMANAGERS = _found("alertmanager", "prometheus-alertmanager")


@dataclass(frozen=True)
class Exported:
    """One row of the table of metrics.

    Attributes:
        labels: beside job and instance, which every series has.
        jobs: {platform: job}, without the platforms that do not have it.
    """

    name: str
    type: str
    labels: frozenset[str]
    jobs: dict[str, str]

    def names(self) -> set[str]:
        """The names of its series."""
        if self.type != "histogram":
            return {self.name}
        return {f"{self.name}_{part}" for part in ("bucket", "count", "sum")}


def run(*argv: str | Path, cwd: Path = PROMETHEUS, timeout: float = 200) -> subprocess.CompletedProcess[str]:
    """Runs a checking program; its output holds both streams."""
    return subprocess.run(
        argv,
        check=False,
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=timeout,
    )


@cache
def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def rules(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(file, rule) of every `alert` or `record`."""
    for path in RULE_FILES:
        for group in load(path)["groups"]:
            yield from ((path.name, rule) for rule in group["rules"] if kind in rule)


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    """(file, test) of every promtool test."""
    for path in CASE_FILES:
        yield from ((path.name, test) for test in load(path)["tests"])


def dashboards() -> dict[str, dict[str, Any]]:
    """{uid: dashboard} as they lie in the repository."""
    files = sorted((MONITORING / "grafana" / "dashboards").glob("*.json"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in files}


def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    """The panels that draw something."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def queries() -> Iterator[tuple[str, str]]:
    """(where, expression) of all rules, panels and marks, with Grafana's variables filled in."""
    for kind in ("alert", "record"):
        yield from ((rule[kind], rule["expr"]) for _, rule in rules(kind))
    for uid, board in dashboards().items():
        marks = [(mark["name"], mark["expr"]) for mark in board["annotations"]["list"]]
        drawn = [(p["title"], target["expr"]) for p in panels(board) for target in p["targets"]]
        yield from ((f"{uid}: {name}", filled(expr)) for name, expr in (*marks, *drawn))


def filled(expr: str) -> str:
    """A query of a panel as Grafana sends it."""
    values = {"$__rate_interval": "1m", "$__range": "1h", "$job": ".+", "$instance": ".+"}
    return re.sub(r"\$\w+", lambda m: values[m[0]], expr)


def exported() -> dict[str, Exported]:
    """The table of metrics: {name of a series: row}."""
    found = {}
    for line in PAGE.read_text(encoding="utf-8").partition("\n## How alerts")[0].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 6 or not cells[0].startswith("`"):
            continue
        jobs = {platform: job for platform, job in zip(PLATFORMS, cells[3:], strict=True) if job}
        row = Exported(cells[0].strip("`"), cells[1], frozenset(re.findall(r"`(\w+)`", cells[2])), jobs)
        found |= dict.fromkeys(row.names(), row)
    return found
