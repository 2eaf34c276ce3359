"""A case in a real browser: on a phone at night, marked words, the keyboard, no script, both languages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from browsing import CHROMIUMS, chromium, tab
from case_documents import CONTACT, DANGER, case_document, erased
from console_stage import Stage, stage
from small_service import page_document
from xiong.console.roles import Role

PHONE = {"width": 360, "height": 780}
DESK = {"width": 1280, "height": 800}
IMAGES = Path(__file__).parents[4] / "docs" / "images"


@pytest.fixture(scope="module", params=CHROMIUMS)
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    with chromium(request.param) as made:
        yield made


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Stage]:
    """A page that nobody took over yet, and its case, at which somebody looked already."""
    with stage(tmp_path) as made:
        page = page_document("IMMINENT", minutes=7)
        made.service.pages = [page]
        made.service.cases = {page["id"]: case_document(page)}
        client = made.client(Role.CARE)
        made.press(client, f"/pages/{page['id']}/case")
        made.press(client, f"/pages/{page['id']}/outcome", outcome="emergency_call")
        yield made


def address(console: Stage) -> str:
    return f"{console.url}/pages/{console.service.pages[0]['id']}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["zh-TW", pytest.param("en-US", marks=pytest.mark.long)])
def test_every_text_of_a_case_stands_out_from_what_is_behind_it(
    console: Stage, browser: Browser, scheme: str, locale: str
):
    with tab(browser, color_scheme=scheme, locale=locale, viewport=DESK) as one:
        one.log_in(console.url, console.tokens[Role.CARE])
        for path in ("", "/case", "/case?recorded=reached"):
            one.page.goto(address(console) + path)
            assert one.too_faint() == [], path
        one.page.click("#open-case")
        expect(one.page.locator(".talk mark")).to_have_count(2)
        assert one.too_faint() == []
        console.service.refuses = True
        one.page.click('button[value="reached"]')
        expect(one.page.get_by_role("alert")).to_be_visible()
        assert one.too_faint() == []


@pytest.mark.parametrize("locale", ["zh-TW", pytest.param("en-US", marks=pytest.mark.long)])
def test_a_phone_of_360_pixels_shows_a_case_without_scrolling_sideways(
    console: Stage, browser: Browser, locale: str
):
    case = next(iter(console.service.cases.values()))
    case["messages"][0]["content"] = "x" * 400 + "\n" + "長" * 300
    case["contact"]["contact"] = "y" * 200
    case["triggers"][0]["rules"].append("z" * 80)
    with tab(browser, viewport=PHONE, locale=locale, has_touch=True) as one:
        one.log_in(console.url, console.tokens[Role.CARE])
        one.page.goto(address(console) + "/case")
        assert one.too_wide() == []
        one.page.click("#open-case")
        expect(one.page.locator(".said")).to_have_count(5)
        assert one.too_wide() == []
        for value in ("reached", "emergency_call", "false_alarm"):
            box = one.page.locator(f'button[value="{value}"]').bounding_box()
            assert box is not None
            assert box["height"] >= 44  # under a thumb


def test_a_case_is_read_and_ended_by_the_keyboard_alone(console: Stage, browser: Browser):
    with tab(browser, viewport=DESK) as one:
        one.log_in(console.url, console.tokens[Role.CARE])
        one.page.goto(address(console))
        assert DANGER not in one.page.content()
        one.tab_to("#open-case")
        one.page.keyboard.press("Enter")
        expect(one.page.locator(".said-trigger .said-words")).to_have_text(DANGER)
        assert one.page.locator(".talk mark").all_inner_texts() == ["不想活了", "藥都準備好"]
        expect(one.page.locator(".contact")).to_have_text(CONTACT)
        expect(one.page.locator(".deeds").last).to_contain_text("care-person")
        one.tab_to('a[href="#trigger"]')
        one.page.keyboard.press("Enter")
        expect(one.page.locator("#trigger")).to_be_in_viewport()
        one.tab_to('button[value="reached"]')
        one.page.keyboard.press("Enter")
        expect(one.page.get_by_role("status")).to_have_text("Recorded: Reached the person.")
        one.tab_to("#open-case")
        one.page.keyboard.press("Enter")
        expect(one.page.locator(".deeds").first.locator("li")).to_have_count(2)
        expect(one.page.locator(".deeds").first.locator("li").first).to_contain_text("Reached the person")
        assert one.complaints == []
    trail = [(e["action"], e["outcome"]) for e in map(vars, reversed(console.desk.audit.newest(99)))]
    assert [entry for entry in trail if entry[0].startswith("case.")][2:] == [
        ("case.viewed", "done"),
        ("case.outcome", "reached"),
        ("case.viewed", "done"),
    ]


def test_whoever_runs_the_service_reads_no_message_and_sees_in_the_audit_log_who_did(
    console: Stage, browser: Browser
):
    with tab(browser, viewport=DESK) as one:
        one.log_in(console.url, console.tokens[Role.OPERATE])
        one.page.goto(address(console))
        expect(one.page.locator("#open-case")).to_have_count(0)
        one.page.goto(address(console) + "/case")
        expect(one.page.get_by_role("alert")).to_contain_text("You may not do that")
        one.page.goto(f"{console.url}/audit")
        row = one.page.locator("tr", has_text="case.viewed")
        expect(row).to_contain_text("care-person")
        expect(row).to_contain_text(console.service.pages[0]["id"])
        assert DANGER[1:5] not in one.page.content()
        assert CONTACT not in one.page.content()
    assert len(console.service.looks) == 1


def test_a_link_from_a_page_comes_to_the_case_through_the_login_without_a_script(
    console: Stage, browser: Browser
):
    with tab(browser, viewport=PHONE, locale="zh-TW", java_script_enabled=False) as one:
        one.page.goto(address(console) + "/case")
        one.page.fill("#token", console.tokens[Role.CARE])
        one.page.get_by_role("button", name="登入").click()
        one.page.get_by_role("button", name="開啟個案").click()
        expect(one.page.locator(".said-trigger")).to_contain_text(DANGER)
        one.page.get_by_role("button", name="我來處理").click()
        expect(one.page.get_by_role("status")).to_contain_text("您已接手")
        one.page.get_by_role("button", name="開啟個案").click()
        one.page.get_by_role("button", name="誤報").click()
        expect(one.page.get_by_role("status")).to_have_text("已記錄：誤報。")
    assert [one["outcome"] for one in console.service.outcomes] == ["emergency_call", "false_alarm"]


def test_the_theme_and_language_of_a_case_lead_back_to_its_door(console: Stage, browser: Browser):
    with tab(browser, viewport=DESK) as one:
        one.log_in(console.url, console.tokens[Role.CARE])
        one.page.goto(address(console) + "/case")
        one.page.click("#open-case")
        looks = len(console.service.looks)
        one.page.get_by_label("Dark").click()
        one.page.wait_for_selector("html[data-theme=dark] #open-case")
        assert one.page.url == address(console) + "/case"
    assert len(console.service.looks) == looks


def test_an_erased_case_is_calm_and_readable_too(console: Stage, browser: Browser):
    for name, case in console.service.cases.items():
        console.service.cases[name] = erased(case)
    with tab(browser, viewport=PHONE, color_scheme="dark") as one:
        one.log_in(console.url, console.tokens[Role.CARE])
        one.page.goto(address(console) + "/case")
        one.page.click("#open-case")
        expect(one.page.locator(".talks .empty")).to_have_text("No message is kept any more.")
        assert one.too_faint() == []
        assert one.too_wide() == []


@pytest.mark.long
@pytest.mark.parametrize("name", ["console-case-light", "console-case-dark"])
def test_the_pictures_of_the_docs_are_made_from_the_real_pages(
    console: Stage, browser: Browser, name: str, tmp_path: Path
):
    """With PICTURES_DIR set, they are put there."""
    looks = {
        "console-case-light": {"color_scheme": "light"},
        "console-case-dark": {"color_scheme": "dark", "locale": "zh-TW"},
    }
    made = tmp_path / f"{name}.png"
    with tab(browser, viewport=DESK, **looks[name]) as one:
        one.log_in(console.url, console.tokens[Role.CARE])
        one.page.goto(address(console) + "/case")
        one.page.click("#open-case")
        expect(one.page.locator(".talk mark")).to_have_count(2)
        one.page.screenshot(path=made)
    if os.environ.get("PICTURES_DIR"):
        shutil.copy(made, os.environ["PICTURES_DIR"])

    assert made.stat().st_size < 250_000
    assert (IMAGES / made.name).is_file()
