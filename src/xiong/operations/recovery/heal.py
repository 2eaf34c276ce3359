"""One cycle of the healer: remember, decide, tell people, act at most once. `xiong watch` keeps one."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

from xiong.config.settings import Settings
from xiong.errors import LeaseHeldError, XiongError
from xiong.model.documents import to_document
from xiong.model.recovery import ActionRecord, Decision
from xiong.operations.notices import tell
from xiong.operations.recovery import escalation
from xiong.operations.recovery.decide import action_id, decide
from xiong.operations.recovery.executing import Executor
from xiong.operations.recovery.ledger import Ledger, taken
from xiong.operations.recovery.memory import KIND, Memory, MemoryStore
from xiong.operations.recovery.observations import Observation, ObservationLog
from xiong.operations.recovery.policy import Policy
from xiong.platforms.base import Platform, Progress
from xiong.tools.clock import Clock

_SHOWN_EVERY = timedelta(seconds=10)


class Healer:
    """Goes on where the one before it was cut off: its memory and its actions are records."""

    def __init__(
        self,
        platform: Platform,
        settings: Settings,
        clock: Clock,
        told: Progress,
        policy: Policy,
        observations: ObservationLog,
    ) -> None:
        self._platform = platform
        self._settings = settings
        self._clock = clock
        self._told = told
        self._policy = policy
        self._ledger = Ledger(platform.records)
        self._memory = MemoryStore(platform.records)
        self._observations = observations
        self._remembering = asyncio.Lock()
        self._action: asyncio.Task[None] | None = None
        self._acting = ""
        self._shown: tuple[tuple[object, ...], datetime] | None = None

    @property
    def acting(self) -> str:
        """The action that is being carried out, or empty."""
        return self._acting

    async def cycle(self, seen: Observation) -> tuple[Memory, tuple[Decision, ...]]:
        """Decides on what was seen; an action goes on by itself while further cycles come.

        Raises:
            XiongError: a record cannot be read or written; what was decided to be done is done all the same.
        """
        self._collect()
        async with self._remembering:
            memory, decisions = decide(await self._remembered(), seen, self._policy)
            for decision in decisions:
                memory = await self._escalated(memory, decision, seen)
            self._begin(decisions, seen)
            await self._memory.save(memory)
        await self._show(decisions, seen.at)
        await self._observations.keep(seen)
        return memory, decisions

    async def records(self) -> list[ActionRecord]:
        """All actions that are kept, oldest first."""
        return await self._ledger.read()

    async def close(self) -> None:
        """Cuts off what is being carried out; its record says that it was begun."""
        if self._action is not None:
            self._action.cancel()
            await asyncio.gather(self._action, return_exceptions=True)

    async def _remembered(self) -> Memory:
        memory, shadow = await self._memory.load(), self._settings.recovery.shadow
        if memory.shadow is not shadow:
            memory = Memory(shadow=shadow)  # what was only thought of says nothing about what was done
        return memory.knowing(taken(await self._ledger.read()))

    async def _escalated(self, memory: Memory, decision: Decision, seen: Observation) -> Memory:
        """Tells people, once; what could not be kept for them is tried again in the next cycle."""
        if not decision.escalates:
            return memory
        notice = escalation.notice(decision, memory, seen)
        self._told(f"people are told: {notice.title}")
        try:
            await tell(self._platform, self._settings, self._clock, notice.title, notice.body, notice.key)
        except XiongError as error:
            self._told(f"people could not be told: {error.message}")
            return memory.having(replace(memory.of(decision.check), escalated=False))
        return memory

    def _begin(self, decisions: tuple[Decision, ...], seen: Observation) -> None:
        for decision in decisions:
            if decision.acts:
                self._acting = f"{decision.action} {decision.target}".strip()
                self._action = asyncio.create_task(self._act(decision, seen))

    async def _act(self, decision: Decision, seen: Observation) -> None:
        executor = Executor(self._platform, self._settings, self._clock, self._policy, self._ledger)
        what = f"{decision.check}: {self._acting} ({decision.cause})"
        try:
            if self._settings.recovery.shadow:
                record = await executor.think_of(decision, seen)
                await self._ledger.write(record)
            else:
                self._told(f"{what} begins")
                record = await executor.carry_out(decision, seen)
            self._told(f"{what}: {record.outcome}, {record.detail}")
        except LeaseHeldError as error:
            self._told(f"{what}: not now, {error.message}")
            async with self._remembering:
                memory = await self._memory.load()
                await self._memory.save(memory.without(action_id(decision.check, seen.at)))

    def _collect(self) -> None:
        """Takes notice of an action that ended, also of an error that nobody expected in it."""
        if self._action is not None and self._action.done():
            ended, self._action, self._acting = self._action, None, ""
            ended.result()

    async def _show(self, decisions: tuple[Decision, ...], at: datetime) -> None:
        """The last decisions as a record, for whoever looks from outside."""
        essence = tuple(
            (d.check, d.cause, d.condition, d.action, d.target, d.acts, [v.passed for v in d.guards])
            for d in decisions
        )
        if self._shown is not None:
            before, when = self._shown
            if before == essence and (not decisions or at - when < _SHOWN_EVERY):
                return
        shadow = self._settings.recovery.shadow
        document = {"at": at, "shadow": shadow, "decisions": list(decisions)}
        await self._platform.records.write(KIND, "decisions", to_document(document))
        self._shown = essence, at
