"""What a care role does with a case: look, and say how it ended. Used by the routes.

A case needs the database: a look that cannot be written down shows nothing, wherever the page itself is kept.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.cases import statements
from api.cases.model import Case, Look, Outcome, RecordedOutcome
from api.cases.words import spoken
from api.database.engine import Database, DatabaseAwayError
from api.risk.model import RiskAssessor

Result = TypeVar("Result")


@dataclass(frozen=True)
class Cases:
    """The cases as one replica sees them; each method raises DatabaseAwayError where nothing was done."""

    database: Database
    assessor: RiskAssessor

    async def open(self, page: uuid.UUID, by: str, via: str) -> Case | None:
        """Returns a case once the look at it is committed; None where there is no such page."""
        look = Look(uuid.uuid4(), page, datetime.now(UTC), by, via)
        case = await self._run(lambda connection: statements.open_case(connection, look))
        if case is None:
            return None
        # in a thread: many long messages are judged again
        words = await asyncio.to_thread(spoken, self.assessor, case.triggers, case.said)
        return replace(case, words=words)

    async def record(self, page: uuid.UUID, outcome: Outcome, by: str, via: str) -> RecordedOutcome | None:
        """Records how a case ended; None where there is no such page."""
        recorded = RecordedOutcome(uuid.uuid4(), page, outcome, datetime.now(UTC), by, via)
        known = await self._run(lambda connection: statements.record_outcome(connection, recorded))
        return recorded if known else None

    async def set_contact(self, application: str, person: str, contact: str | None) -> None:
        """Keeps whom to reach about a person; None keeps nobody."""
        at = datetime.now(UTC)
        await self._run(
            lambda connection: statements.set_contact(connection, application, person, contact, at)
        )

    async def _run(self, step: Callable[[AsyncConnection], Awaitable[Result]]) -> Result:
        try:
            return await self.database.run(step)
        except SQLAlchemyError as error:
            raise DatabaseAwayError(type(error).__name__) from error
