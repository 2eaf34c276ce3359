"""Each part is killed while people talk; it comes back, and no message is lost or doubled."""

import asyncio
import os
import signal
import uuid

import httpx
import psutil
import pytest

from copies import Copy

pytestmark = pytest.mark.long

DEADLINE_S = 60


async def until(condition, what: str) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not await asyncio.to_thread(condition):
            await asyncio.sleep(0.1)


class Talkers:
    """People who send a message again with the same key until it is answered."""

    def __init__(self, copy: Copy, name: str) -> None:
        self.copy, self.name = copy, name
        self.answered: dict[str, str] = {}
        self.stop = asyncio.Event()

    async def talk(self, who: int) -> None:
        number = 0
        async with self.copy.client() as client:
            while not self.stop.is_set():
                number += 1
                text = f"{self.name} {who} {number} {uuid.uuid4().hex}"
                await self.send(client, f"{self.name}-{who}-{number // 10}", text)
                await asyncio.sleep(0.02)

    async def send(self, client: httpx.AsyncClient, person: str, text: str) -> None:
        body = {"person": person, "message": text}
        async with asyncio.timeout(DEADLINE_S):
            while True:
                try:
                    answer = await client.post(
                        "/api/v1/chat", json=body, headers={"Idempotency-Key": text.replace(" ", "-")}
                    )
                except httpx.HTTPError:
                    continue
                if answer.status_code == 200:
                    self.answered[text] = answer.json()["message_id"]
                    return
                assert answer.status_code in {502, 503, 504}, answer.text

    def stored_once(self) -> bool:
        """All that was answered is in the database, each message once and with one reply."""
        rows = self.copy.sql(
            "SELECT m.id, count(r.id) FROM messages m LEFT JOIN messages r ON r.reply_to = m.id "
            f"WHERE m.role = 'person' AND m.content LIKE '{self.name} %' GROUP BY m.id"
        )
        found = dict(row.split("|") for row in rows)
        return found == dict.fromkeys(self.answered.values(), "1")


@pytest.mark.parametrize("part", ["supervisor", "api-0", "pager", "proxy", "postgres", "valkey"])
async def test_a_killed_part_comes_back_and_no_message_is_lost_or_doubled(copy: Copy, part: str):
    if part == "pager":
        part = next(i.name for i in copy.instances() if i.service == "pager")
    if part == "supervisor":
        words = ["xiong.platforms.local.supervision.daemon", str(copy.state)]
        found = psutil.process_iter(["cmdline"])  # a process that ends meanwhile has none
        pid = next(p.pid for p in found if all(w in (p.info["cmdline"] or []) for w in words))
    else:
        pid = copy.pid(part)
    others = {i.name: i.identity for i in copy.instances() if i.name != part}
    talkers = Talkers(copy, part)
    tasks = [asyncio.create_task(talkers.talk(who)) for who in range(4)]
    await until(lambda: len(talkers.answered) > 20, "people talk")

    os.kill(pid, signal.SIGKILL)

    await until(lambda: copy.xiong("status", expect=None).json.get("healthy"), f"{part} is back")
    after = len(talkers.answered)
    await until(lambda: len(talkers.answered) > after + 20, "people talk on")
    talkers.stop.set()
    await asyncio.gather(*tasks)
    await until(talkers.stored_once, "everything is stored once")
    assert {i.name: i.identity for i in copy.instances() if i.name != part} == others
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


async def test_with_database_and_cache_away_a_message_in_crisis_is_answered_and_stored_later(copy: Copy):
    crisis = f"我不想活了，今晚就要跳下去 {uuid.uuid4().hex}"
    stores = [psutil.Process(copy.pid(name)) for name in ("postgres", "valkey")]
    children = [child for store in stores for child in store.children(recursive=True)]
    for process in (*stores, *children):
        process.suspend()
    try:
        async with copy.client() as client:
            answer = await client.post("/api/v1/chat", json={"person": "alone-1", "message": crisis})
    finally:
        for process in (*stores, *children):
            process.resume()
    assert answer.status_code == 200
    said = answer.json()
    assert said["risk"]["level"] == "IMMINENT"
    assert said["stored"] is False
    assert {"1925", "1995", "110", "113"} <= {line["number"] for line in said["hotlines"]}
    query = (
        "SELECT count(*) FROM messages m JOIN risk_events r ON r.message_id = m.id "
        f"WHERE m.content = '{crisis}'"
    )
    await until(lambda: copy.sql(query) == ["1"], "the message is stored")
