"""The spool: what is on disk after append, who may take a segment, what a crash may leave."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import identity
from api.records import MessageRecord, ReplyRecord, record_from_json
from api.risk.model import Level
from api.spool import Spool


def _message(text: str = "話", number: int = 1) -> MessageRecord:
    message = uuid.UUID(int=number)
    return MessageRecord(
        id=message,
        conversation_id=identity.conversation_id(message),
        application="web",
        person="p-1",
        text=text,
        digest=identity.content_digest(None, text),
        opens=True,
        synthetic=False,
        level=Level.HIGH,
        categories=("suicide",),
        rules=("r",),
        created_at=datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
    )


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_a_record_survives_its_line(text: str) -> None:
    message = _message(text)
    reply = ReplyRecord(message.id, message.digest, text, "offline", message.created_at)
    assert record_from_json(message.to_json()) == message
    assert record_from_json(reply.to_json()) == reply


async def test_records_come_back_in_order_and_the_file_goes(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    records = [_message(number=number) for number in range(5)]
    await asyncio.gather(*(spool.append(record) for record in records))
    assert spool.pending == 5
    assert spool.vouches(records[0].conversation_id, ("web", "p-1"))
    assert not spool.vouches(records[0].conversation_id, ("web", "p-2"))
    (segment,) = await spool.claim()
    found, bad = segment.records()
    assert (sorted(found, key=lambda record: record.id.int), bad) == (records, [])
    spool.done(segment, found)
    assert spool.pending == 0
    assert not spool.vouches(records[0].conversation_id, ("web", "p-1"))
    assert list((tmp_path / "spool").iterdir()) == []


async def test_a_living_writers_segment_is_nobody_elses(tmp_path: Path) -> None:
    writer, other = Spool(tmp_path), Spool(tmp_path)
    await writer.append(_message())
    assert not await other.adopt()
    assert await other.claim() == []
    writer.close()
    assert await other.adopt()
    assert other.pending == 1
    assert not await Spool(tmp_path).adopt()
    other.close()


async def test_a_torn_last_line_is_left_out_and_a_strange_one_is_put_aside(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    await spool.append(_message())
    (path,) = tmp_path.glob("*.jsonl")
    with path.open("ab") as file:
        file.write(b'{"kind": "nothing"}\n{"kind": "mess')
    (segment,) = await spool.claim()
    found, bad = segment.records()
    assert (len(found), bad) == (1, [b'{"kind": "nothing"}'])
    segment.reject(bad)
    spool.done(segment, found)
    (left,) = tmp_path.iterdir()
    assert left.suffix == ".rejected"
    assert left.stat().st_mode & 0o777 == 0o600


async def test_what_was_claimed_and_kept_is_claimed_again(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    await spool.append(_message())
    (segment,) = await spool.claim()
    spool.keep(segment)
    await spool.append(_message(number=2))
    again = await spool.claim()
    assert again[0] is segment
    assert len(again) == 2
    for one in again:
        one.release()


async def test_a_full_disk_is_said_and_leaves_no_half_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path)
    await spool.append(_message())

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("api.spool.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        await spool.append(_message(number=2))
    monkeypatch.undo()
    await spool.append(_message(number=3))
    (segment,) = await spool.claim()
    found, bad = segment.records()
    assert ([record.id.int for record in found if isinstance(record, MessageRecord)], bad) == ([1, 3], [])
    segment.release()
