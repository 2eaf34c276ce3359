"""What the buttons do, what they say when it cannot be done, and what is written down."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console_stage import NEW, OLD, Stage, stage
from servers import wait_until
from small_service import PERSON, page_document
from xiong.console.roles import Role
from xiong.errors import LeaseHeldError
from xiong.model.receipt import Outcome, ProbeCount, Receipt


def test_taking_a_page_over_is_recorded_in_the_services_own_way(console: Stage):
    console.service.pages = [page_document()]
    name = console.service.pages[0]["id"]
    client = console.client(Role.ACKNOWLEDGE, **{"Accept-Language": "en"})
    taken = console.press(client, f"/pages/{name}/acknowledgement")
    shown = client.get(taken.headers["location"]).text

    assert console.service.asked == [{"by": "acknowledge-person", "via": "console"}]
    assert "You took the page over" in shown
    assert PERSON in shown
    assert "Nobody is waiting for help." in client.get("/").text
    assert [(e["who"], e["subject"], e["outcome"]) for e in console.audited("page.acknowledged")] == [
        ("acknowledge-person", name, "done")
    ]


def test_whoever_was_first_stands_and_the_second_is_told(console: Stage):
    console.service.pages = [page_document(by="nurse-a")]
    name = console.service.pages[0]["id"]
    client = console.client(Role.ACKNOWLEDGE, **{"Accept-Language": "en"})
    answer = console.press(client, f"/pages/{name}/acknowledgement")

    assert "nurse-a took this page over before you" in client.get(answer.headers["location"]).text
    assert console.audited("page.acknowledged")[0]["outcome"] == "nurse-a was first"


def test_a_page_that_could_not_be_taken_over_is_said_loudly(console: Stage):
    console.service.pages = [page_document()]
    name = console.service.pages[0]["id"]
    client = console.client(Role.ACKNOWLEDGE, **{"Accept-Language": "en"})
    console.service.refuses = True
    answer = console.press(client, f"/pages/{name}/acknowledgement")

    assert answer.status_code == 503
    assert "NOT recorded" in answer.text
    assert f"xiong pages ack {name[:8]}" in answer.text
    assert "not recorded" in console.audited("page.acknowledged")[0]["outcome"]


def test_every_look_at_a_person_is_written_down_first(console: Stage):
    console.service.pages = [page_document()]
    name = console.service.pages[0]["id"]
    client = console.client(Role.ACKNOWLEDGE)
    assert PERSON in client.get(f"/pages/{name}").text
    assert [(e["who"], e["subject"]) for e in console.audited("page.viewed")] == [
        ("acknowledge-person", name)
    ]

    log = console.desk.audit._file
    log.unlink()
    log.mkdir()  # as good as a full disk: nothing can be written there
    refused = client.get(f"/pages/{name}")
    taken = console.press(client, f"/pages/{name}/acknowledgement")

    assert refused.status_code == 503
    assert PERSON not in refused.text
    assert taken.status_code == 303  # helping somebody waits for no log


@pytest.mark.parametrize("name", ["5b1e", "../../etc", "5b1e1a2f-0000-4000-8000-000000000000"])
def test_a_page_that_is_not_there_is_not_found(console: Stage, name: str):
    assert console.client(Role.OPERATE).get(f"/pages/{name}").status_code == 404


def receipt() -> Receipt:
    now = datetime.now(UTC)
    probe = ProbeCount(120, 0, 0, 0.05, 0.02)
    return Receipt("r-1", "rollback", OLD, NEW, Outcome.COMMITTED, "", "ops@host", now, now, probe)


def test_a_rollback_runs_in_the_background_and_shows_each_step(tmp_path: Path):
    going = threading.Event()

    async def carry(target, progress):
        progress(f"api-2 started ({target}, 0.41 s)")
        while not going.is_set():
            await asyncio.sleep(0.01)
        progress("api-0 stopped")
        return receipt()

    with stage(tmp_path, carry=carry) as console:
        client = console.client(Role.OPERATE, **{"Accept-Language": "en"})
        asked = client.get(f"/rollback?to={OLD}").text
        begun = console.press(client, "/rollback", **{"to": OLD, "from": NEW})
        running = client.get(begun.headers["location"]).text
        again = console.press(client, "/rollback", **{"to": OLD, "from": NEW})
        overview = client.get("/fragments/deploys").text
        going.set()
        wait_until(lambda: console.audited("rollback.ended"), "the rollback ends")
        ended = client.get("/fragments/progress").text

    assert NEW in asked
    assert f"Roll back to {OLD}" in asked
    assert begun.headers["location"] == "/rollback/progress"
    assert f"Rolling back to {OLD}" in running
    assert f"api-2 started ({OLD}, 0.41 s)" in running
    assert again.status_code == 409
    assert "begun by operate-person" in again.text
    assert "/rollback/progress" in overview
    assert f"Rolled back to {OLD}" in ended
    assert "0 of 120 failed" in ended
    assert [e["who"] for e in console.audited("rollback.begun")] == ["operate-person"]
    assert console.audited("rollback.ended")[0]["outcome"] == "done"


def test_a_rollback_that_is_refused_says_why_and_what_to_type(tmp_path: Path):
    async def carry(target, progress):
        raise LeaseHeldError("ops@host pid 7 holds the lease for `deploy x`", hint="xiong status")

    with stage(tmp_path, carry=carry) as console:
        client = console.client(Role.OPERATE, **{"Accept-Language": "en"})
        console.press(client, "/rollback", **{"to": OLD, "from": NEW})
        wait_until(lambda: console.audited("rollback.ended"), "the rollback ends")
        shown = client.get("/rollback/progress").text

    assert "did not succeed" in shown
    assert "holds the lease for `deploy x`" in shown
    assert "<code>xiong status</code>" in shown


@pytest.mark.parametrize("fields", [{"to": OLD, "from": "something-else"}, {"to": OLD}])
def test_when_something_else_runs_than_was_shown_one_is_asked_again(console: Stage, fields: dict):
    client = console.client(Role.OPERATE, **{"Accept-Language": "en"})
    answer = console.press(client, "/rollback", **fields)

    assert answer.status_code == 409
    assert f"Something else runs now than when you asked: {NEW}" in answer.text
    assert console.desk.rollbacks.last is None


def test_only_a_release_that_ran_before_can_be_gone_back_to(console: Stage):
    client = console.client(Role.OPERATE)

    assert client.get(f"/rollback?to={NEW}").status_code == 404
    assert console.press(client, "/rollback", **{"to": "no-such", "from": NEW}).status_code == 404


def test_a_stop_of_the_console_lets_a_rollback_end(tmp_path: Path):
    async def carry(target, progress):
        await asyncio.sleep(0.6)
        return receipt()

    with stage(tmp_path, carry=carry) as console:
        console.press(console.client(Role.OPERATE), "/rollback", **{"to": OLD, "from": NEW})

    assert console.audited("rollback.ended")[0]["outcome"] == "done"


def test_receipts_and_the_audit_log_are_shown(console: Stage):
    client = console.client(Role.OPERATE, **{"Accept-Language": "en"})
    board = client.get("/").text
    receipts = [part.partition('"')[0] for part in board.split('href="/deploys/')[1:]]
    shown = client.get(f"/deploys/{receipts[1]}").text
    trail = client.get("/audit").text

    assert len(receipts) == 3
    assert "refused by the gate" in shown
    assert "214" in shown
    assert client.get("/deploys/none").status_code == 404
    assert "audit.viewed" in trail
    assert [e["subject"] for e in console.audited("viewed")] == [
        "/",
        *[f"/deploys/{receipts[1]}", "/deploys/none"],
    ]
    assert "login" in trail
    assert "operate-person" in trail
