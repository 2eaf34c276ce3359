"""One look at a copy: what `xiong watch` sees in a cycle. Its metrics, and whoever acts, read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from xiong.model.instance import Instance
from xiong.model.lease import Lease
from xiong.model.receipt import Receipt
from xiong.model.volume import Volume
from xiong.operations.front_door import front_door
from xiong.operations.journal import Committed, Journal
from xiong.platforms.base import Endpoint, Platform
from xiong.tools import certificates
from xiong.tools.clock import Clock

_CERTIFICATE_EVERY = timedelta(minutes=1)
_ANSWER_SECONDS = 3.0


@dataclass(frozen=True)
class Observation:
    """What was seen.

    Attributes:
        at: UTC.
        instances: everything that runs.
        committed: the release that is meant to run.
        receipts: all rollouts, oldest first.
        lease: who changes something right now.
        volumes: how full the disks are.
        proxy_up: whether the proxy gave any answer.
        certificate_expires: of the proxy; None without HTTPS or without an answer.
    """

    at: datetime
    instances: tuple[Instance, ...] = ()
    committed: Committed | None = None
    receipts: tuple[Receipt, ...] = ()
    lease: Lease | None = None
    volumes: tuple[Volume, ...] = ()
    proxy_up: bool = False
    certificate_expires: datetime | None = None


class Observer:
    """Looks, and remembers what need not be read again."""

    def __init__(self, platform: Platform, clock: Clock) -> None:
        self._platform = platform
        self._clock = clock
        self._journal = Journal(platform.records)
        self._receipts: dict[str, Receipt] = {}
        self._certificate: datetime | None = None
        self._certificate_due: datetime | None = None

    async def look(self) -> Observation:
        """Everything once.

        Raises:
            XiongError: a record cannot be read.
        """
        for receipt in await self._journal.unread(self._receipts):
            self._receipts[receipt.id] = receipt
        endpoint = await self._platform.endpoint()
        return Observation(
            at=self._clock.now(),
            instances=tuple(await self._platform.instances()),
            committed=await self._journal.committed(),
            receipts=tuple(self._receipts.values()),
            lease=await self._platform.read_lease(),
            volumes=tuple(await self._platform.volumes()),
            proxy_up=await _answers(endpoint),
            certificate_expires=await self._expiry(endpoint),
        )

    async def _expiry(self, endpoint: Endpoint) -> datetime | None:
        """Looked at once a minute: it changes once in months."""
        now = self._clock.now()
        if endpoint.server_name is None:
            return None
        if self._certificate_due is None or now >= self._certificate_due:
            self._certificate_due = now + _CERTIFICATE_EVERY
            where = urlsplit(endpoint.address)
            seen = await certificates.expiry(
                where.hostname or "",
                where.port or 443,
                endpoint.server_name,
                timeout_seconds=_ANSWER_SECONDS,
            )
            # A proxy that is down for a moment has its certificate still.
            self._certificate = seen or self._certificate
        return self._certificate


async def _answers(endpoint: Endpoint) -> bool:
    async with front_door(endpoint, _ANSWER_SECONDS, keep_alive=False) as http:
        return await http.request("GET", "/api/v1/healthz") is not None
