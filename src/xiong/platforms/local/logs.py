"""Reads the log files of the copies, once or as they grow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from xiong.tools.clock import SystemClock

_POLL_SECONDS = 0.2


async def lines(folder: Path, service: str | None, *, follow: bool) -> AsyncIterator[tuple[str, bytes]]:
    """(instance, line) of all logs below `folder`; with `follow`, for ever.

    A file that was cut short by rotation is read again from its beginning.
    """
    places: dict[Path, int] = {}
    while True:
        for file in sorted(folder.glob("*.log")):
            if service is not None and file.stem != service and not file.stem.startswith(f"{service}-"):
                continue
            start = places.get(file, 0)
            if start > file.stat().st_size:
                start = 0
            with file.open("rb") as opened:
                opened.seek(start)
                for line in opened:
                    if not line.endswith(b"\n") and follow:
                        break
                    start += len(line)
                    yield file.stem, line.rstrip(b"\n")
            places[file] = start
        if not follow:
            return
        await SystemClock().sleep(_POLL_SECONDS)
