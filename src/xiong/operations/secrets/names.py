"""Which secrets can be changed, by which steps, and why others cannot; pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from xiong.config.settings import Settings
from xiong.errors import PreflightError, UsageError

APP, CACHE, KEY = "database-app", "cache", "secret-key"
APP_NEXT = f"{APP}.next"
ROLES = {
    "database-superuser": "CURRENT_USER",
    "database-owner": "xiongichat_owner",
    "database-backup": "xiongichat_backup",
    "database-monitor": "xiongichat_monitor",
}
"""Passwords that no running replica holds: {secret: role}."""
TOKENS = ("operator-token", "care-token")
ROTATED = (*ROLES, APP, CACHE, *TOKENS, KEY)
_ELSEWHERE = {
    "backup-identity": ("it opens backups: see docs/how-to/back-up.md", None),
    "backup-signing": ("it signs backups: see docs/how-to/back-up.md", None),
    "drill-report": ("with another key the drills of before could no longer be checked", None),
    "applications.json": (
        "its tokens are the calling applications': add a new digest, let them change, take the old one out",
        None,
    ),
}
_BY_HAND = {
    "database": "database.url is set, so its passwords are changed where it runs: make a second login there, "
    "put it into database.url, `xiong up`, then close the first",
    "cache": "cache.url is set, so its password is changed where it runs: ACL SETUSER with both, put the new "
    "one into cache.url, `xiong up`, then take the old one away",
}


class Step(StrEnum):
    """One step of a rotation; each is safe to repeat."""

    SUPERUSER = "database-superuser"
    OWNER = "database-owner"
    BACKUP = "database-backup"
    MONITOR = "database-monitor"
    BRIDGE = "bridge"
    CACHE = "cache"
    TOKENS = "tokens"
    ANNOUNCE = "announce"
    FIRST_ROLL = "roll 1"
    APP = "database-app"
    TURN = "turn"
    SECOND_ROLL = "roll 2"
    CLOSE = "close"
    RETIRE = "retire"


WORDS = {
    Step.SUPERUSER: "a new password of the database's superuser",
    Step.OWNER: "a new password of the role that migrates",
    Step.BACKUP: "a new password of the role that makes backups",
    Step.MONITOR: "a new password of the role that looks",
    Step.BRIDGE: "a second login for the service, so that two passwords are valid",
    Step.CACHE: "the cache takes a second password",
    Step.TOKENS: "a second token of each application of ours is taken",
    Step.ANNOUNCE: "a second key is taken in links, and signs none yet",
    Step.FIRST_ROLL: "replace the replicas and the pager one by one, same release",
    Step.APP: "a new password of the service's own login, which nobody uses at that moment",
    Step.TURN: "the second key signs; links of the first are read for another 7 days",
    Step.SECOND_ROLL: "replace them once more, back on the service's own login",
    Step.CLOSE: "refuse the old passwords, and end the sessions that they opened",
    Step.RETIRE: "refuse the old tokens, and talk to the service with the new ones",
}


@dataclass(frozen=True)
class Choice:
    """What is rotated.

    Attributes:
        names: in the order in which they are named in `ROTATED`.
        left: {secret that is not ours here: why}.
    """

    names: tuple[str, ...]
    left: dict[str, str]


def choose(wanted: Sequence[str], settings: Settings) -> Choice:
    """The secrets that were named, or all that are ours.

    Raises:
        UsageError: a name that is none, or is changed otherwise.
        PreflightError: one that was named lies with a server that is not ours.
    """
    for name in wanted:
        _refuse_unknown(name)
    left = {name: why for name in ROTATED if (why := _foreign(name, settings))}
    for name in wanted:
        if name in left:
            raise PreflightError(f"{name} is not ours to change: {left[name]}", hint="xiong secrets rotate")
    chosen = tuple(name for name in ROTATED if name not in left and (not wanted or name in wanted))
    return Choice(chosen, {} if wanted else left)


def steps(names: Collection[str]) -> tuple[Step, ...]:
    """What has to be done for these, in order.

    Two rolls where a running replica must take two values of one thing: the new one is taken before
    anybody uses it, and the old one is used no more before it goes.
    """
    app, cache, key = (name in names for name in (APP, CACHE, KEY))
    tokens = any(name in names for name in TOKENS)
    wanted = {
        Step.BRIDGE: app,
        Step.CACHE: cache,
        Step.TOKENS: tokens,
        Step.ANNOUNCE: key,
        Step.FIRST_ROLL: app or cache or key,
        Step.APP: app,
        Step.TURN: key,
        Step.SECOND_ROLL: app or key,
        Step.CLOSE: app or cache,
        Step.RETIRE: tokens,
    } | {Step(name): name in names for name in ROLES}
    return tuple(step for step in Step if wanted[step])


def _refuse_unknown(name: str) -> None:
    if name in _ELSEWHERE:
        why, hint = _ELSEWHERE[name]
        raise UsageError(f"{name} is not changed by this: {why}", hint=hint)
    if name not in ROTATED:
        raise UsageError(f"no secret {name}: expected {', '.join(ROTATED)}", hint="xiong secrets rotate")


def _foreign(name: str, settings: Settings) -> str | None:
    if name.startswith("database-") and settings.database.url is not None:
        return _BY_HAND["database"]
    if name == CACHE and settings.cache.url is not None:
        return _BY_HAND["cache"]
    return None
