"""What the pager reads beside the replicas: their segments, the locks of other pagers, its own pages."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from api.pager.metrics import PagerMetrics
from api.pager.presence import Presence
from api.pager.tails import Tails
from api.pager.web import Web
from api.records import MessageRecord
from api.spool import Spool
from paging import message


def _people(tails: Tails) -> list[str]:
    return [record.person for record in tails.read() if isinstance(record, MessageRecord)]


async def test_each_record_is_read_once_and_a_half_written_one_when_it_is_whole(tmp_path: Path) -> None:
    spool, tails = Spool(tmp_path), Tails(tmp_path)
    await spool.append(message("p-1"))
    assert _people(tails) == ["p-1"]
    assert _people(tails) == []
    await spool.append(message("p-2"))
    (segment,) = tmp_path.glob("*.jsonl")
    line = segment.read_bytes().splitlines(keepends=True)[1]
    with segment.open("ab") as file:
        file.write(line[:40])
        file.flush()
        assert _people(tails) == ["p-2"]
        file.write(line[40:])
    assert _people(tails) == ["p-2"]
    spool.close()
    tails.close()


async def test_a_segment_is_read_to_its_end_also_when_it_is_deleted(tmp_path: Path) -> None:
    spool, tails = Spool(tmp_path), Tails(tmp_path)
    await spool.append(message("p-1"))
    assert _people(tails) == ["p-1"]
    await spool.append(message("p-2"))
    (segment,) = await spool.claim()
    spool.done(segment, [])
    assert _people(tails) == ["p-2"]
    assert _people(tails) == []
    assert tails._tails == {}


async def test_a_line_that_is_no_record_costs_none_of_the_others(tmp_path: Path) -> None:
    spool, tails = Spool(tmp_path), Tails(tmp_path)
    await spool.append(message("p-1"))
    (segment,) = tmp_path.glob("*.jsonl")
    with segment.open("ab") as file:
        file.write(b'{"kind": "message"}\nnonsense\n')
    await spool.append(message("p-2"))
    assert _people(tails) == ["p-1", "p-2"]
    spool.close()
    tails.close()


def test_one_pager_of_a_folder_is_the_first_and_a_dead_one_is_found(tmp_path: Path) -> None:
    one, other = Presence(tmp_path), Presence(tmp_path)
    one.announce()
    other.announce()
    assert (one.lead(), other.lead(), one.lead()) == (True, False, True)
    assert list(other.dead()) == []
    one.leave(settled=False)
    (dead,) = other.dead()
    assert dead.id == one.id
    dead.leave()
    for dead in other.dead():
        dead.bury()
    assert list(other.dead()) == []
    assert other.lead()
    other.leave(settled=True)
    assert list((tmp_path / "pagers").iterdir()) == []


@pytest.mark.parametrize(
    ("request_line", "status", "content"),
    [
        ("GET /healthz HTTP/1.1", 200, b'{"status":"ok","release":"r1"}'),
        ("GET /metrics?x=1 HTTP/1.1", 200, b"xiongichat_pager_outage 0.0"),
        ("GET / HTTP/1.1", 404, b""),
        ("POST /metrics HTTP/1.1", 405, b""),
    ],
)
async def test_the_pager_shows_two_pages_and_no_more(request_line: str, status: int, content: bytes) -> None:
    web = Web(PagerMetrics("1", "r1"), "r1")
    port = await web.begin(0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{request_line}\r\nHost: pager\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.read(), 5)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert content in answer
    writer.close()
    await web.close()
