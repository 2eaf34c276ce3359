"""What a dashboard says, without Grafana's JSON: read by `build.py`, written by the modules beside it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# in every query on a metric that a job exports; a recorded series has neither label
SELECTED = 'job=~"$job",instance=~"$instance"'


class Kind(StrEnum):
    """How a panel draws."""

    LINES = "timeseries"
    STACK = "stack"
    STAT = "stat"
    PIE = "piechart"


class Unit(StrEnum):
    """Grafana's names of the units that we use."""

    REQUESTS = "reqps"
    SECONDS = "s"
    SHARE = "percentunit"
    BYTES = "bytes"
    COUNT = "short"
    ROWS = "cps"
    YES_NO = "bool_yes_no"


@dataclass(frozen=True)
class Query:
    """One query and what its series are called.

    Attributes:
        unit: where it is not the panel's; its series then have an axis of their own, on the right.
    """

    expr: str
    legend: str
    unit: Unit | None = None


@dataclass(frozen=True)
class Limit:
    """From this value on a panel is of this colour; an alert speaks at the same value."""

    value: float
    color: str


@dataclass(frozen=True)
class Panel:
    """One panel.

    Attributes:
        description: what it shows and when to worry, for who looks at it at night.
        width: of 24 columns.
    """

    title: str
    description: str
    unit: Unit
    queries: tuple[Query, ...]
    kind: Kind = Kind.LINES
    width: int = 12
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True)
class Row:
    """A heading and the panels below it."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Board:
    """One dashboard.

    Attributes:
        uid: never changed, since links and bookmarks hold it.
        jobs: the jobs that `$job` offers, as a regular expression.
    """

    uid: str
    title: str
    description: str
    jobs: str
    rows: tuple[Row, ...]
