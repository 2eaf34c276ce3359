"""`xiong up`: everything running, safe to repeat."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from xiong.config.settings import Settings
from xiong.datastores import postgres, postgres_logins
from xiong.errors import PreflightError
from xiong.model.release import Release
from xiong.operations.conversation import Conversation, converse
from xiong.operations.journal import Journal
from xiong.operations.leasing import hold_lease
from xiong.operations.restore.swap import finish_interrupted
from xiong.operations.rollout import Plan, Roller
from xiong.operations.secrets.names import APP_NEXT
from xiong.platforms.base import Platform, Progress
from xiong.tools.clock import Clock, wait_for


@dataclass(frozen=True)
class UpResult:
    """What runs now.

    Attributes:
        url: where people reach the service.
        release: what serves.
        replicas: how many of it.
        token_file: holds a bearer token that works.
        conversation: the scripted conversation that ended `up`.
        phases: {phase: seconds}.
    """

    url: str
    release: str
    replicas: int
    token_file: str
    conversation: Conversation
    phases: dict[str, float]


async def up(
    platform: Platform, settings: Settings, clock: Clock, progress: Progress, *, replicas: int | None = None
) -> UpResult:
    """Starts what is missing, finishes what was interrupted, and talks to the service at the end.

    Raises:
        PreflightError: the platform cannot run anything here.
        UnhealthyError: it runs, and does not converse.
    """
    phases: dict[str, float] = {}
    begun = clock.monotonic()

    def spent(phase: str) -> None:
        nonlocal begun
        phases[phase] = round(clock.monotonic() - begun, 2)
        begun = clock.monotonic()

    async with hold_lease(platform, "up", settings.deploy.lease_seconds, clock):
        faults = await platform.preflight()
        if faults:
            raise PreflightError("cannot start: " + "; ".join(faults))
        await finish_interrupted(
            platform, settings, clock, progress
        )  # else a new, empty database takes its place
        await platform.start_services(progress)
        if settings.database.url is None:  # a server of the user's is prepared by the user
            await provision(platform, clock)
            await postgres.keep_log(platform.run_store_tool, wanted=settings.streams_log)
            await platform.stores.receive_log(progress)
        spent("services")
        roller = Roller(platform, settings, clock, progress)
        await roller.finish_interrupted()
        committed = await Journal(platform.records).committed()
        release = await _release(platform, settings, progress, committed.release if committed else None)
        spent("release")
        count = replicas or (committed.replicas if committed else settings.service.replicas)
        plan = Plan("up", release, count, None, 0, migrate=True, judge=False)
        await roller.carry_out(plan)
        if settings.database.url is None:
            await postgres.open_to_monitor(platform.run_store_tool)
        spent("replicas")
        await platform.start_monitoring(progress)
        spent("monitoring")
    endpoint = await platform.endpoint()
    conversation = await converse(endpoint, clock)
    spent("conversation")
    return UpResult(endpoint.url, release.id, count, str(endpoint.token_file), conversation, phases)


async def provision(platform: Platform, clock: Clock) -> None:
    """Roles, database and extension; safe to repeat.

    Raises:
        DeadlineError: the server listens and takes no query, as after a crash it cannot recover from.
    """

    run = platform.run_store_tool
    await wait_for(
        lambda: postgres.answers(run), what="PostgreSQL taking queries", seconds=60, clock=clock, every=0.2
    )
    passwords = {role: await platform.secret(f"database-{role}") for role in postgres.ROLES}
    await postgres.provision(run, passwords)
    bridge = await platform.kept_secret(APP_NEXT)
    if bridge is not None:  # a rotation was killed, and replicas of it may run
        await postgres_logins.open_bridge(run, bridge)


async def _release(
    platform: Platform, settings: Settings, progress: Progress, committed: str | None
) -> Release:
    """What was committed last, or at the first start the release of the source tree."""
    found = next((r for r in await platform.releases() if r.id == committed), None)
    if found is not None:
        return found
    return await platform.stage(settings.service.source or Path(), progress)
