"""What the console says: the two sentences on top, both languages, times and numbers."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta

import pytest

from xiong.config.settings import Settings
from xiong.console import verdict
from xiong.console.alerts import Alert, Alerts
from xiong.console.figures import figure, percent
from xiong.console.incidents import Service, service_of
from xiong.console.pages import CalledPage, as_page
from xiong.console.routes.login import local_path
from xiong.console.words import LANGUAGES, full_time, texts, wanted, words
from xiong.model.drill import DrillOutcome
from xiong.model.health import Verdict as Found
from xiong.model.instance import Instance, InstanceState
from xiong.model.recovery import ActionOutcome, Condition
from xiong.operations import status as status_operation
from xiong.operations.health.registry import CHECKS
from xiong.operations.journal import Committed, Rollout
from xiong.operations.open_pages import OpenPages
from xiong.operations.recovery.actions.registry import ACTIONS
from xiong.operations.recovery.guards import GUARDS
from xiong.operations.status import Status

NOW = datetime(2026, 5, 4, 3, 0, tzinfo=UTC)
QUIET = Alerts(configured=False)


def page(level: str = "IMMINENT", *, minutes: float = 1, kind: str = "crisis", state: str = "open", calls=()):
    opened = (NOW - timedelta(minutes=minutes)).isoformat()
    document = dict.fromkeys(CalledPage.__dataclass_fields__)
    document |= {
        "id": "5b1e",
        "kind": kind,
        "level": level,
        "state": state,
        "events": 1,
        "round": 0,
        "step": 0,
    }
    document |= {
        "opened_at": opened,
        "last_event_at": opened,
        "next_step_at": opened,
        "deliveries": list(calls),
    }
    return as_page(document)


def call(contact: str, step: int, state: str = "sent", round_: int = 0) -> dict:
    times = dict.fromkeys(("sent_at", "received_at", "error"))
    created = {"created_at": NOW.isoformat(), "attempts": 1, "channel": "email"}
    return {"contact": contact, "step": step, "round": round_, "state": state, **created, **times}


def state(*faults: str, answering: str | None = "r1", degraded: tuple[str, ...] = ()) -> Status:
    replicas = tuple(Instance(f"api-{n}", "api", "r1", InstanceState.READY, None, "1") for n in range(2))
    return Status(
        platform="local",
        url="http://127.0.0.1",
        healthy=not faults,
        faults=faults,
        committed=Committed("r1", 2, NOW),
        answering=answering,
        degraded=degraded,
        instances=replicas,
    )


@pytest.mark.parametrize(
    ("pages", "tone", "key"),
    [
        (None, "warn", "danger.unknown"),
        ([], "ok", "danger.none"),
        ([page(kind="canary")], "ok", "danger.none"),
        ([page(state="acknowledged")], "ok", "danger.none"),
        ([page("HIGH")], "warn", "danger.high"),
        ([page("IMMINENT")], "bad", "danger.imminent"),
        ([page("IMMINENT"), page("HIGH")], "bad", "danger.both"),
    ],
)
def test_the_first_sentence_says_whether_anybody_is_in_danger(pages, tone, key):
    said = verdict.danger(pages, NOW)

    assert (said.tone, said.words) == (tone, key)


def test_the_longest_waiting_is_named():
    said = verdict.danger([page("HIGH", minutes=9), page("IMMINENT", minutes=3)], NOW)

    assert words("en")(said.words, **said.values | {"age": words("en").age(said.values["age"])}) == (
        "1 in immediate danger and 1 in high danger, waiting for up to 9 min."
    )


def test_the_second_sentence_counts_faults_and_critical_alerts():
    alert = Alert("APIDown", "critical", "", "", NOW, silenced=False)

    assert verdict.health(state(), "", QUIET).words == "health.good"
    assert verdict.health(state("x"), "", QUIET) == verdict.Verdict(
        "warn", "health.one", {"count": 1}, ("x",)
    )
    assert verdict.health(state("x", answering=None), "", QUIET).tone == "bad"
    assert verdict.health(state(), "", Alerts(True, True, (alert,))).lines == ("alert APIDown fires",)
    assert verdict.health(None, "no answer", QUIET).lines == ("no answer",)


def test_only_those_of_the_newest_step_are_being_called():
    called = page(
        calls=[call("nurse-a", 0), call("lead", 1), call("lead", 1), call("nurse-b", 1, "cancelled")]
    )

    assert called.called == ("lead",)
    assert page().called == ()


def test_both_languages_say_the_same_things_with_the_same_values():
    english, chinese = (texts(language) for language in ("en", "zh-TW"))

    def fields(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    assert set(english) == set(chinese)
    assert {k for k in english if fields(english[k]) != fields(chinese[k])} == set()


def test_every_fault_that_status_knows_is_said_in_chinese():
    """From the real sentences: a new or changed one fails here."""
    committed = Committed("r2", 3, NOW)
    instances = (
        Instance("valkey", "valkey", None, InstanceState.FAILED, None, "1", detail="exit code 1"),
        Instance("api-0", "api", "r1", InstanceState.READY, None, "2"),
    )
    rollout = Rollout("i", "deploy", "r2", 3, "r1", 3, NOW, "me")
    production = Settings.model_validate({"service": {"environment": "production"}})
    said = {
        *status_operation._faults(None, (), None, (), None),
        *status_operation._faults(committed, instances, "r1", ("cache",), rollout),
        *status_operation._faults(committed, instances, None, (), None),
        *status_operation._paging_faults(committed, instances, production, OpenPages(1, 0, 9.0)),
        *verdict.health(state(), "", Alerts(True, True, (Alert("A", "critical", "", "", NOW, False),))).lines,
    }
    chinese = words("zh-TW")

    assert len(said) >= 10
    assert {fault for fault in said if chinese.fault(fault) == fault} == set()
    assert chinese.fault("something new") == "something new"
    assert words("en").fault("1 of 2 replicas are ready") == "1 of 2 replicas are ready"


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (5, "5 s", "5 秒"),
        (119, "119 s", "119 秒"),
        (420, "7 min", "7 分鐘"),
        (7300, "2 h", "2 小時"),
        (-3, "0 s", "0 秒"),
    ],
)
def test_ages_are_said_in_the_largest_unit_of_which_there_are_two(seconds, english, chinese):
    assert (words("en").age(seconds), words("zh-TW").age(seconds)) == (english, chinese)


def test_times_are_those_of_the_teams_clocks():
    assert full_time(NOW) == "2026-05-04 11:00:00"


def test_a_chosen_language_wins_over_the_browsers_and_chinese_is_the_default():
    assert [wanted(None, "en-US,en"), wanted("zh-TW", "en"), wanted("xx", ""), wanted(None, "fr")] == [
        "en",
        *["zh-TW"] * 3,
    ]
    assert set(LANGUAGES) == {"zh-TW", "en"}


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (None, "count", "–"),
        (0.04123, "seconds", "41 ms"),
        (2.34, "seconds", "2.3 s"),
        (2**20 * 51.87, "bytes", "51.9 MB"),
        (0.5, "percent", "0.5 %"),
        (5.44, "per_second", "5.4"),
        (12.0, "count", "12"),
    ],
)
def test_numbers_are_short(value, unit, shown):
    assert figure(value, unit) == shown


def test_a_share_is_never_rounded_up_to_a_whole():
    assert (percent(0.99999, 2), percent(1.0, 2), percent(None)) == ("99.99 %", "100.00 %", "–")


def test_the_public_hears_three_words():
    assert service_of(None) is Service.DOWN
    assert service_of(state(answering=None)) is Service.DOWN
    assert service_of(state(degraded=("cache",))) is Service.DEGRADED
    assert service_of(state("1 of 2 replicas are ready")) is Service.UP


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example", "//evil.example", "/\\evil.example", "\\\\x", "", "/a\r\nb", "javascript:1"],
)
def test_a_login_leads_to_no_other_site(elsewhere):
    assert local_path(elsewhere) == "/"
    assert local_path("/pages/5b1e?notice=x") == "/pages/5b1e?notice=x"


def test_every_name_of_the_healer_is_said_in_both_languages():
    """From the real lists: a new check, guard or action fails here."""
    keys = {f"check.{check.name}" for check in CHECKS}
    keys |= {f"action.{action.name}" for action in ACTIONS}
    keys |= {f"guard.{guard}" for guard in GUARDS}
    keys |= {f"found.{verdict}" for verdict in Found}
    keys |= {f"condition.{condition}" for condition in Condition}
    keys |= {f"acted.{outcome}" for outcome in ActionOutcome}

    keys |= {f"drilled.{outcome}" for outcome in DrillOutcome}

    for language in LANGUAGES:
        assert keys - set(texts(language)) == set()
