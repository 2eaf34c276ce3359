"""Sets the receiver of the write-ahead log going again. For the healer, and for a restore."""

from __future__ import annotations

import asyncio
import signal

from xiong.config.settings import Settings
from xiong.datastores import postgres, postgres_facts
from xiong.errors import PlatformError
from xiong.model.instance import InstanceState
from xiong.operations.backup import history, lsn
from xiong.platforms.base import Platform
from xiong.tools.store_access import WAL_SLOT

RECEIVER = "wal"
_GRACE_SECONDS = 2.0
_DEAD = (InstanceState.FAILED, InstanceState.STOPPED)
_PARTIAL = ".partial"


async def lost(platform: Platform) -> bool:
    """Whether the server no longer has what the receiver would need next.

    Raises:
        PlatformError: the server does not answer.
    """
    found = await postgres_facts.receiving(await platform.stores.access("postgres", superuser=True))
    return found is None or found.status == "lost"


async def connected(platform: Platform) -> bool:
    """Whether the server sends it the log.

    Raises:
        PlatformError: the server does not answer.
    """
    found = await postgres_facts.receiving(await platform.stores.access("postgres", superuser=True))
    return found is not None and found.active


async def begin_again(platform: Platform, settings: Settings, *, anew: bool = False) -> bool:
    """Starts the receiver; where the log does not continue, with a new slot, and a full backup is due.

    Args:
        platform: whose log it is.
        settings: of this copy.
        anew: the log does not continue, whatever the server says: its data was restored.

    Returns:
        Whether it began anew.

    Raises:
        PlatformError: there is no receiver here, or it does not start.
    """
    if not settings.streams_log:
        return False
    found = next(iter(await platform.instances(RECEIVER)), None)
    if found is None:
        raise PlatformError("no receiver of the write-ahead log is here", hint="xiong up")
    anew = anew or await lost(platform)
    if anew:
        if found.state not in _DEAD:
            await platform.kill(found.name, signal.SIGSTOP)  # it would write on what is cleared
        await _clear(platform)
        await history.want_full(platform.records, f"the slot {WAL_SLOT} was made anew, so WAL is missing")
    await postgres.keep_log(platform.run_store_tool, wanted=True)
    if found.state in _DEAD:
        await platform.start(found.name)
    else:
        await platform.restart(found.name, grace_seconds=_GRACE_SECONDS)
    return anew


async def _clear(platform: Platform) -> None:
    """An unfinished segment that nothing will finish; whole ones are still to be stored."""
    spool = await platform.stores.wal_spool()

    def clear() -> None:
        for path in spool.glob(f"*{_PARTIAL}"):
            if lsn.is_segment(path.name.removesuffix(_PARTIAL)):
                path.unlink(missing_ok=True)

    await asyncio.to_thread(clear)
