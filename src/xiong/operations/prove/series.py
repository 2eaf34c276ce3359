"""The series of a promtool test, as values at a time: `0x4 1+2x10 _ stale`. Read by `provoking`."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from xiong.errors import ConfigurationError

_NAMED = re.compile(r"([a-zA-Z_:][\w:]*)\s*(?:\{(.*)\})?\s*")
_LABEL = re.compile(r'([a-zA-Z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"')
_NUMBER = r"[+-]?(?:[0-9.]+(?:[eE][+-]?[0-9]+)?|[iI]nf|NaN)"
_RUN = re.compile(rf"({_NUMBER})(?:([+-])([0-9.]+(?:[eE][+-]?[0-9]+)?))?(?:x([0-9]+))?")
_COUNTERS = ("_total", "_count", "_sum", "_bucket")
_MOMENTS = ("_timestamp_seconds", "process_start_time_seconds")


@dataclass(frozen=True)
class _Run:
    """Samples that follow one another: `first + step * n`; `first` None is no sample."""

    first: float | None
    step: float
    count: int


@dataclass(frozen=True)
class Series:
    """One series of a test; past its end it stays as it was last."""

    name: str
    labels: dict[str, str]
    runs: tuple[_Run, ...]

    @property
    def is_counter(self) -> bool:
        return self.name.endswith(_COUNTERS)

    @property
    def is_moment(self) -> bool:
        """Whether its value is a time, which a test counts from its own beginning."""
        return self.name.endswith(_MOMENTS)

    @property
    def begins_moving(self) -> bool:
        """Whether it goes on at first, as the time of something that happens again and again."""
        return self.runs[0].step != 0

    def at(self, index: int) -> float | None:
        """The sample of that number; None where there is none."""
        starts = [0]
        for run in self.runs:
            starts.append(starts[-1] + run.count)
        inside = min(index, starts[-1] - 1)
        place = bisect_right(starts, inside) - 1
        run = self.runs[place]
        return None if run.first is None else run.first + run.step * (inside - starts[place])


def parse(named: str, values: str) -> Series:
    """A series as a test writes it.

    Raises:
        ConfigurationError: it is written in a way that is not understood.
    """
    found = _NAMED.fullmatch(named)
    runs = [_run(word) for word in str(values).split()]
    if found is None or not runs or None in runs:
        raise ConfigurationError(f"not a series of a promtool test: {named} with values {values!r}")
    labels = {m[1]: re.sub(r"\\(.)", r"\1", m[2]) for m in _LABEL.finditer(found[2] or "")}
    return Series(found[1], labels, tuple(run for run in runs if run))


def _run(word: str) -> _Run | None:
    if word == "stale" or word == "_":
        return _Run(None, 0, 1)
    if word.startswith("_x"):
        return _Run(None, 0, int(word[2:]))
    found = _RUN.fullmatch(word)
    if found is None:
        return None
    step = float(f"{found[2]}{found[3]}") if found[3] else 0.0
    return _Run(float(found[1]), step, int(found[4] or 0) + 1)
