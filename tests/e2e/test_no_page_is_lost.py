"""The whole path of a page, whatever is killed on the way: everybody in danger is paged, under one id."""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import httpx
import psutil
import pytest

from api import identity
from api.pages.model import page_id
from copies import Copy, open_folder
from paging_files import by_mail
from planted import files_below, leaks, planted
from recipients import Mail, Mailbox, mailbox
from supervised import until

pytestmark = pytest.mark.long

PEOPLE = 1000
SENDERS = 24
OUTAGE_S = float(os.environ.get("XIONG_TEST_MAIL_OUTAGE_S", "20"))
CRISIS = "我已經站在頂樓邊緣，等一下就跳下去，對不起大家"


@pytest.fixture(scope="module")
def box() -> Iterator[Mailbox]:
    with mailbox("starttls") as made:
        yield made


@pytest.fixture(scope="module")
def paged(box: Mailbox) -> Iterator[Copy]:
    """A copy whose pages go to the mail server."""
    folder = open_folder()
    made = Copy(folder, XIONG_PAGING__FILE=str(by_mail(folder, box)))
    try:
        made.up()
        yield made
    finally:
        made.remove()


@dataclass
class Crowd:
    """People in danger, each with one message that is sent until it is answered.

    Attributes:
        pages: {page that must come: person}.
    """

    copy: Copy
    name: str
    pages: dict[uuid.UUID, str] = field(default_factory=dict)

    async def speak(self, people: int) -> None:
        """All of them write, a few at a time."""
        waiting = iter(range(people))
        async with self.copy.client() as client, asyncio.TaskGroup() as group:
            for _ in range(SENDERS):
                group.create_task(self._some(client, waiting))

    async def _some(self, client: httpx.AsyncClient, waiting: Iterator[int]) -> None:
        for number in waiting:
            person = f"{self.name}-{number}"
            answer = await self._send(client, person)
            assert answer["risk"]["level"] == "IMMINENT"
            message = uuid.UUID(answer["message_id"])
            self.pages[page_id(identity.risk_event_id(message))] = person

    async def _send(self, client: httpx.AsyncClient, person: str) -> dict:
        body = {"person": person, "message": CRISIS}
        async with asyncio.timeout(90):
            while True:
                with suppress(httpx.HTTPError):
                    answer = await client.post("/api/v1/chat", json=body, headers={"Idempotency-Key": person})
                    if answer.status_code == 200:
                        return answer.json()
                    assert answer.status_code in {502, 503, 504}, answer.text

    def mails(self, box: Mailbox) -> dict[uuid.UUID, list[Mail]]:
        """{page: mails that the server took and whose sender knows it}, of this crowd only."""
        found: dict[uuid.UUID, list[Mail]] = {page: [] for page in self.pages}
        for mail in box.mails():
            page = uuid.UUID(mail.page_id)
            if page in found and mail.outcome == "accepted":
                found[page].append(mail)
        return found

    def everybody_paged(self, box: Mailbox) -> bool:
        return all(self.mails(box).values())


def kill(copy: Copy, part: str, box: Mailbox) -> None:
    """kill -9; whose business it is brings it back, the mail server is ours."""
    if part == "mail":
        box.kill()
        box.start()
        return
    service = {"database": "postgres"}.get(part, part)
    ready = [i for i in copy.instances(service) if i.identity and not i.identity.startswith("None")]
    with suppress(ProcessLookupError, IndexError):
        os.kill(int(random.choice(ready).identity.partition("@")[0]), signal.SIGKILL)


async def test_whatever_is_killed_everybody_is_paged_under_one_id(paged: Copy, box: Mailbox) -> None:
    crowd = Crowd(paged, "killed")
    done = asyncio.Event()
    kills: list[str] = []

    async def killer() -> None:
        while not done.is_set() or len(kills) < 5:  # also while the last ones are paged
            part = random.choice(["api", "pager", "database", "mail"])
            await asyncio.to_thread(kill, paged, part, box)
            kills.append(part)
            with suppress(TimeoutError):
                until_done = asyncio.Event() if done.is_set() else done
                await asyncio.wait_for(until_done.wait(), random.uniform(1.0, 4.0))

    killing = asyncio.create_task(killer())
    try:
        await crowd.speak(PEOPLE)
    finally:
        done.set()
        await killing
    await until(lambda: asyncio.to_thread(crowd.everybody_paged, box), "everybody is paged", 180)
    mails = crowd.mails(box)
    assert len(mails) == PEOPLE
    assert {len({mail.message_id for mail in found}) for found in mails.values()} == {1}
    assert len(kills) >= 5
    await until(lambda: asyncio.to_thread(_all_sent, paged, "killed", PEOPLE), "the rows follow", 60)


def _all_sent(copy: Copy, name: str, people: int) -> bool:
    """Every page of these people is in the database, and its one delivery is sent."""
    (row,) = copy.sql(
        "SELECT count(DISTINCT p.id), count(d.id), count(d.id) FILTER (WHERE d.state = 'sent')"
        f" FROM pages p JOIN page_deliveries d ON d.page_id = p.id WHERE p.person LIKE '{name}-%'"
    )
    return row == f"{people}|{people}|{people}"


async def test_a_hundred_people_are_paged_while_the_database_is_away(paged: Copy, box: Mailbox) -> None:
    crowd = Crowd(paged, "away")
    server = psutil.Process(paged.pid("postgres"))
    processes = [server, *server.children(recursive=True)]
    for process in processes:
        process.suspend()
    try:
        await crowd.speak(100)
        await until(lambda: asyncio.to_thread(crowd.everybody_paged, box), "all are paged", 60)
        assert server.status() == psutil.STATUS_STOPPED
    finally:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.resume()
    await until(lambda: asyncio.to_thread(_all_sent, paged, "away", 100), "the rows follow", 90)
    assert {len(found) for found in crowd.mails(box).values()} == {1}


async def test_what_the_mail_server_refused_for_long_is_delivered_after(paged: Copy, box: Mailbox) -> None:
    crowd = Crowd(paged, "no-mail")
    box.stop()
    try:
        began = asyncio.get_running_loop().time()
        await crowd.speak(30)
        passed = asyncio.Event()
        left = OUTAGE_S - (asyncio.get_running_loop().time() - began)
        with suppress(TimeoutError):
            await asyncio.wait_for(passed.wait(), max(0.0, left))
        assert not crowd.everybody_paged(box)
    finally:
        box.start()
    await until(lambda: asyncio.to_thread(crowd.everybody_paged, box), "all are paged", 90)
    assert {len(found) for found in crowd.mails(box).values()} == {1}


async def test_a_scanner_that_opens_every_link_acknowledges_nothing(paged: Copy, box: Mailbox) -> None:
    crowd = Crowd(paged, "scanned")
    await crowd.speak(1)
    await until(lambda: asyncio.to_thread(crowd.everybody_paged, box), "the mail is there", 30)
    ((page, (mail,)),) = crowd.mails(box).items()
    (link,) = re.findall(r"https?://\S+/p/\S+", mail.text)

    def state() -> list[str]:
        return paged.sql(f"SELECT state FROM pages WHERE id = '{page}'")

    async with httpx.AsyncClient(follow_redirects=True, trust_env=False) as scanner:
        for method in ("GET", "HEAD", "OPTIONS", "GET"):
            await scanner.request(method, link)
        assert await asyncio.to_thread(state) == ["open"]
        assert (await scanner.post(link)).status_code == 200
    assert await asyncio.to_thread(state) == ["acknowledged"]
    assert CRISIS[:4] not in mail.text + mail.subject + str(mail.headers)
    assert "scanned" not in mail.text + mail.subject + str(mail.headers)


async def test_who_the_person_is_stands_in_no_page_no_receipt_and_no_log(paged: Copy, box: Mailbox) -> None:
    said = "。".join(one.sentence for one in planted())
    async with paged.client() as client:
        body = {"person": "planted-1", "message": f"{CRISIS}。{said}"}
        answer = (await client.post("/api/v1/chat", json=body)).json()
    page = page_id(identity.risk_event_id(uuid.UUID(answer["message_id"])))

    def mailed() -> list[Mail]:
        return [mail for mail in box.mails() if uuid.UUID(mail.page_id) == page]

    await until(lambda: asyncio.to_thread(mailed), "the page is there", 30)
    paged.change("src/api/__init__.py", append="# another release")
    await asyncio.to_thread(paged.deploy)
    verbs = (("status",), ("history",), ("releases",), ("pages", "list"))
    printed = {
        " ".join(verb): (await asyncio.to_thread(paged.xiong, *verb, expect=None)).out for verb in verbs
    }
    stores = [paged.state / name for name in ("postgres", "valkey", "spool", "releases", "venvs")]
    places = {
        **{name: text.encode() for name, text in printed.items()},
        **{f"mail {number}": event["content"].encode() for number, event in enumerate(box.events("mail"))},
        **files_below(paged.state, without=stores),
    }
    assert leaks(places) == []
    assert leaks({"what the person said": said.encode()}) != []
