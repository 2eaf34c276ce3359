"""What every verb shares: the settings, the platform, the deadline, and how its result is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar

import typer

from xiong.cli import render
from xiong.config.settings import Settings
from xiong.errors import DeadlineError, PlatformError, StoppedError
from xiong.platforms.base import PlannedCommand, Platform
from xiong.platforms.registry import platform_for
from xiong.tools.clock import SystemClock

T = TypeVar("T")

Timeout = Annotated[
    float | None, typer.Option("--timeout", help="Give up after that many seconds (exit code 5).")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print what would be done, and do nothing.")]


@dataclass(frozen=True)
class Session:
    """One call of the command line."""

    settings: Settings
    as_json: bool
    clock: SystemClock

    @property
    def platform(self) -> Platform:
        return platform_for(self.settings)

    def run(self, work: Awaitable[T], timeout: float | None = None) -> T:
        """Runs a verb to its end.

        Raises:
            DeadlineError: `timeout` seconds were not enough; what a rollout began, the next verb ends.
            StoppedError: Ctrl-C; the same holds.
            PlatformError: the system refused a file, a folder or a socket.
        """

        async def bounded() -> T:
            try:
                async with asyncio.timeout(timeout):
                    return await work
            except TimeoutError as error:
                raise DeadlineError(f"not done within {timeout:g} s", hint="xiong status") from error

        try:
            return asyncio.run(bounded())
        except OSError as error:
            raise PlatformError.of(error) from error
        except KeyboardInterrupt as error:
            raise StoppedError(
                "stopped; what a rollout began, the next verb ends", hint="xiong status"
            ) from error

    def show(self, result: T, as_text: Callable[[T], None]) -> None:
        """The result on stdout."""
        if self.as_json:
            render.document(result)
        else:
            as_text(result)

    def show_plan(self, steps: list[str], commands: list[PlannedCommand] | None = None) -> None:
        """The plan of a `--dry-run`."""
        if self.as_json:
            render.document({"steps": steps, "commands": commands or []})
        else:
            render.plan(steps, commands or [])


def session(context: typer.Context) -> Session:
    """The session that the root callback made."""
    found: Session = context.obj
    return found
