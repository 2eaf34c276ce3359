"""A copy to drill, with a pager that sends mail and `xiong watch`; and drills with short promises."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

from copies import Copy, finished, open_folder
from recipients import mailbox
from watched import PAGING
from xiong.config.load import load_settings
from xiong.model.drill import DrillResult
from xiong.operations.drill import registry
from xiong.operations.drill.course import take
from xiong.platforms.local.adapter import LocalPlatform
from xiong.tools.clock import SystemClock


@contextmanager
def drilled_copy(**environment: str) -> Iterator[Copy]:
    """Runs one; further settings by environment."""
    with mailbox("none") as box:
        folder = open_folder()
        file = folder / "paging.yaml"
        file.write_text(PAGING.format(port=box.port))
        made = Copy(
            folder,
            XIONG_PAGING__FILE=str(file),
            XIONG_WATCH__ENABLED="true",
            XIONG_WATCH__CYCLE_SECONDS="1",
            **environment,
        )
        try:
            made.up()
            yield made
        finally:
            made.remove()


def short(copy: Copy, name: str, **seconds: float) -> DrillResult:
    """Takes a drill whose limits are those, so that a broken promise is seen soon."""
    mine = {key: value for key, value in copy.environment.items() if key.startswith("XIONG_")}
    with patch.dict(os.environ, mine):
        settings = load_settings(None, {"state": copy.state})
    drill = registry.by_name(name)
    quick = replace(drill, limits=replace(drill.limits, **seconds))
    return finished(take(quick, LocalPlatform(settings), settings, SystemClock(), print))
