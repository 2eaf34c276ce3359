"""The console in a real browser: contrast, a narrow phone, the keyboard, live parts, and no script at all."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from browsing import CHROMIUMS, Tab, chromium, tab
from console_stage import NEW, OLD, Stage, an_hour, stage
from copies import finished
from healed import a_bad_evening, an_ordinary_evening
from servers import wait_until
from small_service import PERSON, page_document
from xiong.console.roles import Role
from xiong.model.receipt import Outcome, ProbeCount, Receipt
from xiong.operations.recovery.pause import pause
from xiong.tools.clock import SystemClock

PHONE = {"width": 360, "height": 780}
DESK = {"width": 1280, "height": 800}
IMAGES = Path(__file__).parents[4] / "docs" / "images"


async def carry(target, progress):
    """A rollback that takes a moment."""
    for line in (f"api-2 started ({target}, 0.41 s)", f"api-2 ready ({target}, 0.62 s)", "api-0 stopped"):
        progress(line)
        await asyncio.sleep(0.2)
    now = datetime.now(UTC)
    probe = ProbeCount(120, 0, 0, 0.05, 0.02)
    return Receipt("r-1", "rollback", OLD, NEW, Outcome.COMMITTED, "", "ops@host", now, now, probe)


@pytest.fixture(scope="module", params=CHROMIUMS)
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    with chromium(request.param) as made:
        yield made


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Stage]:
    """Two people in danger, a missing cache, an hour of figures."""
    with stage(tmp_path, public=True, series=an_hour(), carry=carry) as made:
        made.service.pages = [
            page_document("IMMINENT", minutes=7),
            page_document("HIGH", minutes=2),
            page_document("HIGH", minutes=40, by="nurse-a"),
        ]
        made.service.degraded = ["cache"]
        finished(an_ordinary_evening(made.platform.records))
        made.desk.lookout.forget()
        yield made


def grow_ill(console: Stage) -> None:
    """From now on every kind of line about checks and healing stands on the page."""
    records = console.platform.records
    finished(a_bad_evening(records))
    finished(pause(records, SystemClock(), timedelta(hours=1), "x" * 200))
    console.desk.lookout.forget()


def every_page(console: Stage) -> list[str]:
    history = console.desk.settings.state / "records" / "history"
    name = sorted(p.stem for p in history.glob("*.json"))[1]
    page = console.service.pages[0]["id"]
    return ["/", f"/pages/{page}", f"/deploys/{name}", f"/rollback?to={OLD}", "/audit", "/status", "/nowhere"]


def drawn(one: Tab) -> None:
    """Waits until every chart is drawn."""
    expect(one.page.locator(".plot canvas")).to_have_count(8)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["zh-TW", pytest.param("en-US", marks=pytest.mark.long)])
def test_every_text_stands_out_from_what_is_behind_it(
    console: Stage, browser: Browser, scheme: str, locale: str
):
    grow_ill(console)
    with tab(browser, color_scheme=scheme, locale=locale, viewport=DESK) as one:
        one.page.goto(f"{console.url}/login")
        assert one.too_faint() == []
        one.log_in(console.url, console.tokens[Role.OPERATE])
        for path in every_page(console):
            one.page.goto(console.url + path)
            assert one.too_faint() == [], path
        console.service.pages.clear()
        console.service.degraded.clear()
        console.desk.lookout.forget()
        one.page.goto(console.url)
        assert one.too_faint() == []


@pytest.mark.parametrize("locale", ["zh-TW", pytest.param("en-US", marks=pytest.mark.long)])
def test_a_phone_of_360_pixels_shows_everything_without_scrolling_sideways(
    console: Stage, browser: Browser, locale: str
):
    console.service.pages[1]["deliveries"][1]["error"] = "x" * 300
    grow_ill(console)
    with tab(browser, viewport=PHONE, locale=locale, has_touch=True) as one:
        one.page.goto(f"{console.url}/login")
        assert one.too_wide() == []
        one.log_in(console.url, console.tokens[Role.OPERATE])
        drawn(one)
        for path in every_page(console):
            one.page.goto(console.url + path)
            assert one.too_wide() == [], path
        one.page.goto(console.url)
        button = one.page.locator("button.primary").first.bounding_box()
        assert button is not None
        assert button["height"] >= 44  # under a thumb


def test_what_the_healer_does_comes_by_itself(console: Stage, browser: Browser):
    with tab(browser, viewport=DESK) as one:
        one.log_in(console.url, console.tokens[Role.VIEW])
        expect(one.page.locator("#section-healing")).to_contain_text("2 of 2 replicas are ready")
        expect(one.page.locator("#healing-frozen")).to_have_count(0)
        grow_ill(console)
        expect(one.page.locator("#healing-frozen")).to_contain_text("given up on: database")
        expect(one.page.locator("#healing-paused")).to_be_visible()
        assert one.complaints == []


def test_all_can_be_done_by_the_keyboard_alone(console: Stage, browser: Browser):
    with tab(browser, viewport=DESK) as one:
        one.log_in(console.url, console.tokens[Role.OPERATE])
        one.tab_to(".skip")
        one.tab_to("button.primary")
        one.page.keyboard.press("Enter")
        expect(one.page.get_by_role("status")).to_contain_text("You took the page over")
        one.page.goto(console.url)
        one.tab_to("a[id^=back-]")
        one.page.keyboard.press("Enter")
        expect(one.page.locator("h1")).to_have_text("Roll back?")
        one.tab_to("button.danger")
        one.page.keyboard.press("Enter")
        expect(one.page.locator("h1")).to_contain_text(f"Rolled back to {OLD}")
        assert one.page.locator(".steps li").count() == 3
        one.page.goto(console.url)
        one.tab_to(".who button")
        one.page.keyboard.press("Enter")
        expect(one.page.get_by_role("status")).to_have_text("You are logged out.")
        assert one.complaints == []
    assert [e.action for e in reversed(console.desk.audit.newest(99)) if e.action != "viewed"] == [
        "login",
        "page.acknowledged",
        "page.viewed",
        "rollback.begun",
        "rollback.ended",
        "logout",
    ]


def test_charts_are_drawn_and_a_look_at_one_shows_its_values(console: Stage, browser: Browser):
    with tab(browser, viewport=DESK) as one:
        one.log_in(console.url, console.tokens[Role.VIEW])
        drawn(one)
        value = one.page.locator('[data-chart="traffic"] [data-line="requests"]')
        latest = value.inner_text()
        plot = one.page.locator('[data-chart="traffic"] .u-over')
        box = plot.bounding_box()
        assert box is not None
        one.page.mouse.move(box["x"] + box["width"] * 0.65, box["y"] + 20)
        expect(value).not_to_have_text(latest)
        one.page.mouse.move(5, 5)
        expect(value).to_have_text(latest)
        assert one.complaints == []


def test_a_new_page_comes_by_itself_and_takes_no_focus_away(console: Stage, browser: Browser):
    with tab(browser, viewport=DESK) as one:
        one.log_in(console.url, console.tokens[Role.ACKNOWLEDGE])
        button = f"take-{console.service.pages[0]['id']}"
        one.page.focus(f"#{button}")
        assert "1 in immediate danger" in one.page.locator(".verdict").inner_text()
        console.service.pages.append(page_document("IMMINENT", minutes=1))
        expect(one.page.locator("#section-verdict")).to_contain_text("2 in immediate danger")
        expect(one.page.locator("tr.open")).to_have_count(3)
        expect(one.page).to_have_title("‼ 2 · Xiong console")
        assert one.page.evaluate("() => document.activeElement.id") == button
        assert one.complaints == []


def test_a_page_whose_login_ended_says_so_and_leads_to_the_login(console: Stage, browser: Browser):
    with tab(browser, viewport=DESK) as one:
        one.log_in(console.url, console.tokens[Role.VIEW])
        one.context.clear_cookies()
        expect(one.page.locator("#stale")).to_contain_text("Your login has ended.")
        one.page.click("#stale a")
        expect(one.page.locator("#token")).to_be_focused()


def test_a_page_that_hears_nothing_any_more_does_not_look_calm(console: Stage, browser: Browser):
    with tab(browser, viewport=DESK) as one:
        one.page.clock.install()
        one.log_in(console.url, console.tokens[Role.VIEW])
        drawn(one)
        expect(one.page.locator("#stale")).to_be_hidden()
        one.context.set_offline(True)
        one.page.clock.run_for(25_000)
        expect(one.page.locator("#stale")).to_contain_text("Do not rely on it")
        one.context.set_offline(False)
        one.page.clock.run_for(6_000)
        expect(one.page.locator("#stale")).to_be_hidden()


def test_the_theme_is_switched_by_hand_and_stays(console: Stage, browser: Browser):
    def background(one: Tab) -> str:
        return one.page.evaluate("() => getComputedStyle(document.body).backgroundColor")

    with tab(browser, viewport=DESK) as one:
        one.log_in(console.url, console.tokens[Role.VIEW])
        light = background(one)
        one.page.get_by_label("Dark").click()
        one.page.wait_for_selector("html[data-theme=dark]")
        dark = background(one)
        one.page.get_by_text("中文").click()
        one.page.wait_for_selector("html[lang=zh-TW]")

        assert light != dark
        assert background(one) == dark
        drawn(one)
        assert one.complaints == []


def test_without_a_script_everything_works_but_the_curves(console: Stage, browser: Browser):
    with tab(browser, viewport=DESK, java_script_enabled=False) as one:
        page = one.page
        page.goto(f"{console.url}/login")
        page.fill("#token", console.tokens[Role.OPERATE])
        page.get_by_role("button", name="Log in").click()
        expect(page.locator(".verdict")).to_contain_text("1 in immediate danger and 1 in high danger")
        expect(page.locator('[data-line="requests"]')).not_to_have_text("–")
        assert "Without JavaScript" in page.locator(".charts noscript").inner_html()
        page.get_by_role("button", name=re.compile("take it over")).first.click()
        expect(page.locator("main")).to_contain_text(PERSON)
        page.get_by_role("link", name="Back to the overview").click()
        page.get_by_role("link", name=f"Roll back to {OLD}").click()
        page.get_by_role("button", name=f"Roll back to {OLD}").click()
        expect(page.locator("h1")).to_contain_text(OLD)
        wait_until(lambda: console.audited("rollback.ended"), "the rollback ends")
        page.reload()
        expect(page.locator("h1")).to_contain_text(f"Rolled back to {OLD}")


@pytest.mark.long
@pytest.mark.parametrize("name", ["console-light", "console-dark", "console-phone"])
def test_the_pictures_of_the_docs_are_made_from_the_real_pages(
    console: Stage, browser: Browser, name: str, tmp_path: Path
):
    """With PICTURES_DIR set, they are put there."""
    looks = {
        "console-light": {"viewport": DESK, "color_scheme": "light"},
        "console-dark": {"viewport": DESK, "color_scheme": "dark", "locale": "zh-TW"},
        "console-phone": {"viewport": PHONE, "color_scheme": "dark", "locale": "zh-TW"},
    }
    if name == "console-dark":
        console.service.pages = console.service.pages[2:]
        console.service.degraded = []
        console.desk.lookout.forget()
    made = tmp_path / f"{name}.png"
    with tab(browser, **looks[name]) as one:
        one.log_in(console.url, console.tokens[Role.OPERATE])
        drawn(one)
        one.page.screenshot(path=made)
    if os.environ.get("PICTURES_DIR"):
        shutil.copy(made, os.environ["PICTURES_DIR"])

    assert made.stat().st_size < 250_000
    assert (IMAGES / made.name).is_file()
