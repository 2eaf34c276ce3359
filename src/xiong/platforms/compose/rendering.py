"""What Compose reads of a copy beside the shipped files: its variables, and one override with its slots."""

from __future__ import annotations

import hashlib
import os
from typing import Any

import orjson

from xiong.platforms import shipped
from xiong.platforms.compose import inside
from xiong.platforms.compose import network as places
from xiong.platforms.compose.project import (
    Project,
    Slot,
    docker_group,
    service_user,
    socket,
)
from xiong.platforms.onehost import servers
from xiong.tools import files
from xiong.tools.store_access import WAL_SLOT

SETUP_LABEL = "xiong.setup"
RELEASE_LABEL = "xiong.release"
INSIDE_SERVICE = "/run/xiong/service"
INSIDE_HOLDS = "/run/xiong/holds"
INSIDE_SPOOL = "/var/lib/xiong/spool"
INSIDE_WAL = "/wal"
_INSIDE_DATABASE = "/run/xiong/database"
_AFTER_DRAIN_SECONDS = 10.0


def variables(project: Project, images: dict[str, str]) -> dict[str, str]:
    """What `compose.yaml` asks for by name.

    Args:
        project: of the copy.
        images: {`service`, `operations`: reference}.
    """
    settings, layout = project.settings, project.layout
    return {
        "XIONG_STATE": str(layout.root),
        "XIONG_DATA": str(layout.store_root),
        "XIONG_USER": _ids(service_user()),
        "XIONG_DATABASE_USER": _ids(project.database_user),
        "XIONG_OWNER": f"{os.geteuid()}:{os.getegid()}",
        "XIONG_DOCKER_GROUP": str(docker_group()),
        "XIONG_DOCKER_SOCKET": str(socket()),
        "XIONG_FRONT_SUBNET": project.network.front_subnet,
        "XIONG_BACK_SUBNET": project.network.back_subnet,
        "XIONG_FRONT_PREFIX": project.network.prefix,
        "XIONG_BACK_PREFIX": project.network.prefix,
        "XIONG_SERVICE_IMAGE": images["service"],
        "XIONG_OPERATIONS_IMAGE": images["operations"],
        "XIONG_POSTGRES_IMAGE": settings.compose.postgres_image,
        "XIONG_VALKEY_IMAGE": settings.compose.valkey_image,
        "XIONG_PROMETHEUS_IMAGE": settings.compose.prometheus_image,
        "XIONG_ALERTMANAGER_IMAGE": settings.compose.alertmanager_image,
        "XIONG_DEPLOYMENT_ID": layout.deployment_id,
        "XIONG_PUBLIC_URL": settings.paging.public_url or "http://127.0.0.1",
        "XIONG_BIND": settings.proxy.bind,
        "XIONG_PORT": str(project.proxy_port),
        "XIONG_CONSOLE_PORT": str(project.console_port),
    }


def write(project: Project, images: dict[str, str], environments: dict[str, dict[str, str]]) -> None:
    """Writes both files.

    Args:
        project: of the copy.
        images: see `variables`.
        environments: {instance: what its process gets}, of each slot.
    """
    lines = [f"{name}={_quoted(value)}" for name, value in variables(project, images).items()]
    files.write_atomic(project.environment, ("\n".join(lines) + "\n").encode())
    text = orjson.dumps(override(project, environments), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
    files.write_atomic(project.override, text)


def override(project: Project, environments: dict[str, dict[str, str]]) -> dict[str, Any]:
    """What differs from the shipped file: the servers' options, and every slot that there is."""
    services: dict[str, Any] = {
        "postgres": {"command": ["postgres", *servers.flags(database_options(project))]},
        "wal": {"command": receiver(synchronous=project.settings.backup.wal == "synchronous")},
    }
    mounts = [f"{path}:{path}" for path in inside.folders(project)]
    if mounts:
        services |= {name: {"volumes": mounts} for name in ("watch", "console")}
    for name, slot in project.slots().items():
        services[name] = _slot(project, name, slot, environments[name])
    return {"services": _escaped(services)}


def database_options(project: Project) -> dict[str, str]:
    """All of PostgreSQL's options."""
    return {
        "listen_addresses": "*",
        "hba_file": f"{_INSIDE_DATABASE}/pg_hba.conf",
        **servers.database_options(project.settings.database),
        **servers.log_options(project.settings, INSIDE_WAL),
    }


def receiver(*, synchronous: bool) -> list[str]:
    """The receiver of the write-ahead log."""
    return [
        "pg_receivewal",
        f"--directory={INSIDE_WAL}",
        f"--slot={WAL_SLOT}",
        "--status-interval=1",
        "--no-password",
        *(["--synchronous"] if synchronous else []),
    ]


def setup_of(image: str, environment: dict[str, str], secrets: str) -> str:
    """Changes with everything that a slot is started with."""
    file = (shipped.docker() / "compose.yaml").read_bytes()
    told = orjson.dumps([image, environment, secrets], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(told + file).hexdigest()[:32]


def slot_environment(name: str) -> dict[str, str]:
    """What differs between slots."""
    if name.startswith("api-"):
        return {"PORT": str(places.API_PORT), "HOLD_PATH": f"{INSIDE_HOLDS}/{name}"}
    return {"PAGER_PORT": str(places.PAGER_PORT), "PAGER_BIND": "0.0.0.0"}  # noqa: S104 - of its container


def _slot(project: Project, name: str, slot: Slot, environment: dict[str, str]) -> dict[str, Any]:
    service = name.rpartition("-")[0]
    named_there = {"api": ("api-0", "api-1"), "pager": ("pager-0",)}[service]
    further: dict[str, Any] = {}
    if name not in named_there:
        further = {"extends": {"file": str(shipped.docker() / "compose.yaml"), "service": f"{service}-0"}}
    limits = project.settings.compose
    of_replicas: dict[str, Any] = {}
    if service == "api":
        drain = project.settings.deploy.drain_seconds
        of_replicas = {
            "command": servers.replica("python", "0.0.0.0", places.API_PORT, drain),  # noqa: S104 - its container's
            "stop_grace_period": f"{round(drain + _AFTER_DRAIN_SECONDS)}s",
            "cpus": limits.service_cpus,
            "mem_limit": limits.service_memory,
        }
    return {
        **further,
        **of_replicas,
        "image": slot.image,
        "environment": {**environment, **slot_environment(name)},
        "labels": {SETUP_LABEL: slot.setup, RELEASE_LABEL: slot.release},
        "networks": {
            "front": {"ipv4_address": project.network.front(name)},
            "back": {"ipv4_address": project.network.back(name)},
        },
    }


def _ids(user: tuple[int, int]) -> str:
    return f"{user[0]}:{user[1]}"


def _quoted(value: str) -> str:
    """As Compose's own reader of such files takes it literally."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _escaped(value: Any) -> Any:
    """Compose puts variables in the place of every $."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, dict):
        return {key: _escaped(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_escaped(inner) for inner in value]
    return value
