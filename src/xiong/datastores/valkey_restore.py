"""How a snapshot becomes the data of a cache that keeps an append-only file (R7, R8).

A server that begins with `appendonly yes` ignores a snapshot silently; so it is loaded without, then the file
is switched on and written, and only that folder takes the place of the live one.
"""

from __future__ import annotations

from redis.asyncio import Redis
from redis.exceptions import RedisError

from xiong.tools.store_access import StoreAccess

SNAPSHOT = "dump.rdb"
OPTIONS = {"appendonly": "no", "dbfilename": SNAPSHOT, "save": '""'}
"""With which the second server is started."""


class Loading:
    """One server on a folder with a snapshot."""

    def __init__(self, access: StoreAccess) -> None:
        self._client = Redis(
            host=access.host, port=access.port, password=access.password.reveal(), socket_timeout=10
        )
        self._asked = False

    async def keys(self) -> int | None:
        """How many it holds; None while it loads."""
        try:
            return int(await self._client.dbsize())
        except (RedisError, OSError):
            return None

    async def kept(self) -> bool:
        """Whether all of it stands in the append-only file; the first call switches that on."""
        if not self._asked:
            await self._client.config_set("appendonly", "yes")
            self._asked = True
        found = await self._client.info("persistence")
        waits = found["aof_rewrite_in_progress"] or found["aof_rewrite_scheduled"]
        return bool(found["aof_enabled"]) and not waits and found["aof_last_bgrewrite_status"] == "ok"

    async def close(self) -> None:
        """Ends the connection."""
        await self._client.aclose()
