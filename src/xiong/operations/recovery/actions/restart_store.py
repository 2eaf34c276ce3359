"""restart-store: starts a data store whose process is dead; one that runs is never stopped."""

from __future__ import annotations

from xiong.datastores import postgres
from xiong.errors import PreflightError
from xiong.model.instance import InstanceState
from xiong.operations.recovery.actions import looks
from xiong.operations.recovery.actions.action import Action, Patient
from xiong.tools.clock import wait_for

NAME = "restart-store"
_DEAD = (InstanceState.FAILED, InstanceState.STOPPED)
_STORES = ("postgres", "valkey")


async def plan(patient: Patient) -> str:
    name = await _dead(patient)
    return f"start {name} again on the data that it has; nothing is deleted or loaded"


async def act(patient: Patient) -> str:
    async with looks.alone(patient, NAME):
        name = await _dead(patient)
        begun = patient.clock.monotonic()
        await patient.platform.start(name)
        if name == "postgres":
            await _until_recovered(patient)
    return f"{name} was started again and answers after {patient.clock.monotonic() - begun:.1f} s"


async def _dead(patient: Patient) -> str:
    """The store's name.

    Raises:
        PreflightError: it is no store, or it runs.
    """
    store = await looks.instance(patient)
    if store.service not in _STORES:
        raise PreflightError(f"{store.name} is no data store: expected {' or '.join(_STORES)}")
    if store.state not in _DEAD:
        raise PreflightError(
            f"{store.name} runs ({store.state}): a data store that runs is never restarted by the healer",
            hint="xiong health database cache",
        )
    return store.name


async def _until_recovered(patient: Patient) -> None:
    """It listens before it has read its log again, which takes as long as there is log."""
    await wait_for(
        lambda: postgres.answers(patient.platform.run_store_tool),
        what="postgres answering after its recovery",
        seconds=patient.settings.recovery.action_seconds,
        clock=patient.clock,
        every=0.2,
        hint="xiong status",
    )


ACTION = Action(
    NAME,
    "one data store that does not run anyway; its data stays as its last process left it",
    looks.in_words(plan),
    act,
    targeted=True,
)
