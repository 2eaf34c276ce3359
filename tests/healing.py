"""A copy as the healer treats it, and faults that are real, for the tests of its actions."""

from __future__ import annotations

import asyncio
import os
import signal
import uuid
from contextlib import asynccontextmanager

import httpx
import psutil

from copies import Copy
from xiong.config.load import load_settings
from xiong.model.health import Finding, Verdict
from xiong.model.instance import InstanceState
from xiong.operations.recovery.actions.action import Patient
from xiong.platforms.registry import platform_for
from xiong.tools.clock import SystemClock, wait_for


def a_patient(copy: Copy, target: str = "", **sections: dict) -> Patient:
    """As `xiong watch` has it: with the settings that the last `up` ran with."""
    settings = load_settings(copy.state / "secrets" / "settings.toml", {"state": copy.state})
    for name, changes in sections.items():
        section = getattr(settings, name).model_copy(update=changes)
        settings = settings.model_copy(update={name: section})
    finding = Finding("api", Verdict.UNHEALTHY, "a test broke it", ill=(target,) if target else ())
    return Patient(platform_for(settings), settings, SystemClock(), finding, target)


async def until(condition, what: str, seconds: float = 30):
    return await wait_for(condition, what=what, seconds=seconds, clock=SystemClock())


async def identities(patient: Patient) -> dict[str, str]:
    return {one.name: one.identity for one in await patient.platform.instances()}


async def pid(patient: Patient, name: str) -> int:
    return int((await identities(patient))[name].partition("@")[0])


async def serving(patient: Patient) -> set[str]:
    """Replicas that are ready and admitted."""
    replicas = await patient.platform.instances("api")
    return {one.name for one in replicas if one.state is InstanceState.READY}


async def freeze(patient: Patient, name: str) -> None:
    """Stopped in its tracks: connections are taken by the kernel, nothing answers."""
    os.kill(await pid(patient, name), signal.SIGSTOP)


async def fail(patient: Patient, name: str) -> None:
    """Killed until the platform gives it up."""

    async def given_up() -> bool:
        one = next(i for i in await patient.platform.instances() if i.name == name)
        if one.state is not InstanceState.FAILED and not one.identity.startswith("None"):
            psutil.Process(int(one.identity.partition("@")[0])).kill()
        return one.state is InstanceState.FAILED

    await until(given_up, f"{name} given up")


@asynccontextmanager
async def people_talk(copy: Copy):
    """Somebody talks all the time; what the talk lost is in the list."""
    lost: list[str] = []
    stop = asyncio.Event()

    async def talk() -> None:
        async with copy.client() as client:
            while not stop.is_set():
                message = {"person": f"talks-{uuid.uuid4().hex}", "message": "你好"}
                try:
                    answer = await client.post("/api/v1/chat", json=message)
                except httpx.HTTPError as error:
                    lost.append(type(error).__name__)
                else:
                    lost.extend([str(answer.status_code)] if answer.status_code != 200 else [])

    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(talk())
        try:
            yield lost
        finally:
            stop.set()
