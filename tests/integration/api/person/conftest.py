"""A replica whose people may ask for their data, and what they may ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from api.person.requests import Requests, make_engine
from api.settings import Settings
from lives import KEY
from replicas import Inner, inner_replica, settings_for


@pytest.fixture
def settings(database: Any, valkey: Any, tmp_path: Path) -> Settings:
    """Settings that can record an erasure."""
    return settings_for(database.url, valkey.url, tmp_path / "spool", secret_key=KEY)


@pytest.fixture
async def chat(settings: Settings) -> AsyncIterator[Inner]:
    """A replica to write to."""
    async with inner_replica(settings) as inner:
        yield inner


@pytest.fixture
async def requests(settings: Settings) -> AsyncIterator[Requests]:
    """What can be asked for."""
    engine = make_engine(settings)
    yield Requests(settings, engine)
    await engine.dispose()
