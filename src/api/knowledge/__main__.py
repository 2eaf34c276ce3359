"""`python -m api.knowledge sync`: loads the shipped knowledge base into the database, as one JSON line.

Run by every deploy after its migrations. Exit status 0: offline search is ready (`complete` says whether
the configured embedder is too); 1: the database could not be brought up to date; 2: wrong usage.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import httpx
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from api.database.engine import async_url
from api.knowledge.embedders import build_embedder
from api.knowledge.store import KnowledgeStore, SyncResult
from api.settings import Settings, SettingsError

USAGE = "usage: python -m api.knowledge sync"
DEADLINE_S = 120.0
CONNECT_TIMEOUT_S = 15
STATEMENT_TIMEOUT_S = 60


async def sync(settings: Settings) -> SyncResult:
    """Syncs with the database and embedder that the settings name."""
    engine = _engine(settings)
    try:
        async with httpx.AsyncClient() as client, asyncio.timeout(DEADLINE_S):
            return await KnowledgeStore(engine, build_embedder(settings, client, timeout=30.0)).sync()
    finally:
        await engine.dispose()


def _engine(settings: Settings) -> AsyncEngine:
    """A deploy waits longer than a person: its own limits, not those of the chat path."""
    return create_async_engine(
        async_url(settings.database_url.reveal()),
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={
            "timeout": CONNECT_TIMEOUT_S,
            "server_settings": {
                "application_name": "xiongichat-knowledge",
                "statement_timeout": str(STATEMENT_TIMEOUT_S * 1000),
            },
        },
    )


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Runs the command; the result goes to stdout, an error to stderr."""
    if list(arguments) != ["sync"]:
        return _complain(USAGE, 2)
    try:
        result = asyncio.run(sync(Settings.from_environment(environ)))
    except SettingsError as error:
        return _complain(str(error), 2)
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        # only the kind: a driver's text may carry the address with its password
        return _complain(f"the knowledge base could not be synced: {type(error).__name__}", 1)
    sys.stdout.write(json.dumps(asdict(result)) + "\n")
    return 0


def _complain(text: str, status: int) -> int:
    sys.stderr.write(text + "\n")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
