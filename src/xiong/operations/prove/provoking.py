"""A synthetic exporter of one scenario: what a scrape of each target shows now, ill and later healed.

Healed means: counters stand still; a gauge is what it was at first, or gone where it never was another;
a time that went on at first is now; every target answers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from xiong.operations.prove.scenarios import Scenario
from xiong.operations.prove.series import Series
from xiong.tools.clock import Clock
from xiong.tools.web import METRICS, Response

_BASELINE = ("xiongichat-api", "xiongichat-pager", "xiong-watch")
_UNNAMED = "synthetic"


@dataclass(frozen=True)
class Target:
    """One target of a scrape job."""

    job: str
    instance: str


class Provocation:
    """Plays a scenario from `begin` on, `factor` times as fast."""

    def __init__(self, scenario: Scenario, factor: float, clock: Clock) -> None:
        self._scenario = scenario
        self._factor = factor
        self._clock = clock
        self._begun: float | None = None
        self._healed_at: float | None = None
        self._series: dict[Target, list[Series]] = defaultdict(list)
        self._up: dict[Target, Series] = {}
        for series in scenario.series:
            target = _target(series)
            if series.name == "up":
                self._up[target] = series
            else:
                self._series[target].append(series)
        jobs = {target.job for target in (*self._series, *self._up)}
        # The service and who watches it are well, where the scenario says nothing else.
        baseline = {Target(job, "baseline") for job in _BASELINE if job not in jobs}
        named = {*self._series, *self._up, *baseline}
        self._all = sorted(named, key=lambda target: (target.job, target.instance))

    def begin(self) -> None:
        self._begun = self._clock.monotonic()

    def heal(self) -> None:
        """From now on all is well."""
        self._healed_at = self._elapsed()

    def jobs(self) -> set[str]:
        """All scrape jobs that it plays in."""
        return {target.job for target in self._all}

    def targets(self) -> list[Target]:
        """Who is a target now; one whose `up` has no sample is gone."""
        return [target for target in self._all if self._is_there(target)]

    def number(self, target: Target) -> int:
        """By which a scrape says whom it means."""
        return self._all.index(target)

    def answer(self, number: int) -> Response:
        """What a scrape of that target gets.

        Before the beginning all are well, and only counters are shown, as they are at first: where the
        first scrape sees a counter that was raised already, nobody sees it rise.
        """
        if number >= len(self._all):
            return Response(404)
        target = self._all[number]
        if self._begun is None:
            return Response(200, "".join(self._first_lines(target)).encode(), METRICS)
        up = self._up.get(target)
        if up is not None and self._healed_at is None and not up.at(self._index(self._elapsed())):
            return Response(503)
        return Response(200, "".join(self._lines(target)).encode(), METRICS)

    def _is_there(self, target: Target) -> bool:
        up = self._up.get(target)
        return up is None or self._healed_at is not None or up.at(self._index(self._elapsed())) is not None

    def _lines(self, target: Target) -> Iterator[str]:
        for series in self._series.get(target, ()):
            value = self._value(series)
            if value is not None:
                yield f"{series.name}{_labels(series)} {value!r}\n"

    def _first_lines(self, target: Target) -> Iterator[str]:
        for series in self._series.get(target, ()):
            value = series.at(0)
            if series.is_counter and value is not None:
                yield f"{series.name}{_labels(series)} {value!r}\n"

    def _value(self, series: Series) -> float | None:
        elapsed = self._elapsed()
        if self._healed_at is None:
            return self._living(series, series.at(self._index(elapsed)), elapsed)
        ill = series.at(self._index(self._healed_at))
        if series.is_counter:
            return ill
        if series.is_moment and series.begins_moving:
            return self._clock.now().timestamp()
        first = series.at(0)
        return None if first == ill else self._living(series, first, elapsed)

    def _living(self, series: Series, value: float | None, elapsed: float) -> float | None:
        """A time is as old now as it is in the test; 0 stands for never."""
        if not series.is_moment or not value:
            return value
        return self._clock.now().timestamp() - (elapsed - value)

    def _elapsed(self) -> float:
        """Seconds of the test."""
        return 0.0 if self._begun is None else (self._clock.monotonic() - self._begun) * self._factor

    def _index(self, elapsed: float) -> int:
        return int(elapsed / self._scenario.interval)


def _target(series: Series) -> Target:
    return Target(series.labels.get("job", _UNNAMED), series.labels.get("instance", _UNNAMED))


def _labels(series: Series) -> str:
    """Without those that the scrape itself gives."""
    kept = {name: value for name, value in series.labels.items() if name not in {"job", "instance"}}
    escaped = {n: v.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n") for n, v in kept.items()}
    return "{" + ",".join(f'{name}="{value}"' for name, value in escaped.items()) + "}"
