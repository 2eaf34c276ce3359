"""The steps of each request, from the database to what lies beside it. Run by `python -m api.person`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import orjson
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from api.cache import make_cache
from api.database.engine import async_url
from api.keys import further_keys
from api.person import cached, register, spooled
from api.person.erasure import Outcome, Request, erase
from api.person.export import Document, export
from api.person.reapply import reapply
from api.person.refusals import refuse_spool, refuse_unknown_keys
from api.person.register import Erasure, Marker
from api.person.rows import Subject
from api.settings import Secret, Settings

CONNECT_TIMEOUT_S = 15
STATEMENT_TIMEOUT_S = 120
TRIES = 5
# another transaction took the same rows in another order: one of the two has to begin again
_BEGIN_AGAIN = ("40P01", "40001")
Result = TypeVar("Result")


class CacheAwayError(Exception):
    """The database is done, the cache could not be asked; doing it all again is safe and needed."""


@dataclass(frozen=True)
class Requests:
    """What can be asked for, of one deployment."""

    settings: Settings
    engine: AsyncEngine

    async def export(self, subject: Subject) -> Document:
        """Returns everything that is held; raises RefusedError while something waits in the spool."""
        refuse_spool(await asyncio.to_thread(spooled.waiting, self._folder))
        async with self.engine.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            return await export(connection, subject, self._marker, self._folder, datetime.now(UTC))

    async def erase(self, request: Request, *, dry_run: bool) -> Document:
        """Erases, or says what would be erased.

        Raises:
            RefusedError: nothing was changed.
            CacheAwayError: it is to be done again.
        """
        refuse_spool(await asyncio.to_thread(spooled.waiting, self._folder))
        outcome, dropped = await _persistently(lambda: self._erase(request, dry_run))
        subject, copies, keys = request.subject, 0, 0
        if dry_run:
            copies = await asyncio.to_thread(spooled.copies, self._folder, subject)
        else:
            copies = await asyncio.to_thread(spooled.forget_copies, self._folder, subject)
            keys = await self._forget_cached(subject, outcome)
        entry = outcome.entry
        return {
            "erased": {**asdict(outcome.erased), "put_aside": dropped, "copies": copies, "cache_keys": keys},
            "already": outcome.already,
            "dry_run": dry_run,
            "erasure": None if entry is None or dry_run else str(entry.id),
            "person_hmac": self._marker.mark(subject.person, subject.application),
        }

    async def _erase(self, request: Request, dry_run: bool) -> tuple[Outcome, int]:
        subject, folder = request.subject, self._folder
        aside = await asyncio.to_thread(spooled.put_aside, folder, subject, set())
        async with self.engine.connect() as connection:
            told = replace(request, elsewhere=len(aside))
            outcome = await erase(connection, told, self._marker, datetime.now(UTC), self._earlier)
            said = set(outcome.messages)
            if dry_run:
                found = await asyncio.to_thread(spooled.put_aside, folder, subject, said)
                await connection.rollback()
                return outcome, len(found)
            # before the commit: afterwards nobody would know which replies were to this person
            dropped = await asyncio.to_thread(spooled.drop, folder, subject, said)
            await connection.commit()
            return outcome, dropped

    async def _forget_cached(self, subject: Subject, outcome: Outcome) -> int:
        names = outcome.applications | cached.known_applications(self.settings)
        wanted = {subject.application} if subject.application else names
        cache = make_cache(self.settings.redis_url.reveal())
        try:
            return await cached.forget(cache, subject.person, wanted)
        except (RedisError, OSError) as error:
            raise CacheAwayError("the database is done, but the cache does not answer") from error
        finally:
            await cache.aclose()

    async def reapply(self, source: Path | None, old_keys: Sequence[Secret]) -> Document:
        """Erases again everybody in the register, and in the copy of it in `source`.

        Raises:
            UnknownKeyError: entries are left whose key is not at hand; the others are done.
        """
        more = read_register(source) if source else []
        markers = [self._marker, *self._earlier, *(Marker(key) for key in old_keys)]
        done = await reapply(self.engine, markers, more)
        refuse_unknown_keys(done.unknown_keys)
        return asdict(done)

    async def erasures(self) -> Document:
        """Returns the register, for `reapply` after a restore."""
        async with self.engine.connect() as connection:
            return {"erasures": [asdict(entry) for entry in await register.entries(connection)]}

    @property
    def _folder(self) -> Path:
        return self.settings.spool_dir

    @property
    def _marker(self) -> Marker:
        return Marker(self.settings.secret_key)

    @property
    def _earlier(self) -> list[Marker]:
        return [Marker(key.key) for key in further_keys(self.settings.secret_keys_also)]


def read_register(source: Path) -> list[Erasure]:
    """Reads what `export-erasures` gave; raises OSError or ValueError."""
    try:
        return [Erasure.from_json(row) for row in orjson.loads(source.read_bytes())["erasures"]]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{source.name} is no register of erasures") from error


def make_engine(settings: Settings) -> AsyncEngine:
    """A request may take longer than a person waits for a reply: its own limits."""
    options: dict[str, Any] = {
        "timeout": CONNECT_TIMEOUT_S,
        "server_settings": {
            "application_name": "xiongichat-person",
            "statement_timeout": str(STATEMENT_TIMEOUT_S * 1000),
        },
    }
    url = async_url(settings.database_url.reveal())
    return create_async_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=options)


async def _persistently(work: Callable[[], Awaitable[Result]]) -> Result:
    for _ in range(TRIES - 1):
        try:
            return await work()
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in _BEGIN_AGAIN:
                raise
    return await work()
