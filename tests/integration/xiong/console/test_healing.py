"""The part about checks, healer and drills: it says what stands, and never looks calm when nobody looks."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from console_stage import Stage
from copies import finished
from healed import FINDINGS, a_bad_evening, decided, looked
from xiong.config.settings import Settings
from xiong.console.healing import HealingRecords
from xiong.console.roles import Role
from xiong.model.health import Finding, Verdict
from xiong.operations.recovery.pause import pause, resume
from xiong.tools.clock import SystemClock

ENGLISH = {"accept-language": "en"}


def part(console: Stage, language: str = "en", name: str = "healing") -> str:
    """A part of the page as somebody reads it who just came."""
    console.desk.lookout.forget()
    page = console.client(Role.VIEW, **{"accept-language": language}).get(f"/fragments/{name}").text
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_every_check_is_there_with_its_verdict_and_what_was_found(console: Stage):
    finished(a_bad_evening(console.platform.records))

    said = part(console)

    assert "database unhealthy waits for a human no answer within 3 s" in said
    assert "memory degraded 4 % of the memory is available" in said
    assert "certificate not looked at here HTTPS is not configured here" in said
    assert "service unhealthy suspected 0 of 2 replicas are ready" in said


def test_a_refusal_names_its_guard_and_why(console: Stage):
    finished(a_bad_evening(console.platform.records))

    assert "Not now (not the cause): database is unhealthy, and api depends on it" in part(console)
    assert "暫不動手（不是原因所在）：" in part(console, "zh-TW")


def test_what_waits_for_a_human_stands_on_top_and_in_the_sentence_about_health(console: Stage):
    finished(a_bad_evening(console.platform.records))

    assert "The healer has given up on: database. A human must act." in part(console)
    assert "1 thing is broken. the healer has given up on database: a human must act" in part(
        console, name="verdict"
    )
    assert "自動修復已對 database 停手，需要人處理" in part(console, "zh-TW", name="verdict")


def test_an_unhealthy_check_is_named_where_nothing_else_explains_it(console: Stage):
    finished(looked(console.platform.records, FINDINGS[0], FINDINGS[3]))

    assert "check database is unhealthy" in part(console, name="verdict")

    console.platform.running.pop()
    assert "check database is unhealthy" not in part(console, name="verdict")


def test_a_pause_is_shown_until_it_is_over(console: Stage):
    finished(looked(console.platform.records, *FINDINGS))
    finished(pause(console.platform.records, SystemClock(), timedelta(hours=1), "moving the database"))

    assert re.search(
        r"Recovery is paused until \d{4}-\d\d-\d\d .*, by .*\. moving the database", part(console)
    )

    finished(resume(console.platform.records, SystemClock()))
    assert "paused" not in part(console)


def test_the_last_actions_and_drills_are_there_newest_first(console: Stage):
    finished(a_bad_evening(console.platform.records))

    said = part(console)

    assert re.search(r"failed start a store again postgres .* done restart a replica api-1", said)
    assert re.search(r"failed kill-cache .* passed kill-replica .* passed kill-database too old", said)
    assert "healed in 2.4 s" in said


def test_a_daemon_that_is_silent_makes_no_claim(console: Stage):
    records = console.platform.records
    finished(a_bad_evening(records))
    finished(looked(records, *FINDINGS, at=datetime.now(UTC) - timedelta(minutes=2)))

    assert "The operations daemon has not looked since" in part(console)
    assert "given up" not in part(console, name="verdict")


def test_before_the_first_look_it_says_who_looks(console: Stage):
    said = part(console)

    assert "No deep check was made yet" in said
    assert "No fault was rehearsed yet." in said


def test_a_record_that_cannot_be_read_hides_nothing_else(console: Stage):
    finished(console.platform.records.write("recovery", "health", {"at": "never"}))

    assert "What the checks found cannot be read." in part(console)
    assert "Everything works." in part(console, name="verdict")


def test_a_healer_that_is_switched_off_or_in_shadow_says_so(console: Stage, tmp_path: Path):
    records = console.platform.records
    finished(looked(records, *FINDINGS))
    finished(decided(records, shadow=True))
    off = Settings.model_validate({"state": tmp_path, "recovery": {"enabled": False}})

    assert "Shadow mode" in part(console)
    seen = finished(HealingRecords(records, off).look(datetime.now(UTC)))
    assert (seen.off, seen.shadow) == (True, False)


def test_what_a_check_says_is_text_and_never_markup(console: Stage):
    finished(looked(console.platform.records, Finding("disk", Verdict.DEGRADED, "<img src=x>")))

    assert "&lt;img src=x&gt;" in console.client(Role.VIEW, **ENGLISH).get("/").text
