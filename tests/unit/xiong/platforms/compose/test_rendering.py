"""What Compose reads of a copy: settings reach the containers, and no value is taken for a variable."""

from pathlib import Path

from xiong.config.settings import Settings
from xiong.platforms.compose import rendering
from xiong.platforms.compose.network import Network
from xiong.platforms.compose.project import Project, Slot
from xiong.platforms.onehost.layout import Layout


def project(folder: Path, **settings: object) -> Project:
    made = Project(Settings.model_validate(settings), Layout(folder, folder), Network("10.213.7"), 8080, 8081)
    made.folder.mkdir()
    made.keep_slots({"api-3": Slot("r1", "image", "setup"), "pager-1": Slot("r1", "image", "setup")})
    return made


def test_the_drain_that_is_set_is_the_grace_of_each_replica(tmp_path: Path):
    here = project(tmp_path, deploy={"drain_seconds": 7})

    services = rendering.override(here, {"api-3": {}, "pager-1": {}})["services"]

    assert "--timeout-graceful-shutdown=7" in services["api-3"]["command"]
    assert services["api-3"]["stop_grace_period"] == "17s"
    assert "command" not in services["pager-1"]


def test_a_further_slot_has_an_address_and_a_hold_of_its_own(tmp_path: Path):
    slot = rendering.override(project(tmp_path), {"api-3": {"A": "b"}, "pager-1": {}})["services"]["api-3"]

    assert slot["networks"]["front"] == {"ipv4_address": "10.213.7.33"}
    assert slot["networks"]["back"] == {"ipv4_address": "10.213.7.163"}
    assert slot["environment"]["HOLD_PATH"].endswith("/api-3")
    assert slot["extends"]["service"] == "api-0"


def test_a_dollar_in_a_value_stays_one(tmp_path: Path):
    told = rendering.override(project(tmp_path), {"api-3": {"KEY": "a$b"}, "pager-1": {}})

    assert told["services"]["api-3"]["environment"]["KEY"] == "a$$b"
