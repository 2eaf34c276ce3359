"""A command that runs once beside the service: a migration, a dump."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

FILES = "@files"
"""In an argument or a variable of a task: the folder of its files."""


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
        files: {name: content} of private files that it reads. `FILES` in an argument or a variable stands for
            the folder in which it finds them.
        by_scratch: it reaches scratch servers, which listen on 127.0.0.1 of where the tool is.
    """

    name: str
    module: str
    arguments: tuple[str, ...] = ()
    role: DatabaseRole = DatabaseRole.APP
    timeout_seconds: float = 300.0
    environment: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    by_scratch: bool = False

    def placed(self, folder: str) -> Task:
        """The same, where its files lie in that folder."""
        return replace(
            self,
            arguments=tuple(word.replace(FILES, folder) for word in self.arguments),
            environment={name: value.replace(FILES, folder) for name, value in self.environment.items()},
        )


@dataclass(frozen=True)
class TaskResult:
    """What a task printed and how it ended."""

    exit_code: int
    stdout: str
    stderr: str
    seconds: float
