"""What the supervisor is told to run: one spec for each data store, the proxy and a replica."""

from __future__ import annotations

import hashlib
import signal
from collections.abc import Mapping
from pathlib import Path

from xiong.config.settings import Settings
from xiong.platforms.local import commands
from xiong.platforms.local.database import ServerUser
from xiong.platforms.local.layout import Layout
from xiong.platforms.local.ports import Ports
from xiong.platforms.local.programs import Programs
from xiong.platforms.local.supervision.spec import Probe, ProcessSpec

POSTGRES, VALKEY, PROXY, API = "postgres", "valkey", "proxy", "api"


def postgres(
    settings: Settings, layout: Layout, ports: Ports, programs: Path, user: ServerUser
) -> ProcessSpec:
    return ProcessSpec(
        name=POSTGRES,
        service=POSTGRES,
        argv=tuple(commands.postgres(programs, layout.database, ports.database, settings.database)),
        env=commands.BASE_ENVIRONMENT,
        cwd=str(layout.database),
        user=None if user.uid is None or user.gid is None else (user.uid, user.gid),
        log_path=str(layout.logs / "postgres.log"),
        lock_file=str(layout.database / "postmaster.pid"),
        ready=Probe(kind="tcp", port=ports.database),
        ready_timeout_s=60,
        stop_signal=signal.SIGINT,  # fast shutdown: ends sessions, keeps every commit
        stop_grace_s=60,
    )


def valkey(layout: Layout, ports: Ports, programs: Programs, configuration: Path) -> ProcessSpec:
    return ProcessSpec(
        name=VALKEY,
        service=VALKEY,
        argv=tuple(commands.valkey(programs.valkey, configuration)),
        env=commands.BASE_ENVIRONMENT,
        cwd=str(layout.cache),
        log_path=str(layout.logs / "valkey.log"),
        ready=Probe(kind="tcp", port=ports.cache),
        stop_grace_s=20,
    )


def proxy(layout: Layout, ports: Ports, programs: Programs, configuration: Path) -> ProcessSpec:
    return ProcessSpec(
        name=PROXY,
        service=PROXY,
        argv=tuple(commands.caddy(programs.caddy, configuration)),
        env={**commands.BASE_ENVIRONMENT, "HOME": str(layout.proxy), "XDG_DATA_HOME": str(layout.proxy)},
        cwd=str(layout.proxy),
        log_path=str(layout.logs / "proxy.log"),
        ready=Probe(kind="tcp", port=ports.proxy),
        stop_grace_s=35,
    )


def replica(
    settings: Settings,
    layout: Layout,
    ports: Ports,
    *,
    slot: int,
    release_id: str,
    python: Path,
    site: Path,
    secret_files: Mapping[str, Path],
) -> ProcessSpec:
    port = ports.slots[slot]
    name = f"{API}-{slot}"
    environment = commands.service_environment(
        settings, layout, secret_files, site=site, release_id=release_id
    )
    argv = tuple(commands.replica(python, port, settings.deploy.drain_seconds))
    env = {**environment, "PORT": str(port), "HOLD_PATH": str(layout.holds / name)}
    setup = hashlib.sha256(repr((argv, sorted(env.items()))).encode()).hexdigest()[:16]
    return ProcessSpec(
        name=name,
        service=API,
        argv=argv,
        env=env,
        cwd=str(layout.spool),
        log_path=str(layout.logs / f"{name}.log"),
        ready=Probe(
            kind="http", url=f"http://127.0.0.1:{port}/api/v1/started", json_equals={"release": release_id}
        ),
        ready_timeout_s=settings.deploy.ready_seconds,
        stop_grace_s=settings.deploy.drain_seconds + 5,
        release_id=release_id,
        labels={"url": f"http://127.0.0.1:{port}", "slot": str(slot), "setup": setup},
    )
