"""`xiong rollback`: an earlier release that can live on the present schema, or a refusal in words."""

from __future__ import annotations

from xiong.config.settings import Settings
from xiong.errors import RollbackRefusedError
from xiong.model.receipt import Receipt
from xiong.model.release import Release, SchemaState
from xiong.operations import preflight, schema
from xiong.operations.journal import Committed
from xiong.operations.leasing import hold_lease
from xiong.operations.rollout import Plan, Roller
from xiong.platforms.base import Platform, Progress
from xiong.tools.clock import Clock


async def rollback(
    platform: Platform, settings: Settings, clock: Clock, progress: Progress, *, wanted: str | None = None
) -> Receipt:
    """Rolls back to `wanted`, or to the newest earlier release that fits.

    The old release was judged when it was deployed, so it only has to get ready.

    Raises:
        RollbackRefusedError: no earlier release fits; the migration in the way is named.
        LeaseHeldError: another verb is at work.
    """
    async with hold_lease(platform, "rollback", settings.deploy.lease_seconds, clock):
        roller = Roller(platform, settings, clock, progress)
        await roller.finish_interrupted()
        committed, current = await preflight.running_release(platform)
        target = choose_target(
            await platform.releases(), committed, await schema.schema_state(platform, current), wanted
        )
        plan = Plan(
            verb="rollback",
            release=target,
            replicas=committed.replicas,
            previous=current,
            previous_replicas=committed.replicas,
            migrate=False,
            judge=False,
        )
        return await roller.carry_out(plan)


def choose_target(
    staged: list[Release], committed: Committed, present: SchemaState, wanted: str | None
) -> Release:
    """The newest earlier release (or the wanted one) whose schema support fits the present schema.

    Raises:
        RollbackRefusedError: there is none; the reason is named for each.
    """
    here = {r.id: r for r in staged}
    names = [wanted] if wanted else list(committed.earlier)
    matching = {n: [i for i in (*committed.earlier, *here) if i.startswith(n)] for n in names}
    refusals = []
    for name in names:
        release = here.get(next(iter(matching[name]), name))
        if release is None:
            refusals.append(f"{name} is no longer staged here")
        elif release.id == committed.release:
            refusals.append(f"{release.id} is what runs now")
        elif blocking := present.blocking(release.schema):
            refusals.append(
                f"{release.id} does not know the applied contract migration {', '.join(blocking)}"
            )
        else:
            return release
    why = "; ".join(refusals) or "no release was committed before this one"
    raise RollbackRefusedError(f"no rollback: {why}", hint="xiong releases")
