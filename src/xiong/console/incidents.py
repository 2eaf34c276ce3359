"""What the public status page says: how the service is, and the incidents of the last two weeks, in words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from xiong.model.documents import from_document, to_document
from xiong.operations.status import Status
from xiong.platforms.base import RecordStore

_KIND = "incidents"
_SHOWN = timedelta(days=14)
_LOOKS = 2  # one look that fails is no incident


class Service(StrEnum):
    """How the service is, as the public is told."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True)
class Incident:
    """A time when it was not up.

    Attributes:
        state: the worst that it was.
        began_at, ended_at: UTC; None while it lasts.
    """

    state: Service
    began_at: datetime
    ended_at: datetime | None


def service_of(status: Status | None) -> Service:
    """What the public is told of a status."""
    if status is None or status.answering is None:
        return Service.DOWN
    return Service.DEGRADED if status.degraded else Service.UP


class Incidents:
    """Watches the state and records when it is not up."""

    def __init__(self, records: RecordStore) -> None:
        self._records = records
        self._seen = Service.UP
        self._looks = 0

    async def look(self, state: Service, now: datetime) -> None:
        """Takes in one look at the service."""
        self._looks = self._looks + 1 if state is self._seen else 1
        self._seen = state
        if self._looks < _LOOKS:
            return
        lasting = next((i for i in await self.all() if i.ended_at is None), None)
        if lasting is None and state is not Service.UP:
            await self._write(Incident(state, now, None))
        elif lasting is not None and state is Service.UP:
            await self._write(replace(lasting, ended_at=now))
        elif lasting is not None and state is Service.DOWN and lasting.state is Service.DEGRADED:
            await self._write(replace(lasting, state=state))

    async def newest(self, now: datetime) -> list[Incident]:
        """Those that last or ended within two weeks, newest first."""
        return [i for i in await self.all() if i.ended_at is None or i.ended_at > now - _SHOWN]

    async def all(self) -> list[Incident]:
        """Every incident, newest first."""
        documents = [await self._records.read(_KIND, name) for name in await self._records.names(_KIND)]
        return [from_document(Incident, document) for document in reversed(documents) if document]

    async def _write(self, incident: Incident) -> None:
        await self._records.write(_KIND, f"{incident.began_at:%Y%m%dT%H%M%S%f}", to_document(incident))
