"""Tables, medians and ratios on stdout, the machine they were measured on, and JSON in bench/results."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

RESULTS = Path(__file__).parent / "results"


def machine() -> str:
    """What the figures were measured on, in one line."""
    busy = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, Linux {platform.release()}, "
        f"Python {platform.python_version()}, load average before the start {busy}"
    )


def median(values: Sequence[float]) -> float:
    """The median, 0 of nothing."""
    return statistics.median(values) if values else 0.0


def ratio(value: float, other: float) -> str:
    """`value` as a multiple of `other`."""
    return f"{value / other:.2f}×" if other else "-"


def table(title: str, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Prints a Markdown table, so that it can be pasted as it is."""
    print(f"\n### {title}\n")
    print(f"| {' | '.join(heads)} |")
    print(f"|{'---|' * len(heads)}")
    for row in rows:
        print(f"| {' | '.join(map(str, row))} |")
    print(flush=True)


def note(text: str) -> None:
    """A line below a table, or progress."""
    print(text, flush=True)


def save(name: str, document: Mapping[str, Any]) -> None:
    """Keeps the raw figures of a run."""
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps({"machine": machine(), **document}, indent=2, default=str)
    (RESULTS / f"{name}.json").write_text(text + "\n")
