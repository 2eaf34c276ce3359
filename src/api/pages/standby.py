"""The SQLite file beside the spool in which the pager keeps pages while the database is away.

The pager writes it; a replica may read it to show the pages of an outage.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from api.database.engine import DatabaseAwayError

FILE = "pages.sqlite"
Result = TypeVar("Result")


class Standby:
    """The file of one spool folder, as somebody who only reads sees it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    async def read(self, look: Callable[[AsyncConnection], Awaitable[Result]]) -> Result:
        """Looks into the file; raises DatabaseAwayError where there is none that can be read."""
        if not self._path.is_file():
            raise DatabaseAwayError("no pager keeps pages beside the spool")
        engine = create_async_engine(
            f"sqlite+aiosqlite:///file:{self._path}?mode=ro&uri=true", poolclass=NullPool
        )
        try:
            async with engine.connect() as connection:
                return await look(connection)
        except SQLAlchemyError as error:
            raise DatabaseAwayError(type(error).__name__) from error
        finally:
            await engine.dispose()
