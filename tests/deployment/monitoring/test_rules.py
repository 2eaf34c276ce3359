"""The rules as their own tools see them, and that each alert is tested both ways and explained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from monitoring_files import (
    CASE_FILES,
    PAGE,
    PROMETHEUS,
    PROMTOOLS,
    ROOT,
    RULE_FILES,
    RUNBOOKS,
    cases,
    load,
    queries,
    rules,
    run,
)

pytestmark = pytest.mark.long

ALERTS = sorted({rule["alert"] for _, rule in rules("alert")})
# it can never be silent: that is what it is for
ALWAYS = {"Watchdog"}
TEAMS = {"backend", "database", "operations", "crisis"}


@pytest.mark.parametrize("promtool", PROMTOOLS)
def test_promtool_reads_every_rule_file(promtool: str) -> None:
    done = run(promtool, "check", "rules", "--lint=all", "--lint-fatal", *RULE_FILES)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("case_file", [path.name for path in CASE_FILES])
@pytest.mark.parametrize("promtool", PROMTOOLS)
def test_every_case_of_the_rules_holds(promtool: str, case_file: str) -> None:
    done = run(promtool, "test", "rules", PROMETHEUS / "tests" / case_file)
    assert done.returncode == 0, done.stdout[-6000:]


@pytest.mark.parametrize("promtool", PROMTOOLS)
def test_promtool_reads_every_query_of_the_dashboards(promtool: str, tmp_path: Path) -> None:
    lines = ["groups:", "- name: panels", "  rules:"]
    for number, (where, expr) in enumerate(queries()):
        lines += [
            f"  - record: panel:{number}",
            f"    # {where}",
            "    expr: |",
            f"      {' '.join(expr.split())}",
        ]
    file = tmp_path / "panels.yml"
    file.write_text("\n".join(lines), encoding="utf-8")
    done = run(promtool, "check", "rules", file)
    assert done.returncode == 0, done.stdout


def test_every_alert_has_a_case_that_fires_and_one_that_does_not() -> None:
    fires, silent = set(), set()
    for _, test in cases():
        for case in test.get("alert_rule_test", []):
            (fires if case["exp_alerts"] else silent).add(case["alertname"])
    assert set(ALERTS) - fires == set()
    assert set(ALERTS) - silent == ALWAYS


def test_every_form_of_an_alert_has_a_case_that_fires() -> None:
    keys = ("severity", "window")
    shown = {
        (case["alertname"], *(alert["exp_labels"].get(key) for key in keys))
        for _, test in cases()
        for case in test.get("alert_rule_test", [])
        for alert in case["exp_alerts"]
    }
    forms = {(rule["alert"], *(rule["labels"].get(key) for key in keys)) for _, rule in rules("alert")}
    assert forms - shown == set()


def test_the_cases_record_before_they_alert() -> None:
    for path in CASE_FILES:
        wanted = [
            g["name"]
            for name in load(path)["rule_files"]
            for g in load(PROMETHEUS / "rules" / Path(name).name)["groups"]
        ]
        assert load(path)["group_eval_order"] == wanted, path.name


@pytest.mark.parametrize("trap", [f"A{number}" for number in range(1, 21) if number != 17])
def test_every_trap_of_the_rules_is_a_case(trap: str) -> None:
    names = [test["name"].split() for file, test in cases() if file == "traps_test.yml"]
    assert any(trap in words for words in names)


def test_every_trap_is_listed_with_what_holds_it() -> None:
    listed = dict(
        re.findall(
            r"^\| `([ABG]\d+)` \| [^|]+ \| ([^|]+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE
        )
    )
    wanted = {f"{row}{n}" for row, last in (("A", 20), ("B", 9), ("G", 4)) for n in range(1, last + 1)}
    assert set(listed) == wanted
    for trap, held in listed.items():
        for file in re.findall(r"`(\S+\.py)`", held):
            assert f"_{trap.lower()}_" in (ROOT / file).read_text(encoding="utf-8"), (trap, file)


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_says_who_acts_on_what_and_how(alert: str) -> None:
    for rule in (rule for _, rule in rules("alert") if rule["alert"] == alert):
        labels, notes = rule["labels"], rule["annotations"]
        assert labels["severity"] in {"critical", "warning", "info"}
        assert labels["team"] in TEAMS
        assert re.search(r"[\u4e00-\u9fff]", notes["summary"])
        assert "{{" not in notes["summary"], "a summary names a group of alerts and is the same for all"
        assert not re.search(r"[\u4e00-\u9fff]", notes["description"])
        link = f"{{{{ with $externalLabels.runbooks }}}}{{{{ . }}}}/{alert}.md{{{{ end }}}}"
        assert notes["runbook_url"] == link


def test_a_ratio_or_an_absence_must_last_for_two_scrapes() -> None:
    at_once = {rule["alert"] for _, rule in rules("alert") if "for" not in rule}
    assert at_once == {
        "Watchdog",
        "AvailabilityBudgetBurn",  # two windows, the shorter one of 5 minutes
        "LatencyBudgetBurn",
        "HighRiskEventDetected",  # its five minutes are in the expression
        "PageUnacknowledged",
        "MessageLost",  # an event: one is enough
        "DeployFailed",
    }


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    assert sorted(path.stem for path in RUNBOOKS.glob("*.md")) == ALERTS


@pytest.mark.parametrize("alert", ALERTS)
def test_every_runbook_says_what_it_means_how_to_check_and_how_to_fix(alert: str) -> None:
    text = (RUNBOOKS / f"{alert}.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {alert}\n")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["What it means", "Check", "Fix"]
    assert all(len(part.split()) >= 5 for part in re.split(r"^## .*$", text, flags=re.MULTILINE)[1:])
