"""A running console over a small service for each test; servers are cheap here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from console_stage import Stage, stage


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Stage]:
    """With everything as it is by default."""
    with stage(tmp_path) as made:
        yield made
