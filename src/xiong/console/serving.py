"""Listens and serves the console until it is stopped. Called by `xiong console`."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import uvicorn
from starlette.types import ASGIApp

from xiong.config.settings import Settings
from xiong.console.application import application
from xiong.console.desk import desk_for
from xiong.console.tokens import Tokens
from xiong.errors import PlatformError
from xiong.model.documents import from_document, to_document
from xiong.platforms.base import Platform, RecordStore
from xiong.tools.clock import Clock

_KIND, _NAME = "console", "address"
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound


@dataclass(frozen=True)
class Address:
    """Where the console listens, or did last.

    Attributes:
        url: what to open in a browser on this machine.
        port: kept for the next start.
        since: UTC.
    """

    url: str
    port: int
    since: datetime


async def address(records: RecordStore) -> Address | None:
    """Where the console listens; None where it never ran."""
    document = await records.read(_KIND, _NAME)
    return from_document(Address, document) if document else None


async def welcome(records: RecordStore) -> tuple[str, ...]:
    """Where to log in, and how to get a token where nobody has one yet; `xiong up` prints these lines."""
    here = await address(records)
    if here is None:
        return ()
    anybody = await Tokens(records).all()
    return (here.url,) if anybody else (here.url, "xiong console token NAME --role operate")


async def serve(
    platform: Platform,
    settings: Settings,
    clock: Clock,
    told: Callable[[str], None],
    *,
    alertmanager: str = "",
) -> None:
    """Serves until SIGTERM or Ctrl-C.

    Args:
        platform: what the console shows.
        settings: of this copy.
        clock: whose time counts.
        told: gets one line when it serves.
        alertmanager: address of its API; empty where there is none.

    Raises:
        PlatformError: the address is taken.
    """
    kept = await address(platform.records)
    listener = _listener(settings.console.bind, settings.console.port, kept.port if kept else 0)
    try:
        port = int(listener.getsockname()[1])
        host = "127.0.0.1" if settings.console.bind in _EVERYWHERE else settings.console.bind
        own = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        here = Address(settings.console.address or own, port, clock.now())
        await platform.records.write(_KIND, _NAME, to_document(here))
        desk = desk_for(platform, settings, clock, alertmanager=alertmanager)
        told(f"console  {here.url}")
        await uvicorn.Server(_configuration(application(desk))).serve(sockets=[listener])
    finally:
        listener.close()


def _configuration(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=10,
    )


def _listener(bind: str, port: int, kept: int) -> socket.socket:
    """A socket on the port that is set; else on the kept one, or on any."""
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    failure: OSError | None = None
    for wanted in (port,) if port else (kept, 0):
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((bind, wanted))
        except OSError as error:
            listener.close()
            failure = error
            continue
        return listener
    reason = failure.strerror if failure else ""
    raise PlatformError(
        f"the console cannot listen on {bind} port {port}: {reason}",
        hint="set console.port to another, or to 0",
    )
