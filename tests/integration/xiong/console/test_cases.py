"""The case behind a page in the console: who sees it, what is written down, what is said when not."""

from __future__ import annotations

import re

import pytest

from case_documents import CONTACT, DANGER, case_document, erased
from console_stage import Stage, field_of
from planted import leaks, planted
from small_service import PERSON, page_document
from xiong.console.cases import Piece, pieces
from xiong.console.guard import FORM_FIELD
from xiong.console.roles import Role

ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def name(console: Stage) -> str:
    """A page with a case."""
    console.service.pages = [page_document(by="nurse-a")]
    page = console.service.pages[0]
    console.service.cases = {page["id"]: case_document(page)}
    return str(page["id"])


def test_a_look_goes_in_the_visitors_name_and_shows_all_of_the_case(console: Stage, name: str):
    client = console.client(Role.CARE, **ENGLISH)
    door = client.get(f"/pages/{name}/case").text
    before = list(console.service.looks)
    shown = console.press(client, f"/pages/{name}/case")

    assert "your look is recorded" in door
    assert before == []
    assert PERSON not in door
    assert [(one["seen_by"], one["via"]) for one in console.service.looks] == [("care-person", "console")]
    assert shown.headers["cache-control"] == "no-store"
    assert re.sub(r"</?mark[^>]*>", "", shown.text).count(DANGER) == 1
    assert re.findall(r"<mark title=\"(\w+)\">(.*?)</mark>", shown.text) == [
        ("wants_to_die", "不想活了"),
        ("means_at_hand", "藥都準備好"),
    ]
    for words in (CONTACT, PERSON, "Nobody before you.", "suicide", "Rules: wants_to_die, means_at_hand"):
        assert words in shown.text


def test_each_look_and_each_outcome_stands_in_the_audit_log_without_a_word_of_the_case(
    console: Stage, name: str
):
    client = console.client(Role.CARE, **ENGLISH)
    console.press(client, f"/pages/{name}/case")
    ended = console.press(client, f"/pages/{name}/outcome", outcome="emergency_call")
    after = client.get(ended.headers["location"]).text
    again = console.press(client, f"/pages/{name}/case").text

    assert "Recorded: Made an emergency call." in after
    assert console.service.outcomes[0]["recorded_by"] == "care-person"
    assert "Nobody before you." not in again
    assert again.count("care-person, 20") == 2  # the look and the outcome
    seen = [(e["who"], e["subject"], e["outcome"]) for e in console.audited("case.viewed")]
    assert seen == [("care-person", name, "done")] * 2
    assert [(e["subject"], e["outcome"]) for e in console.audited("case.outcome")] == [
        (name, "emergency_call")
    ]
    trail = console.desk.audit._file.read_text()
    assert CONTACT not in trail
    assert DANGER[:4] not in trail.encode().decode("unicode_escape", "replace")


def test_without_the_consoles_own_line_nothing_is_shown(console: Stage, name: str):
    client = console.client(Role.CARE)
    form = field_of(client.get("/").text)
    log = console.desk.audit._file
    log.unlink()
    log.mkdir()  # as good as a full disk: nothing can be written there
    refused = client.post(f"/pages/{name}/case", data={FORM_FIELD: form})
    ended = client.post(f"/pages/{name}/outcome", data={FORM_FIELD: form, "outcome": "reached"})

    assert refused.status_code == 503
    assert DANGER[:4] not in refused.text
    assert CONTACT not in refused.text
    assert ended.status_code == 303  # what was done for somebody is kept all the same
    assert len(console.service.outcomes) == 1


def test_a_service_that_cannot_record_shows_nothing_and_says_what_to_do(console: Stage, name: str):
    client = console.client(Role.CARE, **ENGLISH)
    console.service.refuses = True
    shown = console.press(client, f"/pages/{name}/case")
    ended = console.press(client, f"/pages/{name}/outcome", outcome="reached")

    assert (shown.status_code, ended.status_code) == (503, 503)
    assert "Nothing can be shown now" in shown.text
    assert "phone procedure" in shown.text
    assert "NOT recorded" in ended.text
    assert '<button type="submit" class="primary large" name="outcome" value="reached">' in ended.text
    assert "not shown" in console.audited("case.viewed")[0]["outcome"]
    assert "reached, not recorded" in console.audited("case.outcome")[0]["outcome"]


def test_a_copy_without_the_token_for_cases_is_told_how_it_gets_one(console: Stage, name: str):
    client = console.client(Role.CARE, **ENGLISH)
    console.platform.care_token_file.write_text("another")
    unknown = console.press(client, f"/pages/{name}/case")
    console.platform.care_token_file.unlink()
    missing = console.press(client, f"/pages/{name}/case")

    for answer in (unknown, missing):
        assert answer.status_code == 503
        assert "xiong up" in answer.text


@pytest.mark.parametrize("wanted", ["5b1e", "..%2f..%2fetc", "5b1e1a2f-0000-4000-8000-000000000000"])
def test_a_page_that_is_not_there_has_no_case(console: Stage, name: str, wanted: str):
    client = console.client(Role.CARE)

    assert console.press(client, f"/pages/{wanted}/case").status_code == 404
    assert console.press(client, f"/pages/{wanted}/outcome", outcome="reached").status_code in {404, 503}
    assert console.press(client, f"/pages/{name}/outcome", outcome="fine").status_code == 400
    assert (console.service.looks, console.service.outcomes) == ([], [])


def test_a_form_of_another_site_opens_no_case(console: Stage, name: str):
    client = console.client(Role.CARE)
    form = {FORM_FIELD: field_of(client.get("/").text), "outcome": "reached"}
    for path in ("case", "outcome"):
        address = f"/pages/{name}/{path}"
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            assert client.post(address, data=form, headers=headers).status_code == 403
        assert client.post(address, data={"outcome": "reached"}).status_code == 403
    assert (console.service.looks, console.service.outcomes) == ([], [])


def test_a_pages_link_leads_through_the_login_to_the_door_of_its_case(console: Stage, name: str):
    client = console.client()
    asked = client.get(f"/pages/{name}/case").headers["location"]
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', client.get(asked).text))
    entered = client.post("/login", data=fields | {"token": console.tokens[Role.CARE]})

    assert entered.headers["location"] == f"/pages/{name}/case"
    assert console.service.looks == []


def test_whoever_may_not_read_sees_no_way_to_a_case(console: Stage, name: str):
    for role, offered in ((Role.OPERATE, False), (Role.ACKNOWLEDGE, False), (Role.CARE, True)):
        shown = console.client(role).get(f"/pages/{name}").text
        assert (f'action="/pages/{name}/case"' in shown) == offered


def test_an_old_page_and_one_of_an_older_release_are_found(console: Stage, name: str):
    client = console.client(Role.ACKNOWLEDGE)
    old = page_document(by="nurse-b")
    console.service.pages = [page_document(by="x") for _ in range(510)] + [old]
    assert client.get(f"/pages/{old['id']}").status_code == 200
    console.service.knows_pages = False
    assert client.get(f"/pages/{console.service.pages[3]['id']}").status_code == 200
    assert client.get(f"/pages/{name}").status_code == 404


def test_an_erased_person_and_a_missing_contact_are_said_in_words(console: Stage, name: str):
    page = console.service.pages[0]
    client = console.client(Role.CARE, **ENGLISH)
    console.service.cases[name] = case_document(page, contact=None)
    without = console.press(client, f"/pages/{name}/case").text
    console.service.cases[name] = erased(case_document(page))
    gone = console.press(client, f"/pages/{name}/case").text

    assert "Ask the unit that runs the application line-bot" in without
    assert "this person&#39;s data was erased" in gone
    assert "The message is no longer kept" in gone
    assert PERSON not in gone


def test_what_people_wrote_is_text_and_never_markup(console: Stage, name: str):
    wild = "<script>alert(1)</script>"
    case = case_document(console.service.pages[0], contact=wild)
    case["messages"][2]["content"] = wild
    case["triggers"][0]["words"] = [{"rule": '"><img src=x>', "start": 0, "end": 8}]
    console.service.cases[name] = case
    text = console.press(console.client(Role.CARE), f"/pages/{name}/case").text

    assert "<script>" not in text
    assert "<img" not in text
    assert "&lt;script&gt;" in text
    assert re.findall(r"<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc=\"/static/)", text) == []


def test_identities_in_a_case_are_shown_and_kept_nowhere(console: Stage, name: str, capfd):
    case = console.service.cases[name]
    said = case["messages"][0]
    sentences = [identity.sentence for identity in planted()]
    case["messages"] += [{**said, "id": f"m{n}", "content": text} for n, text in enumerate(sentences)]
    case["contact"]["contact"] = sentences[0]
    client = console.client(Role.CARE)
    shown = console.press(client, f"/pages/{name}/case").content
    console.press(client, f"/pages/{name}/outcome", outcome="reached")
    files = {p.name: p.read_bytes() for p in console.desk.settings.state.rglob("*") if p.is_file()}
    written = capfd.readouterr()

    assert len(leaks({"case": shown})) == len(planted())
    assert leaks({**files, "out": written.out.encode(), "err": written.err.encode()}) == []


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], [("我想死", ())]),
        ([(1, 3, "a")], [("我", ()), ("想死", ("a",))]),
        ([(0, 2, "a"), (1, 3, "b")], [("我", ("a",)), ("想", ("a", "b")), ("死", ("b",))]),
        ([(0, 3, "a"), (0, 3, "b")], [("我想死", ("a", "b"))]),
        ([(2, 9, "a")], [("我想", ()), ("死", ("a",))]),
    ],
)
def test_a_message_is_cut_where_the_rules_spoke(spans: list, expected: list):
    assert pieces("我想死", spans) == tuple(Piece(text, rules) for text, rules in expected)
