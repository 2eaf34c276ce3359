"""Brings up what a replica needs, in order: the tool's image, PostgreSQL, Valkey, the proxy."""

from __future__ import annotations

import os
from pathlib import Path

import orjson

from xiong.config.settings import Settings
from xiong.platforms.base import Progress
from xiong.platforms.compose import commands, engine, looking
from xiong.platforms.compose import network as places
from xiong.platforms.compose.composing import Composer
from xiong.platforms.compose.images import ReleaseImages
from xiong.platforms.compose.project import Project, give, reader, service_user
from xiong.platforms.onehost import proxy, servers
from xiong.platforms.onehost.secrets import HostSecrets
from xiong.tools import files
from xiong.tools.clock import SystemClock, wait_for

POSTGRES, VALKEY, PROXY = "postgres", "valkey", "proxy"
_START_SECONDS = 90.0
_PULL_SECONDS = 600.0
_INSIDE_PROXY = "/run/xiong/proxy"
_HBA = "local all all scram-sha-256\nhost all all all scram-sha-256\nhost replication all all scram-sha-256\n"


async def start(composer: Composer, images: ReleaseImages, secrets: HostSecrets, progress: Progress) -> None:
    """Starts what does not run yet; a part whose configuration changed is made anew.

    Raises:
        PlatformError: an image cannot be built, or a part does not come up.
    """
    project = composer.project
    settings = project.settings
    project.folder.mkdir(exist_ok=True)
    if settings.database.url is None and os.geteuid() == 0:
        project.keep_database_user(await _user_of(settings.compose.postgres_image, "postgres"))
    project.make()
    composer.keep_operations(await images.operations(settings.service.source or Path(), progress))
    publish(project, secrets)
    wanted = [PROXY]
    if settings.database.url is None:
        _write_for_the_database(project, secrets)
        wanted.append(POSTGRES)
    if settings.cache.url is None:
        wanted.append(VALKEY)
    changed = _write_for_the_proxy(project)
    before = {c.service: c.started_at for c in await engine.containers(project.name)}
    await composer.up_anew(wanted, [PROXY] if changed else [])
    for name in wanted:
        await await_up(project, name)
        container = next(c for c in await engine.containers(project.name) if c.service == name)
        was = "runs" if before.get(name) == container.started_at else "started"
        progress(f"{name} {was} ({container.id[:12]})")


async def _user_of(image: str, name: str) -> tuple[int, int]:
    """(uid, gid) of a user in an image; the server refuses to start as one that is not there."""
    found = []
    for which in ("-u", "-g"):
        argv = commands.run_once(image, [which, name], network="none", user="65534:65534", entrypoint="id")
        done = await engine.call(argv, f"asking {image} for its user {name}", seconds=_PULL_SECONDS)
        found.append(int(done.stdout))
    return found[0], found[1]


async def await_up(project: Project, name: str) -> None:
    """Returns once it is ready.

    Raises:
        DeadlineError: it is not in time.
    """

    async def ready() -> bool:
        return any(i.name == name and i.state == "ready" for i in await looking.instances(project))

    hint = f"docker logs {project.container(name)}"
    await wait_for(ready, what=name, seconds=_START_SECONDS, clock=SystemClock(), every=0.2, hint=hint)


def publish(project: Project, secrets: HostSecrets) -> None:
    """Writes what the service and its cache read of the secrets."""
    secrets.service_files(project.settings, project.network.stores)
    secrets.owner_file(project.settings, project.network.stores)
    if project.settings.cache.url is None:
        words = [secret.reveal() for secret in (secrets.get("cache"), *secrets.beside("cache"))]
        text = servers.valkey_configuration("/data", 6379, words, project.settings.cache, bind="0.0.0.0")  # noqa: S104 - of its container
        _put(project.cache_files / "valkey.conf", text.encode(), reader())
        _put(project.cache_files / "password", words[0].encode(), reader())
        host, port = project.network.stores.cache
        told = orjson.dumps({f"redis://{host}:{port}": words[0]})
        _put(project.layout.root / "exporters" / "cache-passwords.json", told, reader())


def faults(settings: Settings) -> list[str]:
    """Files that a setting names and that are not there, in words."""
    named = (
        ("proxy.certificate", settings.proxy.certificate),
        ("proxy.key", settings.proxy.key),
        ("paging.file", settings.paging.file),
        ("monitoring.alertmanager_file", settings.monitoring.alertmanager_file),
    )
    return [f"{name} names no file: {file}" for name, file in named if file and not file.is_file()]


def _write_for_the_database(project: Project, secrets: HostSecrets) -> None:
    owner = project.database_user if os.geteuid() == 0 else None
    folder, superuser = project.database_files, secrets.get("database-superuser").reveal()
    _put(folder / "superuser", superuser.encode(), owner)
    _put(folder / "pg_hba.conf", _HBA.encode(), owner)
    word = secrets.get("database-backup").reveal()
    lines = [f"*:*:*:postgres:{superuser}", f"*:*:*:xiongichat_backup:{word}", ""]
    monitor = secrets.get("database-monitor").reveal().encode()
    _put(project.layout.root / "exporters" / "database-password", monitor, reader())
    _put(folder / "pgpass", "\n".join(lines).encode(), owner)


def _write_for_the_proxy(project: Project) -> bool:
    """Its configuration; whether that changed."""
    network, folder = project.network, project.layout.proxy
    most = project.settings.service.max_replicas + 1  # one more for the roll

    def inside(path: Path) -> str:
        """A copy that its user can read, as it sees it."""
        _put(folder / "given" / path.name, path.read_bytes(), reader())
        return f"{_INSIDE_PROXY}/given/{path.name}"

    front = proxy.Front(
        listen=f":{places.PROXY_PORT}",
        slots=[f"{network.front(f'api-{slot}')}:{places.API_PORT}" for slot in range(most)],
        deployment_id=project.layout.deployment_id,
        certificates=Path(_INSIDE_PROXY) / "certificates",
        path_of=inside,
        console=f"{network.front('console')}:{places.CONSOLE_PORT}",
        console_listen=f":{places.PROXIED_CONSOLE_PORT}",
    )
    document = proxy.configuration(project.settings.proxy, front)
    text = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
    return _put(folder / "caddy.json", text, reader())


def folder_for_the_service(folder: Path) -> None:
    """Makes a folder that the service's user may write in."""
    folder.mkdir(exist_ok=True)
    give(folder, service_user(), 0o700)


def _put(file: Path, content: bytes, owner: tuple[int, int] | None) -> bool:
    """Writes it where it differs; whether it did."""
    if file.is_file() and file.read_bytes() == content:
        return False
    if not file.parent.is_dir():
        folder_for_the_service(file.parent)
    files.write_atomic(file, content, owner=owner)
    return True
