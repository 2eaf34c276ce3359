"""What watches a copy in containers: `xiong watch`, the console, Prometheus and Alertmanager.

Called by the adapter. A copy serves without any of them, so none of their faults stops `up`.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from xiong.config.dump import to_toml
from xiong.config.settings import Settings
from xiong.errors import XiongError
from xiong.model.instance import Instance, InstanceState
from xiong.platforms.base import Progress
from xiong.platforms.compose import commands, engine, looking, services
from xiong.platforms.compose import network as places
from xiong.platforms.compose.composing import Composer
from xiong.platforms.compose.inside import settings_inside
from xiong.platforms.compose.project import Project
from xiong.platforms.onehost import collecting
from xiong.tools import files

WATCH, CONSOLE, PROMETHEUS, ALERTMANAGER = "watch", "console", "prometheus", "alertmanager"
_POSTGRES_EXPORTER, _REDIS_EXPORTER = "postgres-exporter", "redis-exporter"
WATCHING = (ALERTMANAGER, PROMETHEUS, _POSTGRES_EXPORTER, _REDIS_EXPORTER, WATCH, CONSOLE)
_JOBS = {"api": "xiongichat-api", "pager": "xiongichat-pager"}
_FIXED = {
    "xiong-watch": (WATCH, places.WATCH_PORT),
    PROMETHEUS: (PROMETHEUS, places.PROMETHEUS_PORT),
    ALERTMANAGER: (ALERTMANAGER, places.ALERTMANAGER_PORT),
}
_EXPORTERS = {"postgres": (_POSTGRES_EXPORTER, 9187), "redis": (_REDIS_EXPORTER, 9121)}


async def start(composer: Composer, progress: Progress) -> None:
    """Starts what should run, makes anew what changed, removes what should not run any more."""
    project = composer.project
    settings = project.settings
    wanted = [name for name, on in _switches(settings).items() if on]
    present = {c.service: c for c in await engine.containers(project.name)}
    for name in WATCHING:
        if name in present and name not in wanted:
            await engine.call(commands.remove(present[name].id), f"removing {name}")
    changed = _write(composer)
    for name in wanted:
        try:
            await composer.up_anew([name], changed)
            await services.await_up(project, name)
            progress(", ".join([f"{name} runs", *filter(None, [looking.url_of(project, name)])]))
        except XiongError as error:
            progress(f"{name} does not come up, the service runs without it: {error.message}")
    announce(project, await looking.instances(project))


def announce(project: Project, instances: Sequence[Instance]) -> None:
    """Writes where Prometheus finds each container."""
    network = project.network
    found: dict[str, list[tuple[str, str]]] = {name: [] for name in _JOBS.values()}
    for one in instances:
        if one.service in _JOBS and one.url and one.state is not InstanceState.STOPPED:
            found[_JOBS[one.service]].append((urlsplit(one.url).netloc, one.name))
    for job, (name, port) in _FIXED.items():
        found[job] = [(f"{network.front(name)}:{port}", job)]
    here = {one.name for one in instances}
    for job, (name, port) in _EXPORTERS.items():
        found[job] = [(f"{network.back(name)}:{port}", job)] if name in here else []
    collecting.write_targets(project.layout, found)


def _switches(settings: Settings) -> dict[str, bool]:
    return {
        ALERTMANAGER: settings.monitoring.enabled,
        PROMETHEUS: settings.monitoring.enabled,
        _POSTGRES_EXPORTER: settings.monitoring.enabled and settings.database.url is None,
        _REDIS_EXPORTER: settings.monitoring.enabled and settings.cache.url is None,
        WATCH: settings.watch.enabled,
        CONSOLE: settings.console.enabled,
    }


def _write(composer: Composer) -> set[str]:
    """Configuration of each; the names of those whose own changed."""
    project = composer.project
    settings, layout = project.settings, project.layout
    changed = set()
    texts = collecting.prometheus_texts(settings, layout, "prometheus.compose.yml")
    if any(not file.is_file() or file.read_bytes() != text for file, text in texts.items()):
        changed.add(PROMETHEUS)
    collecting.put_rules(layout, texts)
    own = settings.monitoring.alertmanager_file
    hook = f"http://{project.network.front(WATCH)}:{places.WATCH_PORT}{collecting.HOOK}"
    text = own.read_bytes() if own else collecting.alertmanager_text(hook)
    file = layout.monitoring / "alertmanager.yml"
    if not file.is_file() or file.read_bytes() != text:
        changed.add(ALERTMANAGER)
    collecting.put({file: text})
    for name in ("prometheus", "alertmanager"):
        services.folder_for_the_service(layout.monitoring / name)
    told = to_toml(settings_inside(project)).encode()
    if not layout.effective_settings.is_file() or layout.effective_settings.read_bytes() != told:
        files.write_atomic(layout.effective_settings, told)
        changed |= {WATCH, CONSOLE}
    return changed
