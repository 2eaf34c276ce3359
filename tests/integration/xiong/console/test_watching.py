"""What the console sees: real scrapes, a service that falls silent, parts that ask for their next version."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from console_stage import NEW, Stage, serving, stage
from copies import finished
from servers import free_port, wait_until
from small_service import page_document
from xiong.console.alerts import alerts
from xiong.console.incidents import Incidents, Service
from xiong.console.rendering import STATIC
from xiong.console.roles import Role
from xiong.console.routes.overview import SECTIONS
from xiong.model.instance import InstanceState
from xiong.tools.clock import SystemClock

ENGLISH = {"Accept-Language": "en"}


def scrape(requests: int) -> str:
    return (
        "# TYPE http_requests_total counter\n"
        f'http_requests_total{{method="POST",path="/api/v1/chat",status="200"}} {requests}\n'
        "# TYPE xiongichat_database_connections gauge\nxiongichat_database_connections 11\n"
    )


def test_two_replicas_are_sampled_within_seconds_and_shown_as_charts(console: Stage):
    client = console.client(Role.VIEW)

    def charts() -> dict:
        return {c["name"]: c for c in client.get("/data/charts.json").json()["charts"]}

    wait_until(lambda: len(charts()["traffic"]["times"]) >= 1, "the first sample", 15)
    console.service.metrics = scrape(30)
    wait_until(lambda: (charts()["traffic"]["lines"][0]["values"][-1] or 0) > 0, "requests are seen", 15)
    seen = charts()

    assert list(seen) == ["traffic", "latency", "errors", "users", "risk", "replies", "connections", "size"]
    assert seen["connections"]["lines"][0]["values"][-1] == 11
    assert finished(console.desk.series.totals(10)).requests == 60  # 30 of each of the two replicas


def test_a_service_that_does_not_answer_is_never_shown_as_calm(console: Stage):
    console.service.refuses = True
    text = console.client(Role.VIEW, **ENGLISH).get("/").text

    assert "Unknown whether anybody is in danger." in text
    assert "Nobody is waiting" not in text
    assert "They are not lost." in text


def test_faults_of_status_stand_in_the_second_sentence(console: Stage):
    console.service.degraded = ["cache"]
    console.platform.running[0] = console.platform.running[0].__class__(
        **{**vars(console.platform.running[0]), "state": InstanceState.FAILED, "detail": "exit code 1"}
    )
    text = console.client(Role.VIEW, **ENGLISH).get("/").text

    assert "2 things are broken." in text
    assert "postgres is failed: exit code 1" in text
    assert "the service misses its cache" in text
    assert "服務連不上 cache" in console.client(Role.VIEW).get("/").text


def test_a_broken_record_hides_nothing_else(console: Stage):
    history = console.desk.settings.state / "records" / "history"
    (history / "20990101.json").write_text("{")
    console.service.pages = [page_document()]
    text = console.client(Role.VIEW, **ENGLISH).get("/").text

    assert "The state cannot be seen." in text
    assert "holds no valid JSON" in text
    assert "1 in immediate danger" in text


@pytest.mark.parametrize("name", SECTIONS)
def test_a_part_is_sent_again_only_when_it_changed(console: Stage, name: str):
    client = console.client(Role.OPERATE)
    made = client.get(f"/fragments/{name}")
    following = re.search(rf'hx-get="(/fragments/{name}\?v=\w+)"', made.text)

    assert made.status_code == 200
    assert following
    assert client.get(following[1]).status_code == 204
    assert client.get(f"/fragments/{name}?v=0000").status_code == 200


def test_a_new_page_reaches_the_overview_within_the_next_look(console: Stage):
    client = console.client(Role.VIEW, **ENGLISH)
    before = client.get("/fragments/verdict").text
    console.service.pages = [page_document("HIGH")]

    assert "Nobody is waiting" in before
    wait_until(lambda: "1 in high danger" in client.get("/fragments/verdict").text, "the page is seen", 5)
    assert "! · Xiong console" in client.get("/").text


def test_a_part_that_does_not_exist_is_not_found(console: Stage):
    assert console.client(Role.VIEW).get("/fragments/base").status_code == 404


def test_nobody_called_is_said_where_paging_is_not_set_up(tmp_path: Path):
    with stage(tmp_path, paging=False) as console:
        assert "Nobody is called by itself" in console.client(Role.VIEW, **ENGLISH).get("/").text


def firing(name: str, severity: str, state: str = "active") -> dict:
    return {
        "labels": {"alertname": name, "severity": severity},
        "annotations": {"summary": f"about {name}", "runbook_url": "javascript:alert(1)"},
        "startsAt": "2026-05-04T03:00:00.000Z",
        "status": {"state": state},
    }


def test_alerts_are_read_from_alertmanager_worst_first(tmp_path: Path):
    answer = [
        firing("Disk", "warning"),
        firing("Watchdog", "none"),
        firing("APIDown", "critical"),
        firing("Muted", "critical", "suppressed"),
    ]
    app = Starlette(routes=[Route("/api/v2/alerts", lambda _: JSONResponse(answer))])
    with serving(app, free_port()) as address, stage(tmp_path, alertmanager=address) as console:
        text = console.client(Role.VIEW, **ENGLISH).get("/").text
        found = finished(alerts(address))

    assert [(a.name, a.silenced) for a in found.firing] == [
        ("APIDown", False),
        ("Disk", False),
        ("Muted", True),
    ]
    assert found.watched
    assert "about APIDown" in text
    assert "alert APIDown fires" in text
    assert "javascript:" not in text


def test_an_alertmanager_that_is_away_or_blind_is_said():
    app = Starlette(routes=[Route("/api/v2/alerts", lambda _: JSONResponse([]))])
    with serving(app, free_port()) as address:
        blind = finished(alerts(address))
    away = finished(alerts(address))

    assert (blind.reachable, blind.watched) == (True, False)
    assert (away.configured, away.reachable) == (True, False)
    assert not finished(alerts("")).configured


def test_the_public_page_is_closed_unless_it_is_switched_on(console: Stage):
    assert console.client().get("/status").status_code == 404


def test_the_public_page_says_how_the_service_is_and_nothing_about_people(tmp_path: Path):
    with stage(tmp_path, public=True) as console:
        console.service.pages = [page_document(), page_document("HIGH")]
        client = console.client(**ENGLISH)
        good = client.get("/status").text
        console.service.degraded = ["model"]
        console.desk.lookout.forget()
        limited = client.get("/status").text

    assert "The service works." in good
    assert "1925" in good
    assert "The service works with limits." in limited
    for word in ("danger.", "IMMINENT", "p-opaque", NEW, "api-0", "model", "nurse", "replica"):
        assert word not in good + limited


async def test_an_incident_is_two_bad_looks_and_ends_with_two_good_ones(console: Stage):
    clock, incidents = SystemClock(), Incidents(console.platform.records)
    for state in (Service.UP, Service.DOWN, Service.UP, Service.UP):
        await incidents.look(state, clock.now())
    assert await incidents.all() == []

    for state in (Service.DEGRADED, Service.DEGRADED, Service.DOWN, Service.DOWN):
        await incidents.look(state, clock.now())
    (lasting,) = await incidents.newest(clock.now())
    assert (lasting.state, lasting.ended_at) == (Service.DOWN, None)

    again = Incidents(console.platform.records)  # the console was restarted meanwhile
    for _ in range(2):
        await again.look(Service.UP, clock.now())
    (over,) = await incidents.newest(clock.now())
    assert over.ended_at is not None


def test_copied_libraries_are_what_their_packages_hold():
    folder = STATIC / "vendor"
    written = json.loads((folder / "versions.json").read_text())
    copied = {p.name for p in folder.iterdir() if p.suffix in {".js", ".css"}}

    assert copied == set(written)
    for name, entry in written.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == entry["sha256"], name
        assert re.fullmatch(r"\d+\.\d+\.\d+", entry["version"])
        assert entry["licence"] in {"0BSD", "MIT"}
        assert (folder / entry["licence_file"]).is_file()
