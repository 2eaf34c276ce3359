"""What the tool reads and sees in its own containers; for `monitoring.py` and `rendering.py` beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xiong.config.settings import Settings
from xiong.platforms.compose import network as places
from xiong.platforms.compose.project import Project
from xiong.tools import files

_EVERYWHERE = "0.0.0.0"  # noqa: S104 - of its own container
_FOLDER_URL = "file://"


def settings_inside(project: Project) -> Settings:
    """The same settings, where it listens on fixed ports of all addresses and each file is one that it sees.

    The console is reached through the proxy, on that port of this machine.
    """
    document = project.settings.model_dump(exclude_unset=True)
    watch = {"bind": _EVERYWHERE, "port": places.WATCH_PORT}
    page = {"bind": _EVERYWHERE, "port": places.CONSOLE_PORT}
    told = {"address": f"http://127.0.0.1:{project.console_port}"}
    document["watch"] = {**document.get("watch", {}), **watch}
    document["console"] = {**told, **document.get("console", {}), **page}
    found = _seen(project, document)
    return Settings.model_validate({**found, "platform": "compose", "state": project.layout.root})


def folders(project: Project) -> list[str]:
    """Folders of this machine beside the state folder that it sees too: repositories of backups."""
    named = (url.removeprefix(_FOLDER_URL) for url in project.settings.backup.repositories if _is_folder(url))
    beside = [path for path in named if not Path(path).is_relative_to(project.layout.root)]
    for path in beside:
        Path(path).mkdir(parents=True, exist_ok=True)  # else the engine makes it for root
    return beside


def _is_folder(url: str) -> bool:
    return url.startswith(_FOLDER_URL)


def _seen(project: Project, document: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, Mapping):
            found[name] = _seen(project, value)
        elif isinstance(value, Path) and value.is_file():
            found[name] = _copied(project, value.absolute())
        else:
            found[name] = value
    return found


def _copied(project: Project, file: Path) -> Path:
    """A copy in the state folder, which is mounted as it is; made anew by `up` when the file changes."""
    mark = hashlib.sha256(str(file).encode()).hexdigest()[:8]
    copy, content = project.folder / "given" / f"{mark}-{file.name}", file.read_bytes()
    if not copy.is_file() or copy.read_bytes() != content:
        files.write_atomic(copy, content)
    return copy
