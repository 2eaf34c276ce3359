"""cancel-idle-sessions: ends the service's own sessions that hold a transaction open and do nothing."""

from __future__ import annotations

from xiong.datastores.postgres_idle import APP_ROLE, IdleSession, end_idle_sessions, idle_sessions
from xiong.errors import PreflightError
from xiong.operations.recovery.actions import looks
from xiong.operations.recovery.actions.action import Action, Patient

NAME = "cancel-idle-sessions"
_PRESSED, _PRESSED_FACTOR = "connections", 3


async def plan(patient: Patient) -> str:
    _ours(patient)
    found = await idle_sessions(patient.platform.run_store_tool, _limit(patient))
    return f"end {_counted(found, _limit(patient))}; no other session"


async def act(patient: Patient) -> str:
    _ours(patient)
    if patient.finding.cause == _PRESSED:
        await patient.clock.sleep(_limit(patient))  # who does nothing now must still do nothing then
    async with looks.alone(patient, NAME):
        ended = await end_idle_sessions(patient.platform.run_store_tool, _limit(patient))
    return f"ended {_counted(ended, _limit(patient))}"


def _limit(patient: Patient) -> float:
    """Where nobody else gets in any more, a session may do nothing for a third of the usual time."""
    usual = patient.settings.health.idle_in_transaction_seconds
    return usual / _PRESSED_FACTOR if patient.finding.cause == _PRESSED else usual


def _counted(sessions: list[IdleSession], limit: float) -> str:
    longest = f", the longest {sessions[0].seconds} s" if sessions else ""
    return f"{len(sessions)} sessions of {APP_ROLE} idle in a transaction for more than {limit:g} s{longest}"


def _ours(patient: Patient) -> None:
    if patient.settings.database.url is not None:
        raise PreflightError("the database is not run by us: its sessions are its operators' affair")


ACTION = Action(
    NAME,
    "sessions of the service that do nothing; their open transaction is rolled back, no stored row changes",
    looks.in_words(plan),
    act,
)
