"""A healer over real records and a real lease, with checks that find what they are told to find."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from simulated_healing import CHECKS, CYCLE, START
from xiong.config.settings import Settings
from xiong.daemon.healing import Healing
from xiong.daemon.health_metrics import HealthMetrics
from xiong.daemon.observation import Observation
from xiong.errors import PlatformError
from xiong.model.health import Finding, Verdict
from xiong.model.recovery import ActionRecord
from xiong.operations.health.check import Check
from xiong.operations.notices import list_notices
from xiong.operations.recovery.actions.action import Action, Patient
from xiong.operations.recovery.ledger import Ledger
from xiong.operations.recovery.recover import Recovery, recover
from xiong.platforms.onehost.lease import FileLease
from xiong.platforms.onehost.records import FileRecords


class Clock:
    """Time that passes when somebody says so, or sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        await asyncio.sleep(0)


class Place:
    """The primitives of a platform that healing needs."""

    name = "stage"

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.records = FileRecords(folder / "records")
        self.lease = FileLease(folder)

    async def take_lease(self, wanted):
        return self.lease.take(wanted)

    async def read_lease(self):
        return self.lease.read()

    async def drop_lease(self, token):
        self.lease.drop(token)


class Stage:
    """A world that ails as it is told, and a daemon's two steps on it.

    Attributes:
        ails: {check: what it finds}; all others are well.
        done: the actions that were carried out.
        fails: whether actions fail.
        holds: actions do not end before this is set, where it is there.
        cures: whether an action cures what it answers.
    """

    def __init__(self, folder: Path, **recovery: Any) -> None:
        self.folder = folder
        self.clock = Clock()
        self.settings = Settings.model_validate({"recovery": recovery})
        self.ails: dict[str, Finding] = {}
        self.done: list[str] = []
        self.told: list[str] = []
        self.fails: Exception | None = None
        self.holds: asyncio.Event | None = None
        self.cures = False
        self.begin()

    def begin(self) -> None:
        """A new daemon on the same records, as after a death of the one before."""
        self.place = Place(self.folder)
        self.metrics = HealthMetrics(CHECKS, CYCLE)
        self.healing = Healing(
            self.place,
            self.settings,
            self.clock,
            self.told.append,
            self.metrics,
            checks=self.checks,
            actions=self.actions,
        )

    @property
    def checks(self) -> tuple[Check, ...]:
        return tuple(replace(check, look=self._look(check.name)) for check in CHECKS)

    @property
    def actions(self) -> tuple[Action, ...]:
        names = {name: name.endswith("replica") for c in CHECKS for _, rungs in c.allows for name in rungs}
        return tuple(Action(n, f"what {n} disturbs", self._plan, self._act(n), r) for n, r in names.items())

    def _look(self, name: str):
        async def look(_: Any) -> Finding:
            return self.ails.get(name) or Finding(name, Verdict.HEALTHY, "well")

        return look

    async def _plan(self, patient: Patient) -> str:
        return f"would cure {patient.finding.check}"

    def _act(self, name: str):
        async def act(patient: Patient) -> str:
            self.done.append(f"{name} {patient.target}".strip())
            if self.holds:
                await self.holds.wait()
            if self.fails:
                raise self.fails
            if self.cures:
                self.ails.pop(patient.finding.check, None)
            return "cured"

        return act

    async def cycles(self, count: int) -> None:
        """So many turns of the daemon, and whatever they set going."""
        for _ in range(count):
            await self.healing.look(Observation(self.clock.now()))
            await self.healing.heal(Observation(self.clock.now()))
            for _ in range(20):
                await asyncio.sleep(0)
            self.clock.seconds += CYCLE

    async def recover(self, *names: str, shadow: bool = False) -> Recovery:
        """A human asks."""
        return await recover(
            self.place,
            self.settings,
            self.clock,
            self.told.append,
            names=names,
            shadow=shadow,
            checks=self.checks,
            actions=self.actions,
        )

    async def records(self) -> list[ActionRecord]:
        """What was done, as it is recorded."""
        return await Ledger(self.place.records).read()

    async def alarms(self) -> list[str]:
        """The titles of what people were told, oldest first."""
        return [notice.title for notice in reversed(await list_notices(self.place.records))]


FULL = PlatformError("cannot write: No space left on device")
