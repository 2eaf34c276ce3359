"""Whom a case is about: the contact, what an erasure leaves of it, and that its words stay in it."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from api.pages.link import sign
from api.person.erasure import Request
from api.person.requests import Requests, make_engine
from api.person.rows import Subject
from api.settings import Settings
from caring import CONTACT, DESK, KEY, look, page_of, record, set_contact
from planted import leaks, planted
from replicas import (
    OTHER_TOKEN,
    PAGES_TOKEN,
    Inner,
    inner_replica,
    settings_for,
)


@pytest.fixture
def settings(database: Any, valkey: Any, tmp_path: Path) -> Settings:
    return settings_for(database.url, valkey.url, tmp_path / "spool", secret_key=KEY)


@pytest.fixture
async def desk(settings: Settings) -> AsyncIterator[Inner]:
    """A replica with scripted verdicts: a mark in the text is its first character."""
    async with inner_replica(settings) as inner:
        yield inner


async def test_a_contact_is_the_applications_own_and_can_be_replaced_and_taken_out(desk: Inner) -> None:
    await desk.say("!HIGH")
    page = await page_of(desk)

    async def shown() -> str | None:
        contact = (await look(desk, page["id"])).json()["contact"]
        return contact and str(contact["contact"])

    assert await shown() is None
    await set_contact(desk, "another application's", OTHER_TOKEN)
    assert await shown() is None
    await set_contact(desk, "unit 2")
    await set_contact(desk, CONTACT)
    assert await shown() == CONTACT
    await set_contact(desk, None)
    assert await shown() is None


@pytest.mark.parametrize("contact", ["", "  ", "a\nb", "x" * 201, "\x00", 7])
async def test_a_contact_that_is_none_is_refused_and_not_repeated(desk: Inner, contact: Any) -> None:
    refused = await set_contact(desk, contact)

    assert refused.status_code == 422
    assert refused.json()["error"]["details"][0]["where"] == "body.contact"
    assert (await set_contact(desk, CONTACT, PAGES_TOKEN)).status_code == 403


async def test_after_an_erasure_a_case_shows_that_there_was_danger_and_nobodys_words(
    desk: Inner, settings: Settings, rows: Any
) -> None:
    await set_contact(desk, CONTACT)
    await desk.say("我撐不住了 !IMMINENT")
    page = await page_of(desk)
    await look(desk, page["id"])
    await record(desk, page["id"], "reached")
    engine = make_engine(settings)
    request = Request(Subject("p-1"), "operator", "asked for in writing", force_open_page=True)
    await Requests(settings, engine).erase(request, dry_run=False)
    await engine.dispose()
    answer = await look(desk, page["id"])
    case = answer.json()

    assert (case["messages"], case["contact"]) == ([], None)
    (trigger,) = case["triggers"]
    assert (trigger["level"], trigger["message_id"], trigger["rules"], trigger["words"]) == (
        "IMMINENT",
        None,
        [],
        [],
    )
    assert (case["page"]["person"], case["page"]["application"]) == (None, None)
    assert ([v["seen_by"] for v in case["views"]], case["outcomes"][0]["outcome"]) == (["nurse-a"], "reached")
    assert "撐不住" not in answer.text
    assert CONTACT not in answer.text
    assert await rows("SELECT 1 FROM case_contacts") == []


async def test_identities_in_a_case_reach_whoever_cares_and_no_log(desk: Inner) -> None:
    shown = b""
    for number, identity in enumerate(planted()):
        await set_contact(desk, identity.sentence)
        await desk.say(f"{identity.sentence} !HIGH", key=f"planted-{number}")
    for page in (await desk.client.get("/api/v1/pages", headers=DESK)).json()["pages"]:
        shown += (await look(desk, page["id"])).content
        await record(desk, page["id"], "reached")

    assert len({leak.split(" in ")[0] for leak in leaks({"case": shown})}) == len({p.kind for p in planted()})
    assert leaks({"log": desk.log.getvalue(), "metrics": (await desk.client.get("/metrics")).content}) == []


@pytest.mark.parametrize("console", ["", "https://console.example.invalid/"])
async def test_a_pages_link_says_where_the_case_is_and_shows_none_of_it(
    settings: Settings, console: str
) -> None:
    environment = {"DATABASE_URL": "postgresql://x", "CONSOLE_URL": console}
    there = Settings.from_environment(environment).console_url
    changed = Settings(**{**vars(settings), "console_url": there})
    async with inner_replica(changed) as desk:
        await set_contact(desk, CONTACT)
        await desk.say("我撐不住了 !IMMINENT")
        page = await page_of(desk)
        address = f"/p/{sign(KEY, uuid.UUID(page['id']), uuid.uuid4(), 'nurse-a')}"
        sheets = [await desk.client.get(address), await desk.client.post(address)]

    for sheet in sheets:
        assert sheet.status_code == 200
        assert (f'href="https://console.example.invalid/pages/{page["id"]}/case"' in sheet.text) == bool(
            console
        )
        assert "登入主控台" in sheet.text
        assert "撐不住" not in sheet.text
        assert CONTACT not in sheet.text
