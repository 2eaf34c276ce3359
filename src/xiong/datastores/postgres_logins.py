"""The logins of the service's database while their passwords change.

A role has one password, so the service moves to a second login for the time of a change: `BRIDGE`, a
member of the service's own role. Called by `operations/secrets`, and by `up` where a change was killed.
"""

from __future__ import annotations

from datetime import datetime

from xiong.config.secrets import Secret
from xiong.datastores.postgres import DATABASE, RunTool
from xiong.errors import PlatformError

APP = "xiongichat_app"
BRIDGE = "xiongichat_app_bridge"


def password_script(role: str, password: Secret) -> bytes:
    """A new password of a role; sessions that are open stay."""
    return f"ALTER ROLE {role} PASSWORD {_literal(password.reveal())};".encode()


def bridge_script(password: Secret) -> bytes:
    """The second login: it may do what the service's role may, and its commits are as safe."""
    return "\n".join(
        [
            f"SELECT 'CREATE ROLE {BRIDGE}' "  # noqa: S608 - fixed names
            f"WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{BRIDGE}') \\gexec",
            f"GRANT {APP} TO {BRIDGE};",
            f"ALTER ROLE {BRIDGE} SET synchronous_commit = on;",  # settings are not inherited
            f"ALTER ROLE {BRIDGE} LOGIN PASSWORD {_literal(password.reveal())};",
        ]
    ).encode()


def closing_script(before: datetime) -> bytes:
    """The second login goes, and so does every session that the old password opened."""
    old = f"usename = '{APP}' AND backend_start < {_literal(before.isoformat())}::timestamptz"
    return "\n".join(
        [
            f"SELECT 'ALTER ROLE {BRIDGE} NOLOGIN' "  # noqa: S608 - fixed names
            f"WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = '{BRIDGE}') \\gexec",
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "  # noqa: S608 - fixed names
            f"WHERE usename = '{BRIDGE}' OR ({old});",
            f"DROP ROLE IF EXISTS {BRIDGE};",
        ]
    ).encode()


async def set_password(run: RunTool, role: str, password: Secret) -> None:
    """Gives a role its new password; safe to repeat.

    Raises:
        PlatformError: the server refuses.
    """
    await _carry_out(run, password_script(role, password), f"the new password of {role}")


async def open_bridge(run: RunTool, password: Secret) -> None:
    """Makes the second login; safe to repeat.

    Raises:
        PlatformError: the server refuses.
    """
    await _carry_out(run, bridge_script(password), f"the login {BRIDGE}")


async def close_bridge(run: RunTool, before: datetime) -> None:
    """Takes the second login away, and ends what the old password opened before that time.

    Raises:
        PlatformError: the server refuses.
    """
    await _carry_out(run, closing_script(before), f"closing the login {BRIDGE}")


async def _carry_out(run: RunTool, script: bytes, what: str) -> None:
    argv = ["psql", "-d", DATABASE, "-v", "ON_ERROR_STOP=1", "--no-psqlrc", "-qAt"]
    done = await run("postgres", argv, b"SET client_min_messages = warning;\n" + script)
    if done.exit_code != 0:
        raise PlatformError(f"{what} failed: {done.stderr.strip()[-500:]}", hint="xiong health database")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
