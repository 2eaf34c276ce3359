"""free-disk: deletes old releases and rotated logs where room is short; never data, spool, WAL, backups."""

from __future__ import annotations

from contextlib import AsyncExitStack

from xiong.errors import LeaseHeldError, PlatformError, PreflightError, XiongError
from xiong.model.volume import Surplus
from xiong.operations.journal import Journal
from xiong.operations.recovery.actions import looks
from xiong.operations.recovery.actions.action import Action, Patient

NAME = "free-disk"
_NAMED = 5


async def plan(patient: Patient) -> str:
    short = await _short(patient)
    found = await patient.platform.reclaim(await _needed(patient), short, dry_run=True)
    return f"delete {_counted(found)} on {', '.join(sorted(short))}"


async def act(patient: Patient) -> str:
    short = await _short(patient)
    # Logs first, and without the lease: on a full disk the lease's own file may need the room.
    everything = {release.id for release in await patient.platform.releases()}
    freed = await patient.platform.reclaim(everything, short, dry_run=False)
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(looks.alone(patient, NAME))
        except LeaseHeldError:
            if not freed:
                raise
            return f"deleted {_counted(freed)}; old releases stay, since another verb is at work"
        except (XiongError, OSError):
            pass  # still no room for the lease's file: then nobody else gets it either
        freed += await patient.platform.reclaim(await _needed(patient), short, dry_run=False)
    if not freed:
        where = ", ".join(sorted(short))
        raise PlatformError(
            f"nothing on {where} may be deleted: no release is to spare, no log is rotated",
            hint="df -h; xiong releases",
        )
    return f"deleted {_counted(freed)}"


async def _short(patient: Patient) -> set[str]:
    """The volumes that need room or inodes.

    Raises:
        PreflightError: none does.
    """
    limits, volumes = patient.settings.health, await patient.platform.volumes()
    short = {v.name for v in volumes if v.size_bytes and v.free_bytes / v.size_bytes < limits.disk_free_share}
    short |= {v.name for v in volumes if v.inodes and v.free_inodes / v.inodes < limits.inodes_free_share}
    if not short:
        raise PreflightError("no disk is short of room: nothing is deleted", hint="xiong health disk")
    return short


async def _needed(patient: Patient) -> set[str]:
    """Releases that run, that a rollback may want, that a rollout is about, and the newest to come."""
    journal, keep = Journal(patient.platform.records), patient.settings.deploy.keep_releases
    committed, rollout = await journal.committed(), await journal.rollout()
    staged = await patient.platform.releases()
    if committed is None:
        return {release.id for release in staged}
    needed = {committed.release, *committed.earlier[: keep - 1]}
    needed |= {one.release_id for one in await patient.platform.instances() if one.release_id}
    if rollout is not None:
        needed |= {rollout.target, rollout.previous or ""}
    current = next((release for release in staged if release.id == committed.release), None)
    newer = [r.id for r in staged if current is None or r.created_at > current.created_at]
    return needed | set(newer[-keep:])


def _counted(found: list[Surplus]) -> str:
    size = sum(one.bytes for one in found)
    names = ", ".join(one.name for one in found[:_NAMED])
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return f"{size:,} bytes ({names or 'nothing'}{more})"


ACTION = Action(
    NAME,
    "releases that neither run nor are kept for a rollback, and rotated logs; they cannot be brought back",
    looks.in_words(plan),
    act,
)
