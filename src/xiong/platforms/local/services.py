"""Brings up what a replica needs, in order: supervisor, PostgreSQL, Valkey, the proxy."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

import orjson

from xiong.config.settings import ProxySettings, Settings
from xiong.errors import PlatformError
from xiong.platforms.base import Progress
from xiong.platforms.local import archiving, database, specs
from xiong.platforms.local.programs import Programs
from xiong.platforms.local.supervision.client import SupervisorClient
from xiong.platforms.local.supervision.spec import ProcessSpec
from xiong.platforms.local.supervision.starting import start_daemon
from xiong.platforms.onehost import proxy, servers, volumes
from xiong.platforms.onehost.layout import Layout
from xiong.platforms.onehost.ports import Owner, Ports, owner_of
from xiong.platforms.onehost.secrets import HostSecrets
from xiong.tools import files

_START_SECONDS = 60.0


def faults(settings: Settings, layout: Layout) -> list[str]:
    """Why nothing can be started, in words: too little room, or a file that is not there."""
    named = (
        ("proxy.certificate", settings.proxy.certificate),
        ("proxy.key", settings.proxy.key),
        ("paging.file", settings.paging.file),
        ("monitoring.alertmanager_file", settings.monitoring.alertmanager_file),
    )
    missing = (f"{name} names no file: {file}" for name, file in named if file and not file.is_file())
    return [*volumes.too_little(settings, layout), *missing]


def foreign_ports(ports: Ports, logs: Path) -> list[str]:
    """Ports of ours on which somebody else listens, in words.

    A process that writes into our log folder is ours, also when no supervisor runs to say so.
    """
    ours = (
        (specs.PROXY, ports.proxy, "proxy.port"),
        (specs.POSTGRES, ports.database, "database.port"),
        (specs.VALKEY, ports.cache, "cache.port"),
    )
    return [
        f"port {port} for the {service} is taken by {owner}: stop it, or set {setting} (0 picks a free one)"
        for service, port, setting in ours
        if (owner := owner_of(port)) and not _writes_below(owner, logs)
    ]


def _writes_below(owner: Owner, folder: Path) -> bool:
    try:
        return Path(f"/proc/{owner.pid}/fd/1").readlink().parent == folder
    except OSError:
        return False


async def start(
    settings: Settings,
    layout: Layout,
    ports: Ports,
    programs: Programs,
    secrets: HostSecrets,
    progress: Progress,
) -> None:
    """Starts what does not run yet; a part whose configuration changed is restarted.

    Raises:
        PlatformError: a part does not come up; its last words are in the message.
    """
    await start_daemon(layout.root, _START_SECONDS)
    async with SupervisorClient(layout.root) as supervisor:
        if settings.database.url is None:
            user = await database.server_user(settings.database.user)
            server = database.readable_programs(programs.postgres, layout, user)
            await database.ensure_data(server, layout, user, secrets.get("database-superuser"))
            archiving.prepare(settings, layout, user)
            await _bring_up(supervisor, specs.postgres(settings, layout, ports, server, user), progress)
        if settings.cache.url is None:
            configuration = write_cache_configuration(settings, layout, ports, secrets)
            await _bring_up(supervisor, specs.valkey(layout, ports, programs, configuration), progress)
        document = orjson.dumps(
            proxy.configuration(settings.proxy, front_of(settings.proxy, layout, ports)),
            option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS,
        )
        configuration = layout.proxy / "caddy.json"
        changed = not configuration.is_file() or configuration.read_bytes() != document
        files.write_atomic(configuration, document)
        spec = specs.proxy(layout, ports, programs, configuration)
        running = {c.name for c in await supervisor.list()}
        if changed and spec.name in running:
            await supervisor.restart(spec.name)
        await _bring_up(supervisor, spec, progress)


def front_of(settings: ProxySettings, layout: Layout, ports: Ports) -> proxy.Front:
    """What the local proxy stands before."""
    return proxy.Front(
        listen=f"{settings.bind}:{ports.proxy}",
        slots=[f"127.0.0.1:{port}" for port in ports.slots],
        deployment_id=layout.deployment_id,
        certificates=layout.proxy / "certificates",
    )


def publish(settings: Settings, layout: Layout, ports: Ports, secrets: HostSecrets) -> None:
    """Writes what the service and its cache read of the secrets."""
    secrets.service_files(settings, ports.stores)
    secrets.owner_file(settings, ports.stores)
    if settings.cache.url is None:
        write_cache_configuration(settings, layout, ports, secrets)


def write_cache_configuration(settings: Settings, layout: Layout, ports: Ports, secrets: HostSecrets) -> Path:
    """The cache's file, with every password that it takes; read at its next start."""
    configuration = layout.secrets / "valkey.conf"
    words = [secret.reveal() for secret in (secrets.get("cache"), *secrets.beside("cache"))]
    text = servers.valkey_configuration(str(layout.cache), ports.cache, words, settings.cache)
    files.write_atomic(configuration, text.encode())
    return configuration


async def _bring_up(supervisor: SupervisorClient, spec: ProcessSpec, progress: Progress) -> None:
    status = await supervisor.ensure(spec)
    try:
        ready = await supervisor.wait_ready(spec.name, spec.ready_timeout_s, deaths_allowed=1)
    except PlatformError as error:
        raise PlatformError(
            f"{spec.name} does not come up: {error.message}", hint=f"tail '{spec.log_path}'"
        ) from error
    was = "runs" if status.pid == ready.pid and status.state == ready.state else "started"
    progress(f"{spec.name} {was} (pid {ready.pid})")


def purge(layout: Layout) -> None:
    """Deletes everything of this copy."""
    for release in layout.releases.glob("*"):
        release.chmod(0o755)  # immutable folders are read-only
    for folder in {layout.store_root, layout.root}:
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(folder)
    if layout.store_root != layout.root:
        with contextlib.suppress(OSError):
            os.rmdir(layout.store_root.parent)
