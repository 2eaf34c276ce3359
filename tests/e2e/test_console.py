"""The console over a whole copy, in a real browser: live charts, a page taken over, a real rollback."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from browsing import CHROMIUMS, chromium, tab
from copies import Copy, open_folder
from servers import wait_until

DANGER = "我現在就在頂樓，要跳下去了"
PERSON = "p-on-the-roof"

pytestmark = pytest.mark.long


@pytest.fixture(scope="module", params=CHROMIUMS)
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    with chromium(request.param) as made:
        yield made


@pytest.fixture(scope="module")
def copy() -> Iterator[Copy]:
    """A copy with two releases, the second of which runs."""
    made = Copy(open_folder(), XIONG_CONSOLE__ENABLED="true", XIONG_CONSOLE__PUBLIC_STATUS="true")
    try:
        made.up()
        made.change("src/api/version_note.py", append='"""Makes another release."""')
        made.deploy()
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="module")
def console(copy: Copy) -> Iterator[str]:
    """The console's address: the one that `up` started, or one of our own."""
    file = copy.state / "records" / "console" / "address.json"
    started = None if answers(file) else copy.begin("console")
    try:
        wait_until(lambda: answers(file), "the console answers")
        yield json.loads(file.read_bytes())["url"]
    finally:
        if started is not None:
            started.send_signal(signal.SIGTERM)
            started.communicate(timeout=100)


def answers(file: Path) -> bool:
    try:
        url = json.loads(file.read_bytes())["url"]
        return httpx.get(f"{url}/healthz", trust_env=False).status_code == 200
    except (OSError, ValueError, httpx.HTTPError):
        return False


@pytest.fixture(scope="module")
def token(copy: Copy) -> str:
    return copy.xiong("console", "token", "nurse-a", "--role", "operate").json["token"]


def say(copy: Copy, person: str, text: str) -> dict:
    operator = (copy.state / "secrets" / "operator-token").read_text()
    answer = httpx.post(
        f"{copy.url}/api/v1/chat",
        json={"person": person, "message": text},
        headers={"Authorization": f"Bearer {operator}"},
        trust_env=False,
        timeout=30,
    )
    return answer.json()


def test_charts_show_real_figures_within_30_seconds(copy: Copy, console: str, token: str, browser: Browser):
    begun = time.monotonic()
    with tab(browser, viewport={"width": 1280, "height": 800}) as one:
        one.log_in(console, token)
        expect(one.page.locator(".plot canvas")).to_have_count(8, timeout=30_000)
        numbers = one.page.locator('[data-chart="connections"] [data-line="connections"]')
        expect(numbers).to_have_text(re.compile(r"\d+"), timeout=30_000)
        seen = time.monotonic() - begun
        say(copy, "p-1", "你好")
        traffic = one.page.locator('[data-chart="replies"] [data-line="offline"]')
        expect(traffic).to_have_text(re.compile(r"[1-9]"), timeout=30_000)
        assert one.complaints == []
    assert seen < 30


def test_somebody_in_danger_is_seen_and_taken_over(copy: Copy, console: str, token: str, browser: Browser):
    with tab(browser, viewport={"width": 360, "height": 780}) as one:
        one.log_in(console, token)
        expect(one.page.locator("#section-verdict")).to_contain_text("Nobody is waiting for help.")
        level = say(copy, PERSON, DANGER)["risk"]["level"]
        row = one.page.locator("tr.open:has(button.primary)")  # the rehearsal of `up` has none
        expect(row).to_have_count(1)
        assert DANGER not in one.page.content()
        assert PERSON not in one.page.content()
        row.get_by_role("button").click()
        expect(one.page.get_by_role("status")).to_contain_text("You took the page over")
        expect(one.page.locator("main")).to_contain_text(PERSON)
        assert DANGER not in one.page.content()
        assert one.complaints == []
    listed = copy.xiong("pages", "list", "--all").json["pages"]
    (page,) = [p for p in listed if p["kind"] == "crisis"]

    assert level in {"HIGH", "IMMINENT"}
    assert (page["state"], page["acknowledged_by"]) == ("acknowledged", "nurse-a")


def test_a_care_role_reads_the_case_and_says_how_it_ended(
    copy: Copy, console: str, token: str, browser: Browser
):
    care = copy.xiong("console", "token", "nurse-b", "--role", "care").json["token"]
    listed = copy.xiong("pages", "list", "--all").json["pages"]
    name = next(page["id"] for page in listed if page["kind"] == "crisis")
    headers = {"Authorization": f"Bearer {(copy.state / 'secrets' / 'operator-token').read_text()}"}
    refused = httpx.post(
        f"{copy.url}/api/v1/pages/{name}/case", json={"by": "ops"}, headers=headers, trust_env=False
    )
    with tab(browser, viewport={"width": 360, "height": 780}) as one:
        one.log_in(console, care)
        one.page.goto(f"{console}/pages/{name}")
        one.page.click("#open-case")
        expect(one.page.locator(".said-trigger .said-words")).to_have_text(DANGER)
        assert one.page.locator(".said-trigger mark").count() > 0
        expect(one.page.locator("main")).to_contain_text("No case contact is recorded.")
        one.page.get_by_role("button", name="Reached the person").click()
        expect(one.page.get_by_role("status")).to_have_text("Recorded: Reached the person.")
        one.page.click("#open-case")
        expect(one.page.locator(".deeds").last.locator("li")).to_have_count(1)
        assert one.complaints == []
    trail = [json.loads(line) for line in (copy.state / "console" / "audit.jsonl").read_text().splitlines()]

    assert refused.status_code == 403
    assert [(e["who"], e["subject"], e["outcome"]) for e in trail if e["action"].startswith("case.")] == [
        ("nurse-b", name, "done"),
        ("nurse-b", name, "reached"),
        ("nurse-b", name, "done"),
    ]


def test_a_rollback_from_the_console_brings_the_old_release_back(
    copy: Copy, console: str, token: str, browser: Browser
):
    history = copy.xiong("history").json["receipts"]
    new, old = history[0]["release"], history[0]["previous"]
    assert copy.release() == new
    with tab(browser, viewport={"width": 1280, "height": 800}) as one:
        one.log_in(console, token)
        one.page.get_by_role("link", name=f"Roll back to {old}").click()
        expect(one.page.locator("dl")).to_contain_text(new)
        one.page.get_by_role("button", name=f"Roll back to {old}").click()
        expect(one.page.locator(".steps")).to_contain_text("started", timeout=30_000)
        refused = copy.xiong("scale", "3", expect=4)  # the lease is held
        expect(one.page.locator("h1")).to_contain_text(f"Rolled back to {old}", timeout=90_000)
        steps = one.page.locator(".steps").inner_text()
        one.page.get_by_role("link", name="Receipt").click()
        expect(one.page.locator("main")).to_contain_text("What the probe saw")
        assert one.complaints == []

    assert "rollback" in refused.json["error"]["message"]
    assert "drained" in steps
    assert copy.release() == old
    made = copy.xiong("history").json["receipts"][0]
    assert (made["verb"], made["outcome"], made["probe"]["failed"]) == ("rollback", "committed", 0)
    trail = [json.loads(line) for line in (copy.state / "console" / "audit.jsonl").read_text().splitlines()]
    acted = [
        (e["who"], e["action"], e["outcome"]) for e in trail if e["action"].startswith(("roll", "page.ack"))
    ]
    assert acted == [
        ("nurse-a", "page.acknowledged", "done"),
        ("nurse-a", "rollback.begun", "done"),
        ("nurse-a", "rollback.ended", "done"),
    ]
    assert DANGER not in json.dumps(trail, ensure_ascii=False)


def test_the_public_is_told_when_the_service_is_away(copy: Copy, console: str):
    english = {"Accept-Language": "en"}

    def told() -> str:
        return httpx.get(f"{console}/status", headers=english, trust_env=False).text

    assert "The service works." in told()
    proxy = copy.pid("proxy")
    subprocess.run(["kill", "-STOP", str(proxy)], check=True)
    try:
        wait_until(lambda: "The service does not answer." in told(), "the public is told", 60)
    finally:
        subprocess.run(["kill", "-CONT", str(proxy)], check=True)
    wait_until(lambda: "The service works." in told(), "the public is told that it is over", 60)
