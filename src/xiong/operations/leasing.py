"""Holds the platform's one lease while a verb changes something; a drill under way keeps verbs away too.

A drill itself leaves the lease free, since it measures how the healer acts, and that takes the lease.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import replace
from datetime import timedelta

from xiong.errors import LeaseHeldError
from xiong.model.lease import Lease
from xiong.operations.drill import standing
from xiong.platforms.base import Platform
from xiong.tools import host
from xiong.tools.clock import Clock, wait_for

BACKUP = "backup"
"""The purpose for which a backup holds the lease."""

_beside_drill: ContextVar[bool] = ContextVar("beside_drill", default=False)


@contextmanager
def beside_drill() -> Iterator[None]:
    """Whatever takes the lease in the body, also in a task begun there, may do so while a drill is under way.

    For the healer, which a drill tests, and for the drill's own steps.
    """
    token = _beside_drill.set(True)
    try:
        yield
    finally:
        _beside_drill.reset(token)


@asynccontextmanager
async def hold_lease(platform: Platform, purpose: str, seconds: float, clock: Clock) -> AsyncIterator[Lease]:
    """Takes the lease, renews it while the body runs, and gives it back however the body ends.

    Raises:
        LeaseHeldError: another holds it, or a drill is under way; or ours was taken over while we worked.
    """
    now, me = clock.now(), host.this_process()
    wanted = Lease(
        token=secrets.token_hex(16),
        holder=f"{host.actor()} pid {me.pid}",
        purpose=purpose,
        acquired_at=now,
        expires_at=now + timedelta(seconds=seconds),
        host=me.host,
        pid=me.pid,
        pid_started=me.started,
    )
    _refuse_other(wanted, await platform.take_lease(wanted))
    body = asyncio.current_task()
    lost: list[LeaseHeldError] = []

    async def renew() -> None:
        while True:
            await clock.sleep(seconds / 3)
            renewed = replace(wanted, expires_at=clock.now() + timedelta(seconds=seconds))
            try:
                _refuse_other(wanted, await platform.take_lease(renewed))
            except LeaseHeldError as error:
                lost.append(error)
                if body is not None:
                    body.cancel()
                return

    renewal = asyncio.create_task(renew())
    try:
        # With the lease in hand: a drill takes it for the moment in which it begins.
        await _refuse_drill(platform, clock)
        yield wanted
    except asyncio.CancelledError:
        if lost:
            raise lost[0] from None
        raise
    finally:
        renewal.cancel()
        await asyncio.gather(renewal, return_exceptions=True)
        await platform.drop_lease(wanted.token)


async def wait_for_backup(platform: Platform, clock: Clock, seconds: float) -> None:
    """Returns once no backup holds the lease: `watch` makes one by itself, and a person's verb waits.

    Raises:
        DeadlineError: it takes longer than that.
    """

    async def over() -> bool:
        lease = await platform.read_lease()
        return lease is None or lease.purpose != BACKUP

    await wait_for(
        over,
        what="the end of a backup that is being made",
        seconds=seconds,
        clock=clock,
        every=0.2,
        hint="xiong status",
    )


async def _refuse_drill(platform: Platform, clock: Clock) -> None:
    under_way = await standing.living(platform.records, clock.now())
    if under_way is not None and not _beside_drill.get():
        raise LeaseHeldError(
            f"{under_way.holder} rehearses `drill {under_way.drill}` "
            f"since {under_way.begun_at:%Y-%m-%d %H:%M:%S} UTC",
            hint="wait for its end: xiong drill history",
        )


def _refuse_other(wanted: Lease, standing: Lease) -> None:
    if standing.token != wanted.token:
        raise LeaseHeldError(
            f"{standing.holder} holds the lease for `{standing.purpose}` since "
            f"{standing.acquired_at:%Y-%m-%d %H:%M:%S} UTC, "
            f"until {standing.expires_at:%H:%M:%S} UTC unless renewed",
            hint="xiong status   (shows when it is free)",
        )
