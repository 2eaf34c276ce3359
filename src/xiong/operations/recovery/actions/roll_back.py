"""roll-back: away from a release that came only just now, which makes it the likeliest cause."""

from __future__ import annotations

from datetime import timedelta

from xiong.errors import RollbackRefusedError
from xiong.model.receipt import Outcome, Receipt
from xiong.operations import preflight, schema
from xiong.operations.journal import Journal
from xiong.operations.recovery.actions import looks
from xiong.operations.recovery.actions.action import Action, Patient
from xiong.operations.rollback import choose_target, rollback
from xiong.platforms.base import RecordStore

NAME = "roll-back"
_CAME = (Outcome.COMMITTED, Outcome.INTERRUPTED_FINISHED)


async def last_change(records: RecordStore) -> Receipt | None:
    """The rollout that brought the release that is meant to run; a `scale` since then brought none.

    Not the time of the commit: `scale` and `up` commit the same release anew.
    """
    for receipt in await Journal(records).history():
        if receipt.outcome in _CAME and receipt.previous != receipt.release:
            return receipt
    return None


async def plan(patient: Patient) -> str:
    committed, current = await preflight.running_release(patient.platform)
    receipt = await _young(patient)
    present = await schema.schema_state(patient.platform, current)
    target = choose_target(await patient.platform.releases(), committed, present, None)
    return (
        f"roll {committed.replicas} replicas back from {current.id}, "
        f"which came at {receipt.ended_at:%H:%M:%S} UTC, to {target.id}"
    )


async def act(patient: Patient) -> str:
    await _young(patient)
    begun = patient.clock.monotonic()
    receipt = await rollback(patient.platform, patient.settings, patient.clock, lambda _: None)
    seconds = patient.clock.monotonic() - begun
    return (
        f"rolled back from {receipt.previous} to {receipt.release} in {seconds:.1f} s (receipt {receipt.id})"
    )


async def _young(patient: Patient) -> Receipt:
    """The deploy that is undone.

    Raises:
        RollbackRefusedError: the release is not young, or came by a rollback: then it is for people.
    """
    receipt = await last_change(patient.platform.records)
    if receipt is None:
        raise RollbackRefusedError("no rollback: nothing was ever deployed here", hint="xiong history")
    if receipt.verb != "deploy":
        raise RollbackRefusedError(
            f"no rollback: {receipt.release} came by `{receipt.verb}`; going further back is for people",
            hint="xiong rollback RELEASE",
        )
    age = patient.clock.now() - receipt.ended_at
    limit = patient.settings.recovery.young_release_minutes
    if age > timedelta(minutes=limit):
        raise RollbackRefusedError(
            f"no rollback: {receipt.release} came {age.total_seconds() / 60:.0f} min ago, "
            f"and only one of less than {limit:g} min is taken back without people",
            hint="xiong rollback",
        )
    return receipt


ACTION = Action(
    NAME,
    "all replicas, one after the other, as in any rollout; the release before this one serves afterwards",
    looks.in_words(plan),
    act,
)
