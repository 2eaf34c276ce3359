"""When others saw a fault and told of it: by the records and metrics of `xiong watch`, not by own eyes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from xiong.config.settings import Settings
from xiong.model.health import Verdict
from xiong.model.instance import Instance, InstanceState
from xiong.operations.drill.drill import Seen
from xiong.operations.health.run import examine
from xiong.platforms.base import Platform, RecordStore
from xiong.tools.clock import Clock, wait_for
from xiong.tools.http import Http

_EVERY_SECONDS = 0.2
_ANSWER_SECONDS = 2.0
_ILL = {Verdict.DEGRADED.value, Verdict.UNHEALTHY.value}
_HOURS = 2  # an hour may end in the middle of a drill


class Sightings:
    """Asks what was seen since a fault began."""

    def __init__(self, platform: Platform, settings: Settings, clock: Clock) -> None:
        self._platform = platform
        self._settings = settings
        self._clock = clock
        self._restarts: dict[str, float] = {}
        self._newest: datetime | None = None

    async def begin(self) -> None:
        """Notes how often what was restarted before the fault, and which look was the last before it."""
        self._restarts = await self._restarted()
        self._newest = max(map(_moment, await _observations(self._platform.records)), default=None)

    async def detected(self, seen: Seen, since: datetime, begun: float, seconds: float) -> float:
        """Seconds from the fault until it was seen: by `xiong watch`, or where none runs by the check itself.

        Args:
            seen: as what it shows.
            since: when the fault began, UTC.
            begun: the same on `clock.monotonic()`.
            seconds: the deadline from `begun`.

        Raises:
            DeadlineError: nobody saw it by then.
        """

        async def sighted() -> float | None:
            if await self._watch() is None:
                report = await examine(self._platform, self._settings, self._clock, (seen.check,))
                found = any(f.verdict.value in _ILL and f.cause in seen.causes for f in report.findings)
            else:
                # A look that began just before the blow may find it: what is new counts, not what is later.
                found = await first_seen(self._platform.records, seen, self._newest or since) is not None
                found = found or await self._restarted_again(seen.restarts_of)
            return self._clock.monotonic() - begun if found else None

        return await wait_for(
            sighted,
            what=f"check {seen.check} with cause {' or '.join(seen.causes)}",
            seconds=begun + seconds - self._clock.monotonic(),
            clock=self._clock,
            every=_EVERY_SECONDS,
        )

    async def told(self, check: str, since: datetime, begun: float, seconds: float) -> float:
        """Seconds from the fault until a notice to the operators about it was recorded.

        Raises:
            DeadlineError: none was by then.
        """

        async def heard() -> float | None:
            at = await first_told(self._platform.records, check, since)
            return None if at is None else (at - since).total_seconds()

        return await wait_for(
            heard,
            what=f"a notice to the operators about {check}",
            seconds=begun + seconds - self._clock.monotonic(),
            clock=self._clock,
            every=_EVERY_SECONDS,
        )

    async def _restarted_again(self, service: str | None) -> bool:
        if service is None:
            return False
        return (await self._restarted()).get(service, 0.0) > self._restarts.get(service, 0.0)

    async def _restarted(self) -> dict[str, float]:
        """{service: restarts}, as the metrics of `xiong watch` count them."""
        watch = await self._watch()
        if watch is None or watch.url is None:
            return {}
        async with Http(watch.url, timeout_seconds=_ANSWER_SECONDS, keep_alive=False) as http:
            samples = await http.samples() or {}
        return {
            dict(labels)["service"]: value
            for (name, labels), value in samples.items()
            if name == "xiong_instance_restarts_total"
        }

    async def _watch(self) -> Instance | None:
        found = await self._platform.instances("watch")
        return next((one for one in found if one.state is not InstanceState.STOPPED), None)


async def first_seen(records: RecordStore, seen: Seen, after: datetime) -> datetime | None:
    """The look of `xiong watch`, after that moment, which first had such a finding."""
    moments = (
        _moment(observation)
        for observation in await _observations(records)
        if any(_fits(finding, seen) for finding in observation["findings"])
    )
    return min((at for at in moments if at > after), default=None)


async def _observations(records: RecordStore) -> list[dict[str, Any]]:
    """What was seen lately."""
    hours = (await records.names("observations"))[-_HOURS:]
    documents = [await records.read("observations", hour) for hour in hours]
    return [observation for document in documents if document for observation in document["observations"]]


def _moment(observation: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(observation["at"])


def _fits(finding: dict[str, Any], seen: Seen) -> bool:
    return finding["check"] == seen.check and finding["verdict"] in _ILL and finding["cause"] in seen.causes


async def first_told(records: RecordStore, check: str, since: datetime) -> datetime | None:
    """When operators were first told of that check since that moment."""
    documents = [await records.read("notices", name) for name in await records.names("notices")]
    moments = (
        datetime.fromisoformat(document["at"])
        for document in documents
        if document and check in document["key"]
    )
    return min((at for at in moments if at >= since), default=None)
