"""The dashboards: up to date, as Grafana provisions them, and by the rules of its dashboard-linter."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from typing import Any

import pytest

from monitoring_files import MONITORING, ROOT, RUNBOOKS, dashboards, load, panels
from promql import read

BOARDS = dashboards()
SEED = ["API QPS", "延遲分佈", "錯誤率", "活躍使用者", "風險事件", "資料庫效能"]
# panels that Grafana has had since 10 and still has
TYPES = {"timeseries", "stat", "piechart"}
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
every_board = pytest.mark.parametrize("uid", BOARDS)


def variables(uid: str) -> dict[str, Any]:
    return {variable["name"]: variable for variable in BOARDS[uid]["templating"]["list"]}


def targets(uid: str) -> list[tuple[str, str]]:
    return [(panel["title"], t["expr"]) for panel in panels(BOARDS[uid]) for t in panel["targets"]]


def recorded(metric: str) -> bool:
    """A recorded series is the whole service's: it has neither job nor instance."""
    return ":" in metric


def test_the_committed_files_are_what_the_code_makes() -> None:
    argv = [sys.executable, "-m", "deployment.monitoring", "--check"]
    done = subprocess.run(argv, check=False, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_the_generator_refuses_words_it_does_not_know() -> None:
    argv = [sys.executable, "-m", "deployment.monitoring", "--chek"]
    done = subprocess.run(argv, check=False, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2


def test_g4_the_library_builds_for_a_present_grafana() -> None:
    assert importlib.metadata.version("grafana-foundation-sdk").endswith("!11.6.0")
    assert {board["schemaVersion"] for board in BOARDS.values()} == {41}


def test_the_first_board_has_the_six_panels_of_the_first_design() -> None:
    board = BOARDS["xiongichat-overview"]
    assert board["title"] == "雄i聊系統監控"
    assert [panel["title"] for panel in panels(board)][:6] == SEED


@every_board
def test_g1_a_board_is_the_bare_model_with_all_that_it_needs(uid: str) -> None:
    board = BOARDS[uid]
    assert "dashboard" not in board
    assert board["uid"] == uid
    assert board["title"]
    assert board["description"]
    assert board["editable"] is False
    numbers = [panel["id"] for panel in board["panels"]]
    assert len(set(numbers)) == len(numbers)
    assert all({"x", "y", "w", "h"} <= set(panel["gridPos"]) for panel in board["panels"])


@every_board
def test_no_two_panels_lie_on_each_other(uid: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in BOARDS[uid]["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells


@every_board
def test_g2_every_panel_is_of_a_kind_that_grafana_still_has(uid: str) -> None:
    assert {panel["type"] for panel in panels(BOARDS[uid])} <= TYPES


@every_board
def test_every_panel_has_a_title_a_description_a_unit_a_source_and_a_query(uid: str) -> None:
    for panel in panels(BOARDS[uid]):
        assert re.search(r"\w", panel["title"])
        assert re.search(r"[\u4e00-\u9fff]", panel["description"]), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["targets"], panel["title"]
        assert all(part["datasource"] == SOURCE for part in (panel, *panel["targets"])), panel["title"]
        assert all(target["legendFormat"] for target in panel["targets"]), panel["title"]


@every_board
def test_titles_on_a_board_are_unique(uid: str) -> None:
    titles = [panel["title"] for panel in panels(BOARDS[uid])]
    assert len(set(titles)) == len(titles)


@every_board
def test_source_job_and_instance_are_chosen_on_the_page(uid: str) -> None:
    found = variables(uid)
    assert list(found) == ["datasource", "job", "instance"]
    assert (found["datasource"]["type"], found["datasource"]["query"]) == ("datasource", "prometheus")
    for name, label in (("job", "Job"), ("instance", "Instance")):
        variable = found[name]
        assert (variable["label"], variable["datasource"], variable["type"]) == (label, SOURCE, "query")
        assert (variable["multi"], variable["includeAll"], variable["allValue"], variable["refresh"]) == (
            True,
            True,
            ".+",
            2,
        )


@every_board
def test_every_query_on_an_exported_metric_is_by_job_and_instance(uid: str) -> None:
    wanted = {("job", "=~", "$job"), ("instance", "=~", "$instance")}
    for title, expr in targets(uid):
        for s in read(expr).selectors:
            assert recorded(s.metric) or wanted <= set(s.matchers), (title, s.metric)


@every_board
def test_g3_windows_fit_the_scrapes_and_counters_are_rates(uid: str) -> None:
    for title, expr in targets(uid):
        assert set(re.findall(r"\[([^\]]*)\]", expr)) <= {"$__rate_interval", "$__range"}, title
        for s in read(expr).selectors:
            if re.search(r"_(total|bucket|count|sum)$", s.metric) and not recorded(s.metric):
                assert re.search(rf"(rate|increase)\({s.metric}\{{[^}}]*\}}\[", expr), (title, s.metric)


@every_board
def test_g3_a_rate_is_summed_over_the_replicas(uid: str) -> None:
    for title, expr in targets(uid):
        if re.search(r"\b(rate|increase)\(", expr):
            assert re.search(r"\b(sum|max)\b", expr), title


def test_g3_the_share_of_errors_is_a_share() -> None:
    (panel,) = [p for p in panels(BOARDS["xiongichat-overview"]) if p["title"] == "錯誤率"]
    assert panel["fieldConfig"]["defaults"]["unit"] == "percentunit"
    assert all(" / sum(" in target["expr"] for target in panel["targets"])


def test_the_memory_panel_has_data_also_where_nothing_limits_memory() -> None:
    (panel,) = [p for p in panels(BOARDS["xiongichat-overview"]) if p["title"] == "記憶體"]
    used, share = [read(target["expr"]).selectors[0].metric for target in panel["targets"]]
    assert (used, share) == ("process_resident_memory_bytes", "instance:xiongichat_memory:ratio")
    (override,) = panel["fieldConfig"]["overrides"]
    assert panel["fieldConfig"]["defaults"]["unit"] == "bytes"
    assert override["matcher"] == {"id": "byFrameRefID", "options": panel["targets"][1]["refId"]}
    assert {p["id"]: p["value"] for p in override["properties"]} == {
        "unit": "percentunit",
        "custom.axisPlacement": "right",
    }


@every_board
def test_every_board_marks_the_deploys_and_leads_to_the_others(uid: str) -> None:
    (mark,) = BOARDS[uid]["annotations"]["list"]
    assert (mark["name"], mark["enable"], mark["datasource"]) == ("部署", True, SOURCE)
    assert "xiong_last_deploy_timestamp_seconds" in mark["expr"]
    (link,) = BOARDS[uid]["links"]
    assert (link["type"], link["tags"], link["keepTime"]) == ("dashboards", BOARDS[uid]["tags"], True)


def test_provisioning_names_no_address_and_does_not_keep_changes() -> None:
    folder = MONITORING / "grafana" / "provisioning"
    (source,) = load(folder / "datasources" / "xiongichat.yml")["datasources"]
    assert (source["type"], source["url"], source["editable"]) == ("prometheus", "${PROMETHEUS_URL}", False)
    assert source["jsonData"]["timeInterval"] == "15s"
    (provider,) = load(folder / "dashboards" / "xiongichat.yml")["providers"]
    assert provider["allowUiUpdates"] is False


def test_panels_and_boards_that_runbooks_name_exist() -> None:
    titles = {panel["title"] for board in BOARDS.values() for panel in panels(board)}
    boards = {board["title"] for board in BOARDS.values()}
    unknown = []
    for page in sorted(RUNBOOKS.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        unknown += [(page.stem, n) for n in re.findall(r"[Pp]anel ([^:,. ]+)", text) if n not in titles]
        unknown += [(page.stem, n) for n in re.findall(r"Dashboard ([^:,. ]+)", text) if n not in boards]
    assert unknown == []
