"""Puts a restored data folder in the place of the live one; what a crash cut off is finished by a repeat."""

from __future__ import annotations

import glob
import os
import shutil
from pathlib import Path

from xiong.errors import PlatformError
from xiong.platforms.stores import KeptStore

_MARK = "kept-"


def exchange(live: Path, folder: Path, beside: Path) -> None:
    """`live` goes to `beside`, `folder` to `live`; each step that is done already is left.

    Raises:
        PlatformError: there is nothing to put there.
    """
    kept = beside.with_name(f"{_MARK}{beside.name}")
    if not folder.exists():
        if live.exists() and kept.exists():
            return
        raise PlatformError(f"{folder} is not there: nothing can take the place of {live}")
    if live.exists():
        if kept.exists():
            raise PlatformError(
                f"{kept} is there already, beside {live} and {folder}", hint="xiong restore --confirm"
            )
        os.rename(live, kept)
    os.rename(folder, live)
    for parent in {live.parent, kept.parent}:
        _settle(parent)


def own(folder: Path, run_as: tuple[int, int]) -> None:
    """Makes a user the owner of a folder and all in it; needs root."""
    os.chown(folder, *run_as)
    for path, folders, names in os.walk(folder):
        for name in (*folders, *names):
            os.chown(os.path.join(path, name), *run_as, follow_symlinks=False)


def sweep(folder: Path, beginning: str) -> None:
    """Deletes what begins so, folders and what lies beside them; what is kept begins otherwise."""
    for path in folder.glob(f"{glob.escape(beginning)}*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def kept(*folders: Path) -> list[KeptStore]:
    """What earlier exchanges left in them, oldest first."""
    there = [path for folder in folders for path in folder.glob(f"{_MARK}*")]
    found = sorted(there, key=lambda path: path.stat().st_ctime)
    return [_kept(path) for path in found]


def _kept(path: Path) -> KeptStore:
    store, _, name = path.name.removeprefix(_MARK).partition("-")
    size = sum(file.lstat().st_blocks * 512 for file in path.rglob("*"))
    return KeptStore(store, name, path, size)


def _settle(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
