"""All actions by name. What they may answer is said by the checks (`Check.allows`)."""

from __future__ import annotations

from xiong.errors import UsageError
from xiong.operations.recovery.actions import (
    cancel_idle_sessions,
    free_disk,
    re_establish_wal,
    reopen_slot,
    replace_replica,
    restart_process,
    restart_replica,
    restart_store,
    roll_back,
)
from xiong.operations.recovery.actions.action import Action

ACTIONS: tuple[Action, ...] = (
    restart_replica.ACTION,
    replace_replica.ACTION,
    roll_back.ACTION,
    reopen_slot.ACTION,
    restart_process.ACTION,
    restart_store.ACTION,
    cancel_idle_sessions.ACTION,
    free_disk.ACTION,
    re_establish_wal.ACTION,
)


def by_name(name: str) -> Action:
    """The action of that name.

    Raises:
        UsageError: there is none.
    """
    for action in ACTIONS:
        if action.name == name:
            return action
    raise UsageError(f"no action {name}: expected one of {', '.join(a.name for a in ACTIONS)}")
