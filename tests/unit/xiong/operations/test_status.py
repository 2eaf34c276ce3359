"""What `status` reads of a long history."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from console_stage import SmallPlatform
from xiong.config.settings import Settings
from xiong.model.documents import to_document
from xiong.model.receipt import Outcome, Receipt
from xiong.operations.journal import Journal
from xiong.operations.status import status
from xiong.platforms.onehost.records import FileRecords
from xiong.tools.clock import SystemClock

BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
FIRST = Receipt("", "deploy", "r1", None, Outcome.COMMITTED, "", "ops@host", BEGUN, BEGUN)


class CountedRecords(FileRecords):
    """Records that remember which of them were opened."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.opened: list[str] = []

    async def read(self, kind: str, name: str) -> dict[str, Any] | None:
        self.opened.append(f"{kind}/{name}")
        return await super().read(kind, name)


def history(folder: Path, length: int) -> list[Receipt]:
    """That many receipts on disk, an hour apart; gives them oldest first."""
    (folder / "history").mkdir(parents=True)
    made = []
    for number in range(length):
        at = BEGUN + timedelta(hours=number)
        made.append(replace(FIRST, id=f"{at:%Y%m%dT%H%M%S%f}-ab12", begun_at=at, ended_at=at))
        (folder / "history" / f"{made[-1].id}.json").write_text(json.dumps(to_document(made[-1])))
    return made


async def test_of_a_thousand_receipts_only_the_newest_is_opened(tmp_path):
    platform = SmallPlatform(tmp_path, "http://127.0.0.1:1")
    platform.records = records = CountedRecords(tmp_path / "records")
    newest = history(tmp_path / "records", 1000)[-1]

    found = await status(platform, Settings(), SystemClock())

    assert found.last == newest
    assert [name for name in records.opened if name.startswith("history/")] == [f"history/{newest.id}"]


async def test_a_receipt_that_vanishes_meanwhile_gives_way_to_the_one_before_it(tmp_path):
    class Vanishing(CountedRecords):
        async def read(self, kind: str, name: str) -> dict[str, Any] | None:
            found = await super().read(kind, name)
            return None if len(self.opened) == 1 else found

    before, _ = history(tmp_path, 2)

    assert await Journal(Vanishing(tmp_path)).last() == before


async def test_where_nothing_was_ever_rolled_out_there_is_no_last_receipt(tmp_path):
    assert await Journal(FileRecords(tmp_path)).last() is None
