"""`xiong prove alerts` on the real Prometheus and Alertmanager: it proves what holds and finds what does not.

Runs where both are on PATH. Without them there is nothing to parametrize over, and pytest counts and prints
the tests as not run.
"""

import copy

import pytest

from xiong.config.settings import Settings
from xiong.errors import UsageError
from xiong.operations.prove import scenarios
from xiong.operations.prove.areas import prove
from xiong.operations.prove.matrix import Matrix, Verdict
from xiong.platforms import shipped
from xiong.platforms.base import Platform
from xiong.platforms.collectors import Collectors, find_collectors
from xiong.platforms.registry import platform_for
from xiong.tools.clock import SystemClock

pytestmark = pytest.mark.long

HERE = [found for found in [find_collectors()] if found.missing() is None]
here = pytest.mark.parametrize("collectors", HERE, ids=["prometheus"] * len(HERE))


@pytest.fixture
def platform(tmp_path) -> Platform:
    return platform_for(Settings.model_validate({"state": tmp_path / "state", "proxy": {"port": 0}}))


async def proved(platform: Platform, *only: str, area: str = "alerts") -> Matrix:
    return await prove(platform, Settings(), SystemClock(), print, areas=[area], only=only)


@here
async def test_an_alert_fires_arrives_by_its_route_and_resolves(collectors, platform):
    matrix = await proved(platform, "ProxyDown", "HighRiskEventDetected", "Watchdog")

    assert {p.artifact: p.verdict for p in matrix.proofs} == {
        "ProxyDown (critical)": Verdict.PROVED,
        "HighRiskEventDetected (critical)": Verdict.PROVED,
        "Watchdog (info)": Verdict.PROVED,
    }, matrix
    arrived = {p.artifact: p.steps["arrive"].rpartition(" ")[2] for p in matrix.proofs}
    assert arrived == {
        "ProxyDown (critical)": "backend",
        "HighRiskEventDetected (critical)": "crisis",
        "Watchdog (info)": "heartbeat",
    }


@here
@pytest.mark.timeout(600)
async def test_every_shipped_alert_fires_arrives_and_resolves(collectors, platform):
    matrix = await proved(platform)

    assert [proof for proof in matrix.proofs if proof.verdict is not Verdict.PROVED] == []
    assert len(matrix.proofs) == len(scenarios.alerts()) > 40


@here
async def test_an_alert_that_cannot_fire_is_a_gap(collectors, platform, monkeypatch):
    broken = copy.deepcopy(shipped.groups())
    for rule in (rule for group in broken for rule in group["rules"]):
        if rule.get("alert") == "ProxyDown":
            rule["expr"] = 'xiong_instances{service="poxy"} == 0'
    monkeypatch.setattr(shipped, "groups", lambda: broken)
    monkeypatch.setattr("xiong.operations.prove.trial._SLACK_SECONDS", 12.0)

    [proof] = (await proved(platform, "ProxyDown")).proofs

    assert proof.verdict is Verdict.GAP
    assert "it fires: not seen" in proof.why
    assert "Watchdog firing" in proof.why


@here
async def test_an_alert_that_its_route_does_not_let_through_is_a_gap(collectors, platform, monkeypatch):
    real = shipped.with_receivers

    def silenced(document, url_of):
        quiet = real(document, url_of)
        everything = {
            "source_matchers": ['alertname="Watchdog"'],
            "target_matchers": ['alertname="ProxyDown"'],
        }
        return quiet | {"inhibit_rules": [everything]}

    monkeypatch.setattr(shipped, "with_receivers", silenced)
    monkeypatch.setattr("xiong.operations.prove.trial._ARRIVE_SECONDS", 8.0)

    [proof] = (await proved(platform, "ProxyDown")).proofs

    assert proof.verdict is Verdict.GAP
    assert "fire" in proof.steps
    assert "it arrives: not seen" in proof.why


async def test_without_the_programs_every_alert_is_not_run_and_says_why(platform, monkeypatch):
    monkeypatch.setattr("xiong.operations.prove.areas.find_collectors", lambda: Collectors(None, None))

    matrix = await proved(platform)

    assert len(matrix.proofs) == len(scenarios.alerts())
    assert {(p.verdict, p.why) for p in matrix.proofs} == {
        (Verdict.NOT_RUN, "Prometheus and Alertmanager are not on PATH")
    }
    assert matrix.whole()


@here
async def test_dashboards_need_a_copy_that_runs(collectors, platform):
    matrix = await proved(platform, area="dashboards")

    assert {(p.verdict, p.why) for p in matrix.proofs} == {
        (Verdict.NOT_RUN, "api, pager, watch not running here (xiong up)")
    }


async def test_an_alert_without_a_case_is_a_gap(platform, monkeypatch):
    monkeypatch.setattr(scenarios, "scenario_for", lambda alert: None)
    monkeypatch.setattr(
        "xiong.operations.prove.areas.find_collectors",
        lambda: HERE[0] if HERE else Collectors(None, None),
    )

    matrix = await proved(platform, "APIDown")

    expected = (Verdict.GAP, "no promtool case fires it") if HERE else (Verdict.NOT_RUN, matrix.proofs[0].why)
    assert [(p.verdict, p.why) for p in matrix.proofs] == [expected]


async def test_an_area_that_does_not_exist_is_named(platform):
    with pytest.raises(UsageError, match="no area alarms: expected alerts, dashboards"):
        await proved(platform, area="alarms")
