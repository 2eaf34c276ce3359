"""Sessions of the service that hold a transaction open and do nothing, and how they are ended."""

from __future__ import annotations

from dataclasses import dataclass

from xiong.datastores.postgres import DATABASE, RunTool
from xiong.errors import PlatformError

APP_ROLE = "xiongichat_app"


@dataclass(frozen=True)
class IdleSession:
    """A session that blocks others' work by doing nothing.

    Attributes:
        pid: of its server process.
        seconds: how long it has done nothing.
    """

    pid: int
    seconds: int


async def idle_sessions(run: RunTool, longer_than_seconds: float) -> list[IdleSession]:
    """The service's sessions that are idle in a transaction for longer than that, longest first.

    Raises:
        PlatformError: the server does not say.
    """
    return await _asked(run, _statement(longer_than_seconds, "true"))


async def end_idle_sessions(run: RunTool, longer_than_seconds: float) -> list[IdleSession]:
    """Ends exactly those: looked at and ended in one statement, since each may go on at any moment.

    Raises:
        PlatformError: the server refuses.
    """
    return await _asked(run, _statement(longer_than_seconds, "pg_terminate_backend(pid)"))


def _statement(seconds: float, done: str) -> str:
    """What is done to each of them; cancelling would not help, since such a session runs no statement.

    MATERIALIZED, so that the server ends no session before it has chosen them.
    """
    return f"""
        WITH idle AS MATERIALIZED (
            SELECT pid, extract(epoch FROM now() - state_change)::bigint AS seconds
            FROM pg_stat_activity
            WHERE usename = '{APP_ROLE}' AND datname = '{DATABASE}'
              AND state IN ('idle in transaction', 'idle in transaction (aborted)')
              AND state_change < now() - make_interval(secs => {float(seconds)!r})
        )
        SELECT pid, seconds FROM idle WHERE {done} ORDER BY seconds DESC;
    """  # noqa: S608 - fixed names and a number


async def _asked(run: RunTool, statement: str) -> list[IdleSession]:
    argv = ["psql", "-d", "postgres", "-v", "ON_ERROR_STOP=1", "--no-psqlrc", "-qAt"]
    done = await run("postgres", argv, statement.encode())
    if done.exit_code != 0:
        raise PlatformError(f"the database does not say who is idle: {done.stderr.strip()[-300:]}")
    rows = (line.split("|") for line in done.stdout.splitlines() if line)
    return [IdleSession(int(pid), int(seconds)) for pid, seconds in rows]
