"""The files of the log pipeline: made from their sources, and right in Logstash's own eyes."""

import json
import re
import subprocess

import pytest
import yaml

from api import logs
from deployment.monitoring.elk import __main__ as made
from deployment.monitoring.elk import filtering
from logging_parts import FOLDER, on_path

CONFIGURATIONS = sorted((FOLDER / "logstash").glob("*.conf"))


def test_what_is_made_is_as_its_source():
    assert made.stale() == []


def test_a_stale_file_is_named(monkeypatch, capsys):
    monkeypatch.setattr(made.filtering, "pipeline", lambda: "another")

    assert made.main(["--check"]) == 1
    assert "intake.conf" in capsys.readouterr().err


@pytest.mark.elastic
@pytest.mark.parametrize("lint", on_path("logstash-lint"))
@pytest.mark.parametrize("file", CONFIGURATIONS, ids=lambda file: file.name)
def test_logstash_reads_each_pipeline(lint, file):
    done = subprocess.run([lint, str(file)], capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_every_field_that_the_service_logs_goes_through():
    written = {*logs._FIELDS.values(), "message", "log.level", "trace.id", "error.type", "error.message"}

    assert written - set(filtering.FIELDS) == set()


def test_every_field_that_goes_through_has_a_type_in_the_index():
    mapping = json.loads((FOLDER / "elasticsearch" / "logs-xiongichat@mappings.json").read_text())
    properties = mapping["template"]["mappings"]["properties"]

    def typed(name: str) -> bool:
        at = {"properties": properties}
        for part in name.split("."):
            at = at.get("properties", {}).get(part, {})
        return "type" in at

    assert [name for name in filtering.FIELDS if not typed(name)] == []
    assert mapping["template"]["mappings"]["dynamic"] is False


def test_no_pipeline_calls_anybody_or_has_two_outputs():
    for file in CONFIGURATIONS:
        text = re.sub(r"^\s*#.*$", "", file.read_text(), flags=re.MULTILINE)
        section = text[text.index("output {") :]
        plugins = re.findall(r"^\s*(?:output \{ )?(\w+) \{", section.removeprefix("output {"), re.MULTILINE)
        assert len(plugins) == 1, file.name
        assert plugins[0] in {"elasticsearch", "pipeline"}, file.name


def test_only_what_is_redacted_waits_on_a_disk():
    pipelines = {
        p["pipeline.id"]: p for p in yaml.safe_load((FOLDER / "logstash" / "pipelines.yml").read_text())
    }

    assert pipelines["intake"]["queue.type"] == "memory"
    assert pipelines["store"]["queue.type"] == "persisted"
    assert pipelines["store"]["dead_letter_queue.enable"] is True
    assert {p["path.config"].rpartition("/")[2] for p in pipelines.values()} == {
        f.name for f in CONFIGURATIONS
    }


def test_every_variable_of_a_configuration_is_given_by_compose():
    compose = (FOLDER.parents[1] / "docker" / "compose.logging.yaml").read_text()
    texts = [f.read_text() for f in (*CONFIGURATIONS, FOLDER / "filebeat.yml")]
    named = {name for text in texts for name in re.findall(r"\$\{(\w+)", text)}

    assert {name for name in named if f"{name}:" not in compose and f"{name}=" not in compose} == set()


def test_every_object_of_kibana_points_to_one_that_is_there():
    objects = [json.loads(line) for line in (FOLDER / "kibana" / "objects.ndjson").read_text().splitlines()]
    there = {(one["type"], one["id"]) for one in objects}
    pointed = {(ref["type"], ref["id"]) for one in objects for ref in one["references"]}

    assert pointed - there == set()
    assert len(there) == len(objects)
