"""Who leads: one process of a kind at a time, by a Lease that runs out when its holder falls silent."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from xiong.errors import LeaseHeldError, PlatformError
from xiong.platforms.kubernetes.cluster import Cluster, ConflictError, Object
from xiong.platforms.kubernetes.lease import moment
from xiong.tools import host
from xiong.tools.clock import Clock

DURATION_S, RENEW_S, ASK_S = 15, 5.0, 2.0
"""As client-go's leader election has them by default, its deadline of 10 s in place of a renewal each 2 s."""


@asynccontextmanager
async def lead(cluster: Cluster, part: str, clock: Clock) -> AsyncIterator[None]:
    """Waits until no other process leads, and leads while the body runs.

    Raises:
        LeaseHeldError: the lease could not be renewed in time, so that another may lead by now.
    """
    claim = _Claim(cluster, f"xiongichat-{part}", clock)
    while not await claim.taken():
        await clock.sleep(ASK_S)
    body = asyncio.current_task()
    lost: list[LeaseHeldError] = []

    async def renew() -> None:
        renewed = clock.monotonic()
        while clock.monotonic() - renewed < DURATION_S - RENEW_S:
            await clock.sleep(RENEW_S)
            asked = clock.monotonic()
            # What hangs must not outlast the lease.
            with contextlib.suppress(PlatformError, TimeoutError):
                async with asyncio.timeout(RENEW_S):
                    renewed = asked if await claim.taken() else renewed
        lost.append(LeaseHeldError(f"{part} does not lead any more: its lease was not renewed in time"))
        if body is not None:
            body.cancel()

    renewal = asyncio.create_task(renew())
    try:
        yield
    except asyncio.CancelledError:
        if lost and body is not None:
            body.uncancel()
            raise lost[0] from None
        raise
    finally:
        renewal.cancel()
        await asyncio.gather(renewal, return_exceptions=True)
        if not lost:
            await claim.give_back()


class _Claim:
    """One process's wish to lead.

    Clocks of nodes differ, so another's lease counts as run out once it was seen unchanged for its whole
    duration by our own clock.
    """

    def __init__(self, cluster: Cluster, name: str, clock: Clock) -> None:
        self._cluster = cluster
        self._name = name
        self._clock = clock
        self._me = f"{host.actor()} {secrets.token_hex(8)}"
        self._seen: tuple[str, float] = ("", 0.0)

    async def taken(self) -> bool:
        """Takes or renews it; False while another has it."""
        there = await self._cluster.get("Lease", self._name)
        try:
            if there is None:
                await self._cluster.create(self._object(self._me))
                return True
            if not self._free(there):
                return False
            version = there["metadata"]["resourceVersion"]
            await self._cluster.replace(self._object(self._me, version))
        except ConflictError:
            return False
        return True

    async def give_back(self) -> None:
        """So that the next need not wait; an error changes nothing, since it runs out."""
        with contextlib.suppress(PlatformError, TimeoutError):
            async with asyncio.timeout(RENEW_S):
                there = await self._cluster.get("Lease", self._name)
                if there is not None and there["spec"].get("holderIdentity") == self._me:
                    await self._cluster.replace(self._object("", there["metadata"]["resourceVersion"]))

    def _free(self, there: Object) -> bool:
        holder, version = there["spec"].get("holderIdentity"), there["metadata"]["resourceVersion"]
        if not holder or holder == self._me:
            return True
        now = self._clock.monotonic()
        if version != self._seen[0]:
            self._seen = (version, now)
            return False
        lasts = float(there["spec"].get("leaseDurationSeconds") or DURATION_S)
        return now - self._seen[1] > lasts

    def _object(self, holder: str, version: str = "") -> Object:
        metadata = {"name": self._name, **({"resourceVersion": version} if version else {})}
        now = self._clock.now()
        spec = {
            "holderIdentity": holder or None,
            "leaseDurationSeconds": DURATION_S,
            "acquireTime": moment(now),
            "renewTime": moment(now),
        }
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": metadata,
            "spec": spec,
        }
