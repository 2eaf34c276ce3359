"""`xiong secrets rotate`: new passwords, tokens and keys, with the old ones valid until nobody uses them.

A rotation only goes forward: after each step everything on disk names what the stores take, so one that
was killed is finished by the next call. A probe runs all through it, as through a deploy.
"""

from __future__ import annotations

import secrets as random_source
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from xiong.config.settings import Settings
from xiong.errors import PlatformError, PreflightError, RolloutError, XiongError
from xiong.model.receipt import Outcome, Receipt
from xiong.model.release import Release
from xiong.model.task import Task
from xiong.operations import preflight
from xiong.operations.conversation import converse
from xiong.operations.journal import Journal
from xiong.operations.leasing import hold_lease
from xiong.operations.probe import ProbeLog, running_probe
from xiong.operations.rollout import Roller
from xiong.operations.secrets import names, standing
from xiong.operations.secrets.changing import Changing
from xiong.operations.secrets.names import Step
from xiong.operations.secrets.standing import Rotation
from xiong.platforms.base import Platform, Progress
from xiong.tools import host
from xiong.tools.clock import Clock

VERB = "secrets rotate"
_AGAIN = "xiong secrets rotate   (goes on where this one stopped)"


@dataclass(frozen=True)
class Rotated:
    """What `secrets rotate` did.

    Attributes:
        finished: secrets of a rotation that was killed before, and is ended now.
        rotated: secrets that were changed anew.
        left: {secret that is not ours here: what to do by hand}.
        receipts: one for each of the two.
    """

    finished: tuple[str, ...]
    rotated: tuple[str, ...]
    left: dict[str, str]
    receipts: tuple[Receipt, ...]


@dataclass(frozen=True)
class RotationPlan:
    """What `secrets rotate` would do.

    Attributes:
        finishes: the steps that a killed rotation lacks.
        steps: those of this one.
    """

    finishes: tuple[Step, ...]
    steps: tuple[Step, ...]


async def plan(platform: Platform, settings: Settings, *, wanted: Sequence[str]) -> RotationPlan:
    """Looks and changes nothing.

    Raises:
        UsageError: no such secret.
        PreflightError: one of them is not ours.
    """
    choice = names.choose(wanted, settings)
    found = await standing.read(platform.records)
    anew = [name for name in choice.names if found is None or name not in found.names]
    return RotationPlan(_missing(found) if found else (), names.steps(anew))


async def rotate(
    platform: Platform, settings: Settings, clock: Clock, progress: Progress, *, wanted: Sequence[str]
) -> Rotated:
    """Finishes a rotation that was killed, then changes what was named and was not in that one.

    Args:
        platform: where the service runs.
        settings: of this copy.
        clock: whose time counts.
        progress: told whenever a long step moves on.
        wanted: names of secrets; none is all that are ours.

    Raises:
        UsageError: no such secret.
        PreflightError: nothing was changed.
        LeaseHeldError: another verb is at work.
        RolloutError: messages were lost or a replica did not get ready; the old secrets are still valid.
    """
    choice = names.choose(wanted, settings)
    async with hold_lease(platform, VERB, settings.deploy.lease_seconds, clock):
        roller = Roller(platform, settings, clock, progress)
        await roller.finish_interrupted()
        course = _Course(platform, settings, clock, progress, roller)
        receipts = []
        killed = await standing.read(platform.records)
        if killed is not None:
            progress(f"a rotation of {', '.join(killed.names)} was stopped: it goes on")
            receipts.append(await course.carry_out(killed, Outcome.INTERRUPTED_FINISHED))
        anew = tuple(name for name in choice.names if killed is None or name not in killed.names)
        if anew:
            receipts.append(await course.carry_out(await _begin(platform, clock, anew), Outcome.COMMITTED))
    return Rotated(killed.names if killed else (), anew, choice.left, tuple(receipts))


async def _begin(platform: Platform, clock: Clock, chosen: tuple[str, ...]) -> Rotation:
    _, release = await preflight.running_release(platform)
    if names.KEY in chosen:
        await _refuse_one_key(platform, release)
    return await standing.write(platform.records, Rotation(chosen, clock.now(), host.actor()))


async def _refuse_one_key(platform: Platform, release: Release) -> None:
    """A release of before could not read links that the other key signed, nor find whom it had erased."""
    asked = await platform.run_task(release, Task("keys", "api.keys", timeout_seconds=60))
    if asked.exit_code != 0:
        raise PreflightError(
            f"release {release.id} takes one key only: links in pages would stop working",
            hint="deploy a newer release first, or name the other secrets: xiong secrets rotate --help",
        )


class _Course:
    """Takes a rotation from its next step to its end."""

    def __init__(
        self, platform: Platform, settings: Settings, clock: Clock, progress: Progress, roller: Roller
    ) -> None:
        self._platform = platform
        self._settings = settings
        self._clock = clock
        self._progress = progress
        self._roller = roller
        self._changing = Changing(platform, clock, progress)
        self._phases: dict[str, float] = {}
        self._id = ""

    async def carry_out(self, rotation: Rotation, outcome: Outcome) -> Receipt:
        """Does what is missing.

        Raises:
            XiongError: a step failed; the history says which, and the next call does it again.
        """
        committed, release = await preflight.running_release(self._platform)
        self._phases = {}
        # Of this call and no other: the probe's messages are told from those of a call that was killed.
        self._id = f"{self._clock.now():%Y%m%dT%H%M%S%f}-{random_source.token_hex(2)}"
        log = ProbeLog()
        missing = _missing(rotation)
        try:
            endpoint = await self._platform.endpoint()
            rate = self._settings.deploy.probe_per_second
            async with running_probe(endpoint, self._id, rate, self._clock) as log:
                for step in missing:
                    if step is not Step.RETIRE:
                        rotation = await self._take(step, rotation, release, committed.replicas, log)
                await self._roller.await_release(release.id)
            # The probe itself used the old token.
            if Step.RETIRE in missing:
                rotation = await self._take(Step.RETIRE, rotation, release, committed.replicas, log)
            await converse(endpoint, self._clock)
        except XiongError as error:
            await self._note(rotation, release, log, Outcome.FAILED, error.message)
            raise RolloutError(f"not all secrets are changed: {error.message}", hint=_AGAIN) from error
        except OSError as error:
            reason = PlatformError.of(error)
            await self._note(rotation, release, log, Outcome.FAILED, reason.message)
            raise RolloutError(f"not all secrets are changed: {reason.message}", hint=_AGAIN) from error
        receipt = await self._note(rotation, release, log, outcome, ", ".join(rotation.names))
        await standing.end(self._platform.records)
        return receipt

    async def _take(
        self, step: Step, rotation: Rotation, release: Release, replicas: int, log: ProbeLog
    ) -> Rotation:
        """One step, and that it is done."""
        begun = self._clock.monotonic()
        if step is Step.APP:
            rotation = replace(rotation, turned_at=rotation.turned_at or self._clock.now())
        if step in {Step.FIRST_ROLL, Step.SECOND_ROLL}:
            await self._roll(release, replicas, log)
        else:
            await self._changing.carry_out(step, rotation)
        self._progress(names.WORDS[step])
        self._phases[step.value] = round(self._clock.monotonic() - begun, 3)
        rotation = replace(rotation, done=(*rotation.done, step.value))
        return await standing.write(self._platform.records, rotation)

    async def _roll(self, release: Release, replicas: int, log: ProbeLog) -> None:
        async with aclosing(self._platform.apply(release, replicas)) as events:
            async for event in events:
                self._progress(f"{event.instance.name} {event.step} ({event.seconds:.2f} s)")
        if log.sent and log.failed / log.sent > self._settings.deploy.gate_error_share:
            kinds = ", ".join(sorted(set(log.failures)))
            raise RolloutError(f"{log.failed} of {log.sent} messages of the probe failed ({kinds})")

    async def _note(
        self, rotation: Rotation, release: Release, log: ProbeLog, outcome: Outcome, reason: str
    ) -> Receipt:
        """The receipt in the history; the names of the secrets, never more."""
        receipt = Receipt(
            id=self._id,
            verb=VERB,
            release=release.id,
            previous=release.id,
            outcome=outcome,
            reason=reason,
            by=rotation.by,
            begun_at=rotation.begun_at,
            ended_at=self._clock.now(),
            probe=log.count(),
            phases=dict(self._phases),
        )
        await Journal(self._platform.records).end(receipt)
        return receipt


def _missing(rotation: Rotation) -> tuple[Step, ...]:
    return tuple(step for step in names.steps(rotation.names) if step.value not in rotation.done)
