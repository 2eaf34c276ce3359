"""Who comes in, how far, and what a browser is told on the way."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from case_documents import CONTACT, case_document
from console_stage import NEW, OLD, Stage, field_of, stage
from copies import finished
from small_service import PERSON, page_document
from xiong.console.guard import FORM_FIELD
from xiong.console.rendering import STATIC
from xiong.console.roles import Role

CLOSED = ("/", "/fragments/pages", "/data/charts.json", "/audit", f"/rollback?to={OLD}", "/rollback/progress")


@pytest.mark.parametrize("path", CLOSED)
def test_without_a_login_nothing_is_shown(console: Stage, path: str):
    console.service.pages = [page_document()]
    answer = console.client().get(path)

    assert answer.status_code in {303, 401}
    assert PERSON not in answer.text
    assert "level-IMMINENT" not in answer.text
    if answer.status_code == 303:
        assert answer.headers["location"].startswith("/login")


def test_a_script_hears_that_nobody_is_logged_in(console: Stage):
    assert console.client(**{"HX-Request": "true"}).get("/fragments/verdict").status_code == 401


def test_after_the_login_one_is_where_one_wanted_to_go(console: Stage):
    client = console.client()
    asked = client.get(f"/rollback?to={OLD}").headers["location"]
    form = client.get(asked).text
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form)) | {"token": console.tokens[Role.OPERATE]}
    entered = client.post("/login", data=fields)

    assert entered.headers["location"] == f"/rollback?to={OLD}"
    assert (
        f"Roll back to {OLD}"
        in client.get(entered.headers["location"], headers={"Accept-Language": "en"}).text
    )


def test_a_wrong_token_opens_nothing_and_five_of_them_make_one_wait(console: Stage):
    client = console.client()
    answers = [console.log_in(client, "xc_wrong") for _ in range(6)]

    assert [a.status_code for a in answers] == [401] * 5 + [429]
    assert int(answers[-1].headers["retry-after"]) > 0
    assert console.log_in(client, console.tokens[Role.VIEW]).status_code == 429
    assert [e["outcome"] for e in console.audited("login.refused")] == ["wrong token"] * 5 + [
        "too many wrong tokens"
    ] * 2
    assert "xc_wrong" not in console.desk.audit._file.read_text()


def test_the_cookie_is_for_this_site_alone_and_for_no_script(console: Stage):
    cookie = console.log_in(console.client(), console.tokens[Role.VIEW]).headers["set-cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Max-Age=43200" in cookie
    assert "Secure" not in cookie.partition("Path")[2]


def test_behind_https_the_cookie_travels_only_there(console: Stage):
    client = console.client(**{"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"})
    form = field_of(client.get("/login").text)
    cookies = {"xiong_console_form": form}
    answer = httpx.post(
        f"{console.url}/login",
        data={FORM_FIELD: form, "token": console.tokens[Role.VIEW]},
        headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"},
        cookies=cookies,
        trust_env=False,
    )

    assert "Secure" in answer.headers["set-cookie"]
    assert answer.headers["strict-transport-security"]
    assert console.audited("login")[-1]["address"] == "203.0.113.9"


@pytest.mark.parametrize(
    "forge", [lambda c: c[:-3] + "abc", lambda c: "", lambda c: c.replace(".", "!"), lambda c: "[]"]
)
def test_a_forged_cookie_opens_nothing(console: Stage, forge):
    real = console.client(Role.OPERATE).cookies["xiong_console"]
    answer = httpx.get(f"{console.url}/", cookies={"xiong_console": forge(real)}, trust_env=False)

    assert answer.status_code == 303


def test_a_revoked_or_replaced_token_ends_its_logins_at_once(console: Stage):
    viewer, operator = console.client(Role.VIEW), console.client(Role.OPERATE)
    finished(console.desk.tokens.revoke("view-person"))
    finished(console.desk.tokens.make("operate-person", Role.VIEW, by="test", at=datetime.now(UTC)))

    assert viewer.get("/").status_code == 303
    assert operator.get("/").status_code == 303
    assert console.log_in(console.client(), console.tokens[Role.VIEW]).status_code == 401


def test_logging_out_needs_our_form_and_ends_at_the_login(console: Stage):
    client = console.client(Role.VIEW)

    assert client.post("/logout").status_code == 403
    assert client.get("/").status_code == 200
    assert console.press(client, "/logout").headers["location"] == "/login?out"
    assert client.get("/").status_code == 303
    assert len(console.audited("logout")) == 1


ACTS = ("/", "PAGE", "TAKE", f"/rollback?to={OLD}", "ROLL", "/audit", "DOOR", "CASE", "ENDED")


@pytest.mark.parametrize(
    ("role", "answers"),
    [
        (Role.VIEW, (200, 403, 403, 403, 403, 403, 403, 403, 403)),
        (Role.ACKNOWLEDGE, (200, 200, 303, 403, 403, 403, 403, 403, 403)),
        (Role.OPERATE, (200, 200, 303, 200, 303, 200, 403, 403, 403)),
        (Role.CARE, (200, 200, 303, 403, 403, 403, 200, 200, 303)),
    ],
)
def test_each_role_goes_as_far_as_it_says(tmp_path: Path, role: Role, answers: tuple[int, ...]):
    async def carry(target, progress):
        progress("nothing to do")

    with stage(tmp_path, carry=carry) as console:
        console.service.pages = [page_document()]
        name = console.service.pages[0]["id"]
        console.service.cases = {name: case_document(console.service.pages[0])}
        address = f"/pages/{name}"
        client = console.client(role)
        seen = {}
        for path in ACTS:
            if path == "TAKE":
                answer = console.press(client, f"{address}/acknowledgement")
            elif path == "ROLL":
                answer = console.press(client, "/rollback", **{"to": OLD, "from": NEW})
            elif path == "CASE":
                answer = console.press(client, f"{address}/case")
            elif path == "ENDED":
                answer = console.press(client, f"{address}/outcome", outcome="reached")
            else:
                answer = client.get({"PAGE": address, "DOOR": f"{address}/case"}.get(path, path))
            seen[path] = answer.status_code
            assert (CONTACT in answer.text) == (path == "CASE" and role is Role.CARE)

        assert tuple(seen.values()) == answers
        assert len(console.audited("refused")) == answers.count(403)


def test_a_view_shows_no_person_no_button_and_no_way_back(console: Stage):
    console.service.pages = [page_document()]
    shown = console.client(Role.VIEW).get("/").text

    assert console.service.pages[0]["id"][:8] in shown
    assert PERSON not in shown
    assert "acknowledgement" not in shown
    assert "/rollback?to" not in shown


@pytest.mark.parametrize(
    "more",
    [
        {"data": {}},
        {"data": {FORM_FIELD: "0" * 64}},
        {"headers": {"Origin": "https://evil.example"}},
        {"headers": {"Sec-Fetch-Site": "cross-site"}},
    ],
)
def test_a_form_of_another_site_does_nothing(console: Stage, more: dict):
    console.service.pages = [page_document()]
    client = console.client(Role.OPERATE)
    data = more.get("data", {FORM_FIELD: field_of(client.get("/").text)})
    answer = client.post(
        f"/pages/{console.service.pages[0]['id']}/acknowledgement", data=data, headers=more.get("headers")
    )

    assert answer.status_code == 403
    assert console.service.asked == []


def test_the_form_of_one_login_fits_no_other(console: Stage):
    ours, theirs = console.client(Role.OPERATE), console.client(Role.OPERATE)
    answer = ours.post("/logout", data={FORM_FIELD: field_of(theirs.get("/").text)})

    assert answer.status_code == 403


@pytest.mark.parametrize("path", ["/login", "/", "/nowhere", "/static/console.css", "/healthz", "/audit"])
def test_every_answer_forbids_what_is_inline_or_from_elsewhere(console: Stage, path: str):
    headers = console.client(Role.VIEW).get(path).headers
    policy = dict(part.partition(" ")[::2] for part in headers["content-security-policy"].split("; "))

    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "server" not in headers
    assert ("immutable" if path.startswith("/static") else "no-store") in headers["cache-control"]


def test_no_page_holds_anything_inline(console: Stage):
    console.service.pages = [page_document()]
    client = console.client(Role.OPERATE)
    paths = (
        "/",
        "/audit",
        f"/rollback?to={OLD}",
        f"/pages/{console.service.pages[0]['id']}",
        "/login",
        "/nowhere",
    )
    for path in paths:
        text = client.get(path, follow_redirects=True).text
        assert (
            re.findall(r"<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc=\"/static/)", text) == []
        ), path


def test_what_others_wrote_is_text_and_never_markup(console: Stage):
    wild = "<script>alert(1)</script>"
    page = page_document()
    page |= {"person": wild, "application": wild}
    page["deliveries"][1] |= {"error": wild, "contact": '"><img src=x>'}
    console.service.pages = [page]
    client = console.client(Role.OPERATE)
    client.get("/nowhere" + wild)
    for path in ("/", f"/pages/{page['id']}", "/audit", f"/login?next={wild}", f"/rollback?to={wild}"):
        text = client.get(path, follow_redirects=True).text
        assert "<script>alert" not in text, path
        assert "<img" not in text, path
    assert "&lt;script&gt;" in client.get(f"/pages/{page['id']}").text


def test_a_form_too_large_is_refused(console: Stage):
    assert console.client().post("/login", content=b"a" * 20_000).status_code == 413


def test_static_files_are_only_those_of_the_folder(console: Stage):
    client = console.client()

    assert client.get("/static/console.js").content == (STATIC / "console.js").read_bytes()
    assert client.get("/static/../words/en.yaml").status_code == 404
    assert client.get("/static/%2e%2e/desk.py").status_code == 404


def test_theme_and_language_are_remembered_by_the_browser(console: Stage):
    client = console.client(Role.VIEW)
    client.get("/preferences?theme=dark&back=/")
    client.get("/preferences?language=en&theme=pink")
    shown = client.get("/").text

    assert '<html lang="en" data-theme="dark">' in shown
    assert client.get("/preferences?back=//evil.example").headers["location"] == "/"
