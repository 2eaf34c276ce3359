"""Wakes the pager when PostgreSQL says that a page may be due. A connection of its own, made again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import asyncpg
from sqlalchemy.engine import make_url

from api.database.engine import CONNECT_TIMEOUT_S
from api.pages.book import CHANNEL
from api.settings import Secret

AGAIN_S = 0.5
# a connection that died without a word is found out by asking
ASK_EVERY_S = 10.0
_DEADLINE_S = 2.0


class Listener:
    """Listens until it is cancelled."""

    def __init__(self, database_url: Secret, wake: Callable[[], None]) -> None:
        self._url = make_url(database_url.reveal()).set(drivername="postgresql")
        self._wake = wake

    async def run(self) -> None:
        """Listens, and again whenever the connection is lost: the slow poll covers the time between."""
        while True:
            # whatever it is, there is only one thing to do
            with contextlib.suppress(Exception):
                await self._listen()
            await asyncio.sleep(AGAIN_S)

    async def _listen(self) -> None:
        connection = await asyncpg.connect(
            self._url.render_as_string(hide_password=False),
            timeout=CONNECT_TIMEOUT_S,
            server_settings={"application_name": "xiongichat-pager-listen"},
        )
        try:
            await connection.add_listener(CHANNEL, self._told)
            # what was said while nobody listened
            self._wake()
            while True:
                await asyncio.sleep(ASK_EVERY_S)
                await connection.execute("SELECT 1", timeout=_DEADLINE_S)
        finally:
            connection.terminate()

    def _told(self, *_: Any) -> None:
        self._wake()
