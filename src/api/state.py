"""Everything one replica is made of; hangs on `app.state.service`, where the routes find it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import cast

from fastapi import Request
from redis.asyncio import Redis

from api.authentication import TokenBook
from api.cases.desk import Cases
from api.chat import Chat
from api.database.engine import Database
from api.drain import Drain
from api.logs import Log
from api.metrics import Metrics
from api.pages.desk import Desk
from api.probes import Probes
from api.relay import Relay
from api.settings import Settings
from api.spool import Spool
from api.vitals import Vitals


@dataclass(frozen=True)
class Service:
    """The parts of one replica."""

    settings: Settings
    version: str
    log: Log
    metrics: Metrics
    drain: Drain
    tokens: TokenBook
    cache: Redis
    database: Database
    spool: Spool
    relay: Relay
    probes: Probes
    chat: Chat
    desk: Desk
    cases: Cases
    vitals: Vitals
    closing: tuple[Callable[[], Awaitable[None]], ...]


async def service_of(request: Request) -> Service:
    """Returns the service this request came to; a FastAPI dependency (a plain one costs a thread)."""
    return cast("Service", request.app.state.service)
