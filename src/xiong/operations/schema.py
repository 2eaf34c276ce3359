"""The database schema as verbs see it: what is applied, what a release brings, what blocks it."""

from __future__ import annotations

from typing import Any

import orjson

from xiong.errors import PlatformError
from xiong.model.release import Release, SchemaState
from xiong.model.task import DatabaseRole, Task, TaskResult
from xiong.platforms.base import Platform

_MIGRATE_SECONDS = 900.0


async def schema_state(platform: Platform, release: Release) -> SchemaState:
    """What the database holds now.

    Raises:
        PlatformError: it cannot be asked.
    """
    document = await _migrate(platform, release, "status")
    return SchemaState(tuple(document["expand"]), tuple(document["contract"]))


async def expand(platform: Platform, release: Release) -> tuple[str, ...]:
    """Applies the release's expand revisions, which every running release can live with.

    Returns:
        The revisions that were applied now.
    """
    return tuple((await _migrate(platform, release, "upgrade", "--phase", "expand"))["applied"])


async def contract(platform: Platform, release: Release) -> tuple[str, ...]:
    """Applies the release's contract revisions: no release that does not know them can run again."""
    return tuple((await _migrate(platform, release, "upgrade", "--phase", "contract"))["applied"])


async def pending_contract(platform: Platform, release: Release) -> tuple[str, ...]:
    """Contract revisions that the release brings and the database does not have."""
    return tuple((await _migrate(platform, release, "status"))["pending_contract"])


async def load_knowledge(platform: Platform, release: Release) -> None:
    """Brings the shipped knowledge base into the database; safe to repeat."""
    task = Task("knowledge", "api.knowledge", ("sync",), DatabaseRole.APP, _MIGRATE_SECONDS)
    _checked(await platform.run_task(release, task), "loading the knowledge base")


async def _migrate(platform: Platform, release: Release, *arguments: str) -> dict[str, Any]:
    task = Task("migrate", "api.migrate", arguments, DatabaseRole.OWNER, _MIGRATE_SECONDS)
    done = _checked(await platform.run_task(release, task), f"api.migrate {' '.join(arguments)}")
    document: dict[str, Any] = orjson.loads(done.stdout)
    return document


def _checked(done: TaskResult, what: str) -> TaskResult:
    if done.exit_code != 0:
        words = "\n".join((done.stderr or done.stdout).strip().splitlines()[-8:])
        raise PlatformError(f"{what} ended with exit code {done.exit_code}:\n{words}")
    return done
