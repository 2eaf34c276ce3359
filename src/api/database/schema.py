"""Whether the schema in the database suits this code. Asked by `probes`, shown by /ready.

The app never migrates. It fits where every expand revision it ships is applied and every contract
revision that is applied is one it knows: so old code runs on a newer schema until that schema
takes something away from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.database.revisions import Revision

_APPLIED = text("SELECT revision, phase FROM schema_revisions")


def misfit(revisions: Iterable[Revision], applied: Mapping[str, str]) -> str | None:
    """Returns why the schema does not fit, None where it does."""
    shipped = tuple(revisions)
    missing = [item.name for item in shipped if item.phase == "expand" and item.name not in applied]
    if missing:
        return f"schema lacks {', '.join(missing)}"
    known = {item.name for item in shipped}
    foreign = sorted(name for name, phase in applied.items() if phase == "contract" and name not in known)
    if foreign:
        return f"schema was contracted by {', '.join(foreign)}, which this release does not know"
    return None


async def applied_revisions(connection: AsyncConnection) -> dict[str, str]:
    """Returns the applied revisions and their phases; empty where none ever was."""
    try:
        rows = await connection.execute(_APPLIED)
    except ProgrammingError:
        # no such table, or one that is hidden from us: nothing that we could run on
        return {}
    return {str(row.revision): str(row.phase) for row in rows}
