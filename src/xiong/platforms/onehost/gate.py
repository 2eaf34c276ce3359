"""Closes the way in: every replica is held back, so that the proxy gives its own answer with the hotlines."""

from __future__ import annotations

from collections.abc import Sequence

from xiong.platforms.onehost import proxy
from xiong.platforms.onehost.layout import Layout
from xiong.tools import files
from xiong.tools.clock import SystemClock

_FILE = "gate.json"


async def close(layout: Layout, replicas: Sequence[str]) -> None:
    """Returns once the proxy has seen it; whom it held back is written down first.

    Args:
        layout: of the copy.
        replicas: names of all that there are.
    """
    file = layout.root / _FILE
    if not file.is_file():
        files.write_json(file, [name for name in replicas if not (layout.holds / name).exists()])
    for name in files.read_json(file) or []:
        (layout.holds / name).touch()
    await _seen()


async def open_again(layout: Layout) -> None:
    """Lets in again whom `close` held back, and nobody else."""
    file = layout.root / _FILE
    for name in files.read_json(file) or []:
        (layout.holds / name).unlink(missing_ok=True)
    file.unlink(missing_ok=True)
    await _seen()


async def _seen() -> None:
    # Two of the proxy's checks.
    await SystemClock().sleep(2.5 * proxy.CHECK_SECONDS)
