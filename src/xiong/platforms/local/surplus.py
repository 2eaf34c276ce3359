"""What may go from the disk of a local copy when it gets full: old releases and rotated logs, never data."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from xiong.model.volume import Surplus
from xiong.platforms.local.releases import ReleaseFolders
from xiong.platforms.onehost.layout import Layout
from xiong.platforms.onehost.volumes import volume_folders

_BLOCK_BYTES = 512  # the unit of st_blocks, whatever the file system's own is


def reclaim(
    layout: Layout, folders: ReleaseFolders, keep: Collection[str], volumes: Collection[str], *, dry_run: bool
) -> list[Surplus]:
    """See `Platform.reclaim`; an environment goes with the last release that uses it."""
    devices = {folder.stat().st_dev for name, folder in volume_folders(layout).items() if name in volumes}
    found = []
    for file in sorted(layout.logs.rglob("*.log.[0-9]")):
        if file.stat().st_dev in devices:
            found.append(Surplus(f"log {file.relative_to(layout.logs)}", _size([file])))
            if not dry_run:
                file.unlink(missing_ok=True)
    if layout.releases.stat().st_dev in devices:
        found += _releases(layout, folders, keep, dry_run=dry_run)
    return found


def _releases(
    layout: Layout, folders: ReleaseFolders, keep: Collection[str], *, dry_run: bool
) -> list[Surplus]:
    staged = folders.all()
    counted = {folders.python(release.id) for release in staged if release.id in keep}
    found = []
    for release in staged:
        if release.id in keep:
            continue
        python = folders.python(release.id)
        gone = [layout.releases / release.id, *([] if python in counted else [python.parents[1]])]
        counted.add(python)
        found.append(Surplus(f"release {release.id}", _size(path for top in gone for path in top.rglob("*"))))
        if not dry_run:
            folders.discard(release.id)
    return found


def _size(paths: Iterable[Path]) -> int:
    """Bytes that come back when these are deleted; a file with another name elsewhere stays."""
    stats = [path.lstat() for path in paths]
    return sum(s.st_blocks * _BLOCK_BYTES for s in stats if s.st_nlink == 1)
