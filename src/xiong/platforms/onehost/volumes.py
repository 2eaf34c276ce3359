"""How full the file systems are on which a copy writes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from xiong.config.settings import Settings
from xiong.model.volume import Volume
from xiong.platforms.onehost.layout import Layout


def too_little(settings: Settings, layout: Layout) -> list[str]:
    """Why nothing can be started for want of room, in words."""
    free, least = shutil.disk_usage(layout.root).free // 2**20, settings.deploy.disk_free_mb
    if free >= least:
        return []
    return [f"{free} MiB are free at {layout.root}, {least} MiB are needed (deploy.disk_free_mb)"]


def volume_folders(layout: Layout) -> dict[str, Path]:
    """The file system of the state folder, the data stores' own where that is another, and a drill's."""
    found = {"state": layout.root}
    if layout.store_root.stat().st_dev != layout.root.stat().st_dev:
        found["database"] = layout.store_root
    if os.path.ismount(layout.small_disk):
        found["drill"] = layout.small_disk
    return found


def volumes(layout: Layout) -> list[Volume]:
    """How full each of them is."""
    seen = {name: os.statvfs(folder) for name, folder in volume_folders(layout).items()}
    return [
        Volume(name, s.f_bavail * s.f_frsize, s.f_blocks * s.f_frsize, s.f_favail, s.f_files)
        for name, s in seen.items()
    ]
