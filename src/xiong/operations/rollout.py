"""One rollout for deploy, rollback, scale and up: journal, probe, gate, commit, or back to the old release.

The old release serves until the new one has passed: nothing of it is drained before the first new
replica was rehearsed and admitted.
"""

from __future__ import annotations

import secrets
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field

from xiong.config.settings import Settings
from xiong.datastores import postgres
from xiong.errors import PlatformError, RolloutError, XiongError
from xiong.model.instance import Instance, InstanceState, ReplicaEvent, ReplicaStep
from xiong.model.receipt import Outcome, ProbeCount, Receipt
from xiong.model.release import Release
from xiong.operations import gate, schema
from xiong.operations.front_door import front_door
from xiong.operations.journal import Journal, Rollout
from xiong.operations.probe import ProbeLog, running_probe
from xiong.platforms.base import Platform, Progress
from xiong.tools import host
from xiong.tools.clock import Clock, wait_for

_CONFIRMATIONS = 6


@dataclass(frozen=True)
class Plan:
    """What a verb wants from a rollout.

    Attributes:
        verb: for the records.
        release: what shall run.
        replicas: how many.
        previous: what to go back to when it fails; None at the first start.
        previous_replicas: how many of that.
        migrate: whether its expand revisions are applied first.
        judge: whether the first new replica must pass the gate.
        reason: why a guard was overridden, for the record.
    """

    verb: str
    release: Release
    replicas: int
    previous: Release | None
    previous_replicas: int
    migrate: bool
    judge: bool
    reason: str = ""


@dataclass
class _Run:
    """The state of one rollout while it runs."""

    plan: Plan
    rollout: Rollout
    phases: dict[str, float] = field(default_factory=dict)
    migrations: tuple[str, ...] = ()
    restore_point: str | None = None
    judged: bool = False

    def spent(self, phase: str, seconds: float) -> None:
        self.phases[phase] = round(self.phases.get(phase, 0.0) + seconds, 3)


class Roller:
    """Carries out plans on one platform; the caller holds the lease."""

    def __init__(self, platform: Platform, settings: Settings, clock: Clock, progress: Progress) -> None:
        self._platform = platform
        self._settings = settings
        self._clock = clock
        self._progress = progress
        self._journal = Journal(platform.records)

    async def carry_out(self, plan: Plan) -> Receipt:
        """Rolls the plan out and commits it.

        Raises:
            RolloutError: it was refused; the release before it serves, and the history says why.
        """
        begun = self._clock.now()
        rollout = Rollout(
            id=f"{begun:%Y%m%dT%H%M%S%f}-{secrets.token_hex(2)}",
            verb=plan.verb,
            target=plan.release.id,
            target_replicas=plan.replicas,
            previous=plan.previous.id if plan.previous else None,
            previous_replicas=plan.previous_replicas,
            begun_at=begun,
            by=host.actor(),
        )
        run = _Run(plan, await self._journal.begin(rollout))
        endpoint = await self._platform.endpoint()
        async with AsyncExitStack() as stack:
            log = ProbeLog()
            if plan.previous is not None:
                rate = self._settings.deploy.probe_per_second
                log = await stack.enter_async_context(running_probe(endpoint, rollout.id, rate, self._clock))
            try:
                await self._forward(run, log)
            except XiongError as error:
                await self._back(run, log, error)
            except OSError as error:  # a full disk, a file that is not ours
                await self._back(run, log, PlatformError.of(error))
        return await self._commit(run, log)

    async def finish_interrupted(self) -> Receipt | None:
        """Ends a rollout whose process died: forward if it was decided, else back to the old release."""
        rollout = await self._journal.rollout()
        if rollout is None:
            return None
        forward = rollout.decided or rollout.previous is None
        wanted = rollout.target if forward else rollout.previous
        replicas = rollout.target_replicas if forward else rollout.previous_replicas
        self._progress(f"an interrupted {rollout.verb} of {rollout.target} is ended with {wanted}")
        release = next((r for r in await self._platform.releases() if r.id == wanted), None)
        if release is not None and (rollout.decided or rollout.previous is not None):
            await self._converge(release, replicas)
            await self._journal.commit(release.id, replicas, self._clock.now())
        outcome = Outcome.INTERRUPTED_FINISHED if rollout.decided else Outcome.INTERRUPTED_UNDONE
        receipt = Receipt(
            id=rollout.id,
            verb=rollout.verb,
            release=rollout.target,
            previous=rollout.previous,
            outcome=outcome,
            reason=f"its process died after: {rollout.steps[-1] if rollout.steps else 'the beginning'}",
            by=rollout.by,
            begun_at=rollout.begun_at,
            ended_at=self._clock.now(),
        )
        await self._journal.end(receipt)
        return receipt

    async def _forward(self, run: _Run, log: ProbeLog) -> None:
        plan = run.plan
        if plan.migrate:
            await self._migrate(run)
        async with aclosing(self._platform.apply(plan.release, plan.replicas)) as events:
            async for event in events:
                await self._note(run, event)
                if event.step is ReplicaStep.READY and plan.judge and not run.judged:
                    await self._rehearse(run, event.instance)
        await self._confirm(run, log)
        run.rollout = await self._journal.decide(run.rollout)

    async def _migrate(self, run: _Run) -> None:
        begun = self._clock.monotonic()
        run.rollout = await self._journal.step(run.rollout, "migrate")
        if run.plan.previous is not None and self._settings.database.url is None:
            run.restore_point = f"{run.plan.verb}-{run.rollout.id}"
            await postgres.mark_restore_point(self._platform.run_store_tool, run.restore_point)
        run.migrations = await schema.expand(self._platform, run.plan.release)
        await schema.load_knowledge(self._platform, run.plan.release)
        if run.migrations:
            self._progress(f"applied expand revisions {', '.join(run.migrations)}")
        run.spent("migrate", self._clock.monotonic() - begun)

    async def _note(self, run: _Run, event: ReplicaEvent) -> None:
        run.rollout = await self._journal.step(run.rollout, f"{event.step} {event.instance.name}")
        run.spent(event.step.value, event.seconds)
        self._progress(
            f"{event.instance.name} {event.step} ({event.instance.release_id}, {event.seconds:.2f} s)"
        )

    async def _rehearse(self, run: _Run, new: Instance) -> None:
        """The gate: before anybody's request reaches the new replica, ours do."""
        begun = self._clock.monotonic()
        previous = run.plan.previous
        old = next(
            (
                i
                for i in await self._platform.instances("api")
                if previous is not None and i.release_id == previous.id and i.state is InstanceState.READY
            ),
            None,
        )
        await gate.rehearse(
            new, old, await self._platform.endpoint(), self._settings.deploy, run.rollout.id, self._clock
        )
        run.judged = True
        run.rollout = await self._journal.step(run.rollout, f"{ReplicaStep.OBSERVED} {new.name}")
        run.spent("gate", self._clock.monotonic() - begun)
        self._progress(f"{new.name} passed the gate")

    async def _confirm(self, run: _Run, log: ProbeLog) -> None:
        """Through the proxy, only the new release answers; and the probe lost nothing on the way."""
        begun = self._clock.monotonic()
        await self.await_release(run.plan.release.id)
        limit = self._settings.deploy.gate_error_share
        if log.sent and log.failed / log.sent > limit:
            kinds = ", ".join(sorted(set(log.failures)))
            raise RolloutError(f"{log.failed} of {log.sent} messages of the probe failed ({kinds})")
        run.spent("confirm", self._clock.monotonic() - begun)

    async def await_release(self, release_id: str) -> None:
        """Waits until the proxy answers with that release, several times running.

        Raises:
            DeadlineError: it still answers with another, or not at all.
        """
        endpoint = await self._platform.endpoint()
        streak = 0
        async with front_door(endpoint, 5) as http:

            async def confirmed() -> bool:
                nonlocal streak
                answer = await http.request("GET", "/api/v1/healthz")
                document = answer.json() if answer is not None else None
                same = isinstance(document, dict) and document.get("release") == release_id
                streak = streak + 1 if same else 0
                return streak >= _CONFIRMATIONS

            await wait_for(
                confirmed,
                what=f"{endpoint.url}/api/v1/healthz answering with {release_id}",
                seconds=20,
                clock=self._clock,
                hint="xiong status",
            )

    async def _back(self, run: _Run, log: ProbeLog, error: XiongError) -> None:
        """Undoes a refused rollout and says so."""
        plan = run.plan
        outcome = Outcome.FAILED
        if plan.previous is not None:
            self._progress(f"{error.message}; going back to {plan.previous.id}")
            run.rollout = await self._journal.step(run.rollout, "undo")
            begun = self._clock.monotonic()
            await self._converge(plan.previous, plan.previous_replicas)
            run.spent("undo", self._clock.monotonic() - begun)
            outcome = Outcome.ROLLED_BACK
        reason = f"{error.message}; begun against a guard: {plan.reason}" if plan.reason else error.message
        receipt = self._receipt(run, log, outcome, reason)
        await self._journal.end(receipt)
        serving = f"; {plan.previous.id} serves" if plan.previous else ""
        raise RolloutError(f"{error.message}{serving}", hint="xiong history   (shows the receipt)") from error

    async def _converge(self, release: Release, replicas: int) -> None:
        async with aclosing(self._platform.apply(release, replicas)) as events:
            async for event in events:
                self._progress(f"{event.instance.name} {event.step} ({event.instance.release_id})")

    async def _commit(self, run: _Run, log: ProbeLog) -> Receipt:
        receipt = self._receipt(run, log, Outcome.COMMITTED, run.plan.reason)
        committed = await self._journal.commit(run.plan.release.id, run.plan.replicas, receipt.ended_at)
        await self._journal.end(receipt)
        keep = {committed.release, *committed.earlier[: self._settings.deploy.keep_releases - 1]}
        for release in await self._platform.releases():
            if release.id not in keep and release.created_at < run.plan.release.created_at:
                await self._platform.discard(release.id)
        return receipt

    def _receipt(self, run: _Run, log: ProbeLog, outcome: Outcome, reason: str) -> Receipt:
        return Receipt(
            id=run.rollout.id,
            verb=run.plan.verb,
            release=run.plan.release.id,
            previous=run.plan.previous.id if run.plan.previous else None,
            outcome=outcome,
            reason=reason,
            by=run.rollout.by,
            begun_at=run.rollout.begun_at,
            ended_at=self._clock.now(),
            probe=log.count() if log.sent else ProbeCount(),
            phases=run.phases,
            migrations=run.migrations,
            restore_point=run.restore_point,
        )
