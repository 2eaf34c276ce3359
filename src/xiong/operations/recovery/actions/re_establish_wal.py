"""re-establish-wal: the receiver of the write-ahead log, where it is away, hangs, or was cut off."""

from __future__ import annotations

from xiong.errors import PlatformError
from xiong.operations.backup import receiver
from xiong.operations.recovery.actions import looks
from xiong.operations.recovery.actions.action import Action, Patient
from xiong.tools.clock import wait_for

NAME = "re-establish-wal"
_CONNECTED_SECONDS = 20.0


async def plan(patient: Patient) -> str:
    found = await looks.instance(patient)
    if await receiver.lost(patient.platform):
        return f"make the slot anew, start {found.name} again ({found.state}) and let a full backup be due"
    return f"start {found.name} again ({found.state})"


async def act(patient: Patient) -> str:
    async with looks.alone(patient, NAME):
        begun = patient.clock.monotonic()
        anew = await receiver.begin_again(patient.platform, patient.settings)
        await _connected(patient)
        seconds = patient.clock.monotonic() - begun
    more = "; its slot was lost and is new, and a full backup is due" if anew else ""
    return f"the write-ahead log is received again after {seconds:.1f} s{more}"


async def _connected(patient: Patient) -> None:
    async def connected() -> bool:
        try:
            return await receiver.connected(patient.platform)
        except PlatformError:
            return False

    await wait_for(
        connected,
        what="the receiver of the write-ahead log, connected",
        seconds=_CONNECTED_SECONDS,
        clock=patient.clock,
        every=0.2,
        hint="xiong health wal",
    )


ACTION = Action(
    NAME,
    "the receiver of the write-ahead log; with `backup.wal = synchronous` commits wait while it is away",
    looks.in_words(plan),
    act,
    targeted=True,
)
