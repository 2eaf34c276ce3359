"""reopen-slot: a replica that is well and gets nothing from the proxy is let in again."""

from __future__ import annotations

from xiong.errors import PlatformError, PreflightError, XiongError
from xiong.model.instance import Instance, InstanceState
from xiong.operations.front_door import front_door, operator_headers
from xiong.operations.journal import Journal
from xiong.operations.recovery.actions import looks
from xiong.operations.recovery.actions.action import Action, Patient
from xiong.tools.clock import wait_for
from xiong.tools.http import Http

NAME = "reopen-slot"
_PATH = "/api/v1/pages"  # the replica counts it, and not how it is
_SECONDS = 15.0


async def plan(patient: Patient) -> str:
    replica = await _fit(patient)
    return (
        f"take {replica.name}'s hold away, if it has one, and see that a request through the proxy reaches it"
    )


async def act(patient: Patient) -> str:
    async with looks.alone(patient, NAME):
        replica = await _fit(patient)
        begun = patient.clock.monotonic()
        await patient.platform.admit(replica.name)
        await looks.until_ready(patient, replica.name)
        sent = await _until_reached(patient, replica)
    seconds = patient.clock.monotonic() - begun
    return (
        f"{replica.name} gets requests again after {seconds:.1f} s, seen by {sent} requests through the proxy"
    )


async def _fit(patient: Patient) -> Instance:
    """A replica that may be let in.

    Raises:
        PreflightError: a rollout was interrupted, and this replica was never judged; or it is not of the
            release that is meant to run, or does not answer.
    """
    journal = Journal(patient.platform.records)
    replica, committed = await looks.instance(patient), await journal.committed()
    if await journal.rollout() is not None:
        raise PreflightError(
            "a rollout was interrupted: what it held back was not judged yet", hint="xiong up"
        )
    if committed is None or replica.release_id != committed.release:
        meant = committed.release if committed else "none"
        raise PreflightError(f"{replica.name} runs {replica.release_id}, meant to run is {meant}")
    if replica.state is InstanceState.DRAINING or not await looks.answers(patient, replica):
        raise PreflightError(f"{replica.name} is {replica.state} and cannot be let in: it needs a restart")
    return replica


async def _until_reached(patient: Patient, replica: Instance) -> int:
    """How many requests through the proxy it took until one reached the replica, by its own count.

    Raises:
        PlatformError: none reached it.
    """
    sent, endpoint = 0, await patient.platform.endpoint()
    headers = operator_headers(endpoint)
    async with (
        Http(replica.url or "", timeout_seconds=5) as itself,
        front_door(endpoint, 5, headers=headers, keep_alive=False) as door,
    ):
        before = await _answered(itself)

        async def reached() -> bool:
            nonlocal sent
            sent += await door.request("GET", f"{_PATH}?open=true&limit=1") is not None
            return await _answered(itself) > before

        try:
            await wait_for(
                reached, what=f"a request at {replica.name}", seconds=_SECONDS, clock=patient.clock
            )
        except XiongError as error:
            raise PlatformError(
                f"{replica.name} is ready, and none of {sent} requests through the proxy reached it",
                hint="xiong health proxy",
            ) from error
    return sent


async def _answered(http: Http) -> float:
    samples = await http.samples() or {}
    return sum(
        value
        for (name, labels), value in samples.items()
        if name == "http_requests_total" and dict(labels).get("path") == _PATH
    )


ACTION = Action(
    NAME,
    "one replica that serves nobody now; afterwards it gets its share of the requests",
    looks.in_words(plan),
    act,
    per_instance=True,
)
