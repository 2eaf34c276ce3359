"""What watches a local copy: `xiong watch`, the console, Prometheus and Alertmanager if they are on PATH.

Called by the adapter. A copy serves without any of them, so none of their faults stops `up`.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import xiong
from xiong.config.dump import to_toml
from xiong.config.settings import Settings
from xiong.errors import PlatformError
from xiong.platforms.base import Progress
from xiong.platforms.collectors import HINT, Collectors, find_collectors
from xiong.platforms.local import specs
from xiong.platforms.local.supervision.client import SupervisorClient
from xiong.platforms.local.supervision.spec import ChildState, ChildStatus, ProcessSpec
from xiong.platforms.onehost import collecting
from xiong.platforms.onehost.layout import Layout
from xiong.platforms.onehost.ports import Ports
from xiong.tools import files

_JOBS = {specs.API: "xiongichat-api", specs.PAGER: "xiongichat-pager"}


def planned(
    settings: Settings, layout: Layout, ports: Ports, collectors: Collectors, *, write: bool
) -> list[ProcessSpec]:
    """What should run, last the tool's own; with `write`, its configuration is put where it reads it."""
    found: list[ProcessSpec] = []
    if settings.monitoring.enabled:
        if collectors.alertmanager:
            file, digest = _alertmanager_file(settings, layout, ports, write=write)
            found.append(specs.alertmanager(layout, ports, collectors.alertmanager, file, digest))
        if collectors.prometheus:
            digest = _prometheus_files(settings, layout, write=write)
            found.append(specs.prometheus(layout, ports, collectors.prometheus, digest))
    text = to_toml(settings)
    if write:
        files.write_atomic(layout.effective_settings, text.encode())
    setup = _digest(text.encode(), _code())
    if settings.watch.enabled:
        found.append(specs.watch(layout, ports, setup))
    if settings.console.enabled:
        found.append(specs.console(layout, ports, settings.console, setup))
    return found


async def start(
    supervisor: SupervisorClient, settings: Settings, layout: Layout, ports: Ports, progress: Progress
) -> None:
    """Starts what should run, restarts what changed, stops what should not run any more."""
    collectors = find_collectors()
    wanted = planned(settings, layout, ports, collectors, write=True)
    present = {child.name: child for child in await supervisor.list()}
    names = {spec.name for spec in wanted}
    for child in present.values():
        if child.service in specs.WATCHING and child.name not in names:
            await supervisor.stop(child.name, forget=True)
    announce(layout, ports, list(present.values()))
    for spec in wanted:
        await supervisor.ensure(spec)
    ready = await asyncio.gather(*(_ready(supervisor, spec) for spec in wanted))
    for spec, (status, fault) in zip(wanted, ready, strict=True):
        progress(fault or _told(spec, status, present.get(spec.name)))
    lacking = collectors.missing() if settings.monitoring.enabled else None
    if lacking:
        progress(f"{lacking}: no alerts, no history of metrics; {HINT}")


async def _ready(supervisor: SupervisorClient, spec: ProcessSpec) -> tuple[ChildStatus | None, str]:
    try:
        return await supervisor.wait_ready(spec.name, spec.ready_timeout_s, deaths_allowed=1), ""
    except PlatformError as error:
        return None, f"{spec.name} does not come up, the service runs without it: {error.message}"


def _told(spec: ProcessSpec, now: ChildStatus | None, before: ChildStatus | None) -> str:
    pid = now.pid if now else None
    was = "runs" if before and before.pid == pid else "started"
    return f"{spec.name} {was} (pid {pid}), {spec.labels['url']}"


def announce(layout: Layout, ports: Ports, children: Sequence[ChildStatus]) -> None:
    """Writes where Prometheus finds each process."""
    found: dict[str, list[tuple[str, str]]] = {name: [] for name in _JOBS.values()}
    for child in children:
        if child.service in _JOBS and child.url and child.state is not ChildState.STOPPED:
            found[_JOBS[child.service]].append((urlsplit(child.url).netloc, child.name))
    fixed = {"xiong-watch": ports.watch, specs.PROMETHEUS: ports.prometheus}
    fixed[specs.ALERTMANAGER] = ports.alertmanager
    for job, port in fixed.items():
        found[job] = [(f"127.0.0.1:{port}", job)]
    collecting.write_targets(layout, found)


def _prometheus_files(settings: Settings, layout: Layout, *, write: bool) -> str:
    """Puts settings and rules where the local Prometheus reads them; returns their digest."""
    texts = collecting.prometheus_texts(settings, layout, "prometheus.local.yml")
    if write:
        collecting.put_rules(layout, texts)
    return _digest(*(str(file.name).encode() + text for file, text in texts.items()))


def _alertmanager_file(settings: Settings, layout: Layout, ports: Ports, *, write: bool) -> tuple[Path, str]:
    """The user's own file, or the shipped routes with the daemon as every receiver; and its digest."""
    own = settings.monitoring.alertmanager_file
    if own is not None:
        return own.absolute(), _digest(own.read_bytes())
    text = collecting.alertmanager_text(f"http://127.0.0.1:{ports.watch}{collecting.HOOK}")
    file = layout.monitoring / "alertmanager.yml"
    if write:
        collecting.put({file: text})
    return file, _digest(text)


def _code() -> bytes:
    """Changes when the tool's own code does, so that `up` then restarts the daemon."""
    root = Path(xiong.__file__).parent
    found = ((file, file.stat()) for file in sorted(root.rglob("*.py")))
    return repr([(str(file), s.st_size, s.st_mtime_ns) for file, s in found]).encode()


def _digest(*texts: bytes) -> str:
    return hashlib.sha256(b"\0".join(texts)).hexdigest()[:16]
