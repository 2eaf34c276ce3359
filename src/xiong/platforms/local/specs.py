"""What the supervisor is told to run: data stores, proxy, replicas, pagers, and what watches them."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from xiong.config.settings import ConsoleSettings, Settings
from xiong.platforms.local import commands
from xiong.platforms.local.database import ServerUser
from xiong.platforms.local.programs import Programs
from xiong.platforms.local.supervision.spec import Probe, ProcessSpec
from xiong.platforms.onehost import servers
from xiong.platforms.onehost.layout import Layout
from xiong.platforms.onehost.ports import Ports

POSTGRES, VALKEY, PROXY, API, PAGER = "postgres", "valkey", "proxy", "api", "pager"
WAL = "wal"
WATCH, PROMETHEUS, ALERTMANAGER, CONSOLE = "watch", "prometheus", "alertmanager", "console"
WATCHING = (WATCH, PROMETHEUS, ALERTMANAGER, CONSOLE)
_PAGER_GRACE_SECONDS = 15  # a send in flight takes 10 at most


@dataclass(frozen=True)
class Start:
    """With what a process of a release is started.

    Attributes:
        secrets: changes with what the files hold that it reads at its start, so that a roll replaces it.
    """

    release_id: str
    python: Path
    environment: Mapping[str, str]
    secrets: str = ""


def postgres(
    settings: Settings, layout: Layout, ports: Ports, programs: Path, user: ServerUser
) -> ProcessSpec:
    return ProcessSpec(
        name=POSTGRES,
        service=POSTGRES,
        argv=tuple(
            commands.postgres(
                programs,
                layout.database,
                ports.database,
                settings.database,
                servers.log_options(settings, str(layout.wal)),
            )
        ),
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


def replica(slot: int, start: Start, settings: Settings, layout: Layout, ports: Ports) -> ProcessSpec:
    port = ports.slots[slot]
    name = f"{API}-{slot}"
    argv = commands.replica(start.python, port, settings.deploy.drain_seconds)
    environment = {**start.environment, "PORT": str(port), "HOLD_PATH": str(layout.holds / name)}
    ready = Probe(
        kind="http",
        url=f"http://127.0.0.1:{port}/api/v1/started",
        json_equals={"release": start.release_id},
    )
    labels = {"url": f"http://127.0.0.1:{port}", "slot": str(slot)}
    grace = settings.deploy.drain_seconds + 5
    return _of_release(name, API, argv, environment, start, settings, layout, ready, labels, grace)


def pager(slot: int, start: Start, settings: Settings, layout: Layout, ports: Ports) -> ProcessSpec:
    port = ports.pagers[slot]
    ready = Probe(
        kind="http", url=f"http://127.0.0.1:{port}/healthz", json_equals={"release": start.release_id}
    )
    return _of_release(
        f"{PAGER}-{slot}",
        PAGER,
        commands.pager(start.python),
        {**start.environment, "PAGER_PORT": str(port)},
        start,
        settings,
        layout,
        ready,
        {"slot": str(slot)},
        _PAGER_GRACE_SECONDS,
    )


def watch(layout: Layout, ports: Ports, setup: str) -> ProcessSpec:
    """The daemon, by the tool's own interpreter; a changed `setup` restarts it."""
    return _watching(
        WATCH,
        commands.watch(Path(sys.executable), layout.effective_settings, layout.root, ports.watch),
        {**_path(), "XIONG_SETUP": setup},
        layout,
        f"http://127.0.0.1:{ports.watch}",
        "/healthz",
    )


def console(layout: Layout, ports: Ports, settings: ConsoleSettings, setup: str) -> ProcessSpec:
    """The operators' page; a stop lets a rollback that was begun there end."""
    host = "127.0.0.1" if settings.bind in {"0.0.0.0", "::"} else settings.bind  # noqa: S104 - read, not bound
    return _watching(
        CONSOLE,
        commands.console(Path(sys.executable), layout.effective_settings, layout.root),
        {**_path(), "XIONG_CONSOLE__PORT": str(ports.console), "XIONG_SETUP": setup},
        layout,
        f"http://{host}:{ports.console}",
        "/healthz",
        stop_grace_s=95,
    )


def _path() -> dict[str, str]:
    return {"PYTHONPATH": os.environ["PYTHONPATH"]} if os.environ.get("PYTHONPATH") else {}


def prometheus(layout: Layout, ports: Ports, program: Path, setup: str) -> ProcessSpec:
    """Prometheus; its storage is given back by a kill too, so it may be restarted at any time."""
    argv = commands.prometheus(program, layout.monitoring, ports.prometheus)
    url = f"http://127.0.0.1:{ports.prometheus}"
    return _watching(PROMETHEUS, argv, {"XIONG_SETUP": setup}, layout, url, "/-/ready")


def alertmanager(layout: Layout, ports: Ports, program: Path, file: Path, setup: str) -> ProcessSpec:
    argv = commands.alertmanager(program, file, layout.monitoring, ports.alertmanager)
    url = f"http://127.0.0.1:{ports.alertmanager}"
    return _watching(ALERTMANAGER, argv, {"XIONG_SETUP": setup}, layout, url, "/-/ready")


def _watching(
    name: str,
    argv: list[str],
    environment: dict[str, str],
    layout: Layout,
    url: str,
    ready: str,
    stop_grace_s: float = 10,
) -> ProcessSpec:
    return ProcessSpec(
        name=name,
        service=name,
        argv=tuple(argv),
        env={**commands.BASE_ENVIRONMENT, **environment},
        cwd=str(layout.monitoring),
        log_path=str(layout.logs / f"{name}.log"),
        ready=Probe(kind="http", url=f"{url}{ready}"),
        ready_timeout_s=20,
        stop_grace_s=stop_grace_s,
        labels={"url": url},
    )


def _of_release(
    name: str,
    service: str,
    argv: list[str],
    environment: dict[str, str],
    start: Start,
    settings: Settings,
    layout: Layout,
    ready: Probe,
    labels: dict[str, str],
    grace: float,
) -> ProcessSpec:
    made_of = repr((argv, sorted(environment.items()), start.secrets))
    setup = hashlib.sha256(made_of.encode()).hexdigest()[:16]
    return ProcessSpec(
        name=name,
        service=service,
        argv=tuple(argv),
        env=environment,
        cwd=str(layout.spool),
        log_path=str(layout.logs / f"{name}.log"),
        ready=ready,
        ready_timeout_s=settings.deploy.ready_seconds,
        stop_grace_s=grace,
        release_id=start.release_id,
        labels={**labels, "setup": setup},
    )
