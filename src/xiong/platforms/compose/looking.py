"""The containers of a copy in the words of all platforms: who runs, who answers."""

from __future__ import annotations

import asyncio

from xiong.model.instance import Instance, InstanceState
from xiong.platforms.compose import engine
from xiong.platforms.compose import network as places
from xiong.platforms.compose.engine import Container
from xiong.platforms.compose.project import Project
from xiong.platforms.compose.rendering import RELEASE_LABEL
from xiong.tools.http import Http
from xiong.tools.sockets import listens

_SECONDS = 1.0
NOT_ADMITTED = "not admitted"
_ANSWERS = {
    "api": (places.API_PORT, "/api/v1/ready"),
    "pager": (places.PAGER_PORT, "/healthz"),
    "watch": (places.WATCH_PORT, "/healthz"),
    "console": (places.CONSOLE_PORT, "/healthz"),
    "prometheus": (places.PROMETHEUS_PORT, "/-/ready"),
    "alertmanager": (places.ALERTMANAGER_PORT, "/-/ready"),
}
_LISTENS = {"postgres": 5432, "valkey": 6379, "proxy": places.PROXY_PORT}


async def instances(project: Project, service: str | None = None) -> list[Instance]:
    """All containers that a copy has, by name."""
    found = [c for c in await engine.containers(project.name) if service in {None, service_of(c.service)}]
    return list(await asyncio.gather(*(instance(project, container) for container in found)))


def service_of(name: str) -> str:
    """`api-2` is one of `api`."""
    head, _, slot = name.rpartition("-")
    return head if slot.isdigit() else name


def url_of(project: Project, name: str) -> str | None:
    """Where it answers HTTP directly."""
    service = service_of(name)
    if service not in _ANSWERS:
        return None
    return f"http://{project.network.front(name)}:{_ANSWERS[service][0]}"


async def instance(project: Project, container: Container) -> Instance:
    """One container; it is ready when it answers as a replica of its release, or listens."""
    state, detail = await _state(project, container)
    held = state is InstanceState.READY and (project.layout.holds / container.service).exists()
    return Instance(
        name=container.service,
        service=service_of(container.service),
        release_id=container.labels.get(RELEASE_LABEL),
        state=InstanceState.STARTING if held else state,
        url=url_of(project, container.service),
        identity=f"{container.id[:12]}@{container.started_at}",
        restarts=container.restarts,
        detail=NOT_ADMITTED if held else detail,
    )


async def _state(project: Project, container: Container) -> tuple[InstanceState, str]:
    if container.state in {"exited", "dead"}:
        if container.exit_code:
            return InstanceState.FAILED, f"ended with exit code {container.exit_code}"
        return InstanceState.STOPPED, ""
    if container.state == "restarting":
        return InstanceState.FAILED, f"ended with exit code {container.exit_code}, the engine starts it again"
    if not container.running:
        return InstanceState.STARTING, container.state
    return await _answer(project, container)


async def _answer(project: Project, container: Container) -> tuple[InstanceState, str]:
    service = service_of(container.service)
    if service in _LISTENS:
        address = project.network.front("proxy") if service == "proxy" else project.network.back(service)
        found = await listens(address, _LISTENS[service], _SECONDS)
        return (InstanceState.READY, "") if found else (InstanceState.STARTING, "does not listen")
    if service not in _ANSWERS:
        return InstanceState.READY, ""
    async with Http(
        str(url_of(project, container.service)), timeout_seconds=_SECONDS, keep_alive=False
    ) as http:
        answer = await http.request("GET", _ANSWERS[service][1])
    if answer is None:
        return InstanceState.STARTING, "does not answer"
    document = answer.json()
    told = document if isinstance(document, dict) else {}
    if told.get("reason") == "draining":
        return InstanceState.DRAINING, ""
    if answer.status >= 500 and told.get("reason") != "held":
        return InstanceState.STARTING, str(told.get("reason") or f"answers with {answer.status}")
    wanted = container.labels.get(RELEASE_LABEL)
    if wanted and told.get("release") != wanted:
        return InstanceState.STARTING, f"answers as release {told.get('release')}"
    return InstanceState.READY, ""
