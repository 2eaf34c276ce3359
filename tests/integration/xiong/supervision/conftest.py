"""A state folder of each test's own; whatever the test leaves behind in it is ended."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from supervised import Place
from xiong.platforms.local.supervision.journal import Record
from xiong.platforms.local.supervision.proc import Identity


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """A state folder with a supervisor at work."""
    made = Place(tmp_path / "state")
    await made.start()
    try:
        yield made
    finally:
        await made.clear()


@pytest.fixture
async def empty_place(tmp_path: Path) -> AsyncIterator[Place]:
    """A state folder without a supervisor; its name is longer than a socket address may be."""
    made = Place(tmp_path / "a state folder" / ("with a long name " * 8).strip())
    os.makedirs(made.folder)
    try:
        yield made
    finally:
        await made.clear()


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """What a journal holds of a process."""
    spec = Place(tmp_path).spec("api-1", user=(1000, 1000), release_id="0.1.0-one")
    return Record(spec, 3, identity=Identity(4711, 815), history=[1.5], total=2, draining=True)
