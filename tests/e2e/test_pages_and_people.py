"""The calls for help and one person's data, by the command line on a whole copy with a real mail server."""

import getpass
import json
import re
import threading
from collections.abc import Iterator

import httpx
import pytest

from copies import Copy, open_folder
from recipients import Mailbox, mailbox

pytestmark = pytest.mark.long

DANGER = "我現在就在頂樓，要跳下去了"
PAGING = """
channels:
  email: {{kind: smtp, host: 127.0.0.1, port: {port}, security: none, sender: xiong@example.invalid}}
contacts:
  nurse-a: {{email: nurse-a@example.invalid}}
  probe-box: {{email: probe@example.invalid}}
rota:
  - {{days: [mon, tue, wed, thu, fri, sat, sun], from: "00:00", to: "24:00", contact: nurse-a}}
policy:
  steps:
    - {{notify: [on-call]}}
canary: {{every_minutes: 1440, recipients: [probe-box]}}
"""


@pytest.fixture(scope="module")
def box() -> Iterator[Mailbox]:
    with mailbox("none") as made:
        yield made


@pytest.fixture(scope="module")
def copy(box: Mailbox) -> Iterator[Copy]:
    """A copy that calls for help by mail."""
    folder = open_folder()
    file = folder / "paging.yaml"
    file.write_text(PAGING.format(port=box.port))
    made = Copy(folder, XIONG_PAGING__FILE=str(file))
    try:
        made.up("--replicas", "1")
        yield made
    finally:
        made.remove()


def say(copy: Copy, person: str, text: str) -> httpx.Response:
    token = (copy.state / "secrets" / "operator-token").read_text()
    return httpx.post(
        f"{copy.url}/api/v1/chat",
        json={"person": person, "message": text},
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
        timeout=30,
    )


def test_the_path_is_proven_hop_by_hop(copy: Copy, box: Mailbox):
    made = copy.xiong("pages", "test").json

    assert made["ok"]
    (delivery,) = made["deliveries"]
    assert (delivery["contact"], delivery["channel"], delivery["state"]) == ("probe-box", "email", "sent")
    assert 0 < made["answered_seconds"] <= made["opened_seconds"] < 10
    assert 0 < delivery["sent_seconds"] < 10
    assert made["page"] in {mail.page_id for mail in box.mails()}
    assert {mail.to for mail in box.mails()} == {("probe@example.invalid",)}
    listed = {page["id"]: page for page in copy.xiong("pages", "list", "--all").json["pages"]}
    assert listed[made["page"]]["state"] == "acknowledged"


def test_a_receipt_is_waited_for_and_measured(copy: Copy, box: Mailbox):
    box.forget()
    running = copy.begin("pages", "test", "--confirmed")
    pressed = threading.Event()

    def press() -> None:
        while not box.mails():
            pressed.wait(0.05)
        link = re.search(r"http\S+/p/\S+", box.mails()[0].text)
        assert link
        assert httpx.post(link[0], trust_env=False, timeout=30).status_code == 200

    reader = threading.Thread(target=press)
    reader.start()
    out, errors = running.communicate(timeout=100)
    reader.join(10)

    assert running.returncode == 0, errors
    assert json.loads(out)["deliveries"][0]["received_seconds"] > 0


def test_a_channel_that_is_down_is_named_and_the_exit_code_is_1(copy: Copy, box: Mailbox):
    box.stop()
    try:
        made = copy.xiong("pages", "test", "--timeout", "30", expect=1).json
    finally:
        box.start()

    assert "email to probe-box: refused" in made["faults"][0]
    assert "paging.yaml" in made["hint"]


def test_somebody_in_danger_is_listed_until_the_page_is_taken_over(copy: Copy):
    said = say(copy, "p-in-danger", DANGER).json()
    (page,) = [p for p in copy.xiong("pages").json["pages"] if p["kind"] == "crisis"]
    assert (page["level"], page["person"], page["events"]) == (said["risk"]["level"], "p-in-danger", 1)

    refused = copy.xiong("person", "erase", "p-in-danger", "--reason", "asked", "--yes", expect=1)
    assert "open" in refused.json["error"]["message"]
    planned = copy.xiong("pages", "ack", page["id"][:8], "--dry-run").json["steps"]
    assert page["id"] in planned[0]
    taken = copy.xiong("pages", "ack", page["id"][:8]).json
    assert (taken["first"], taken["page"]["acknowledged_by"]) == (True, getpass.getuser())
    assert not copy.xiong("pages", "ack", page["id"], "--by", "lead").json["first"]
    assert [p for p in copy.xiong("pages", "list").json["pages"] if p["kind"] == "crisis"] == []
    assert copy.xiong("pages", "ack", "ffffffff", expect=2).json["error"]["exit_code"] == 2


def test_a_person_is_given_everything_and_then_erased(copy: Copy, tmp_path):
    say(copy, "p-asked", "你好")
    file = tmp_path / "p-asked.json"
    given = copy.xiong("person", "export", "p-asked", "--out", str(file)).json
    assert (given["rows"]["messages"], given["document"]) == (2, None)
    assert json.loads(file.read_text())["messages"][0]["content"] == "你好"
    erase = ("person", "erase", "p-asked", "--reason", "asked for in writing")
    assert copy.xiong(*erase, expect=2).json["error"]["hint"].startswith("add --yes")
    assert copy.xiong(*erase, "--dry-run").json["erased"]["messages"] == 2
    assert copy.xiong(*erase, "--yes").json["erased"]["messages"] == 2
    assert copy.xiong(*erase, "--yes").json["already"]
    assert copy.sql("SELECT count(*) FROM conversations WHERE person = 'p-asked'") == ["0"]
    assert copy.xiong("person", "export", "p-nobody", expect=1).json["error"]["hint"]
    records = "".join(path.read_text() for path in (copy.state / "records").rglob("*.json"))
    assert '"erase"' in records
    assert "p-asked" not in records


def test_what_nobody_set_up_is_said(copy: Copy):
    copy.environment.pop("XIONG_PAGING__FILE")
    refused = copy.xiong("pages", "test", expect=1).json["error"]
    assert "paging.file is not set" in refused["message"]
