"""How actions look before and after they act, and how they keep other verbs away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from xiong.errors import PlatformError, PreflightError, XiongError
from xiong.model.instance import Instance
from xiong.model.lease import Lease
from xiong.operations.front_door import front_door
from xiong.operations.leasing import hold_lease
from xiong.operations.recovery.actions.action import Patient
from xiong.tools.clock import wait_for
from xiong.tools.http import Http

HUNG_GRACE_SECONDS = 2.0
"""What answers nothing will not end in order either: a stopped process does not even see SIGTERM."""

_ANSWER_SECONDS = 3.0
_ADMITTED_SECONDS = 15.0
_ALIVE = {"api": "/api/v1/healthz", "prometheus": "/-/healthy", "alertmanager": "/-/healthy"}


def alone(patient: Patient, action: str) -> AbstractAsyncContextManager[Lease]:
    """Keeps every other verb away while an action changes something."""
    purpose = f"heal: {action} {patient.target}".strip()
    return hold_lease(patient.platform, purpose, patient.settings.deploy.lease_seconds, patient.clock)


def in_words(plan: Callable[[Patient], Awaitable[str]]) -> Callable[[Patient], Awaitable[str]]:
    """A plan that says so where the action would refuse."""

    async def told(patient: Patient) -> str:
        try:
            return await plan(patient)
        except XiongError as error:
            return f"do nothing: {error.message}"

    return told


async def instance(patient: Patient) -> Instance:
    """The one that the action is about.

    Raises:
        PreflightError: none is named.
        PlatformError: the one that is named is not here.
    """
    if not patient.target:
        raise PreflightError("no instance is named that it should be done to", hint="xiong status")
    present = await patient.platform.instances()
    found = next((one for one in present if one.name == patient.target), None)
    if found is None:
        names = ", ".join(one.name for one in present) or "nothing"
        raise PlatformError(f"{patient.target} is not here; here are {names}", hint="xiong up")
    return found


async def answers(patient: Patient, one: Instance) -> bool:
    """Whether it answers anything within a few seconds; the proxy is asked as a person asks it."""
    if one.service == "proxy":
        async with front_door(await patient.platform.endpoint(), _ANSWER_SECONDS) as door:
            return await door.request("GET", "/api/v1/healthz") is not None
    if one.url is None:
        return False
    async with Http(one.url, timeout_seconds=_ANSWER_SECONDS) as http:
        return await http.request("GET", _ALIVE.get(one.service, "/healthz")) is not None


async def until_ready(patient: Patient, name: str) -> None:
    """Returns once a replica says that it wants requests, which is what the proxy asks too.

    Raises:
        PlatformError: it does not; its own reason is told.
    """
    present = await patient.platform.instances("api")
    url = next((one.url for one in present if one.name == name), None)
    if url is None:
        raise PlatformError(f"{name} is not here any more", hint="xiong status")
    seen = "no answer"

    async def ready() -> bool:
        nonlocal seen
        answer = await http.request("GET", "/api/v1/ready")
        said = answer.json() if answer else None
        seen = str(said.get("reason") if isinstance(said, dict) else seen)
        return answer is not None and answer.status == 200

    async with Http(url, timeout_seconds=_ANSWER_SECONDS) as http:
        try:
            await wait_for(ready, what=f"{name} ready", seconds=_ADMITTED_SECONDS, clock=patient.clock)
        except XiongError as error:
            raise PlatformError(f"{name} runs and is not ready: {seen}", hint="xiong status") from error
