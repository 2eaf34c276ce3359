"""A drill waits for the healer to be done with what came before; otherwise the fault would be no new one."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from healing_stage import Clock
from xiong.config.settings import Settings
from xiong.errors import UnhealthyError
from xiong.model.recovery import Condition
from xiong.operations.drill.drill import Seen
from xiong.operations.drill.load import DrillLoad
from xiong.operations.drill.steady import Steady
from xiong.operations.recovery.memory import CheckMemory, Memory, MemoryStore
from xiong.platforms.onehost.records import FileRecords


@pytest.fixture
def store(tmp_path) -> MemoryStore:
    return MemoryStore(FileRecords(tmp_path))


@pytest.fixture
def steady(tmp_path) -> Steady:
    platform = SimpleNamespace(records=FileRecords(tmp_path))
    return Steady(platform, Settings(), Clock(), DrillLoad(), Seen("database", ("hung",)))


async def test_a_healer_that_never_looked_rests(steady: Steady):
    await steady.healer_rests()


@pytest.mark.parametrize("condition", [c for c in Condition if c is not Condition.HEALTHY])
async def test_a_healer_that_is_not_done_with_the_check_is_named(steady, store, condition):
    await store.save(Memory().having(CheckMemory("database", condition)))

    with pytest.raises(UnhealthyError, match=f"not done with database: it is {condition}"):
        await steady.healer_rests()


async def test_what_the_healer_does_about_another_check_is_not_waited_for(steady, store):
    await store.save(Memory().having(CheckMemory("api", Condition.FROZEN)))

    await steady.healer_rests()
