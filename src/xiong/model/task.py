"""A command that runs once beside the service: a migration, a dump."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class DatabaseRole(StrEnum):
    """As whom a task reaches the database."""

    APP = "app"
    OWNER = "owner"


@dataclass(frozen=True)
class Task:
    """One run of a module of a release, as the image would run it.

    Attributes:
        name: for people and logs, e.g. `migrate`.
        module: what `python -m` runs, e.g. `api.migrate`.
        arguments: what follows it.
        role: as whom it reaches the database.
        timeout_seconds: after it the task is killed.
        environment: extra variables; never secrets.
    """

    name: str
    module: str
    arguments: tuple[str, ...] = ()
    role: DatabaseRole = DatabaseRole.APP
    timeout_seconds: float = 300.0
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TaskResult:
    """What a task printed and how it ended."""

    exit_code: int
    stdout: str
    stderr: str
    seconds: float
