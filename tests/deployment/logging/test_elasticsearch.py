"""Templates, lifecycle and search on a real Elasticsearch; what the filter gave is found again."""

import json
import os
import urllib.request
import uuid

import pytest

from deployment.monitoring.elk import install
from logging_parts import filtered, on_path
from planted import leaks, planted

SERVERS = [os.environ["ELASTICSEARCH_URL"]] if os.environ.get("ELASTICSEARCH_URL") else []
FILTER = on_path("logstash-filter")
pytestmark = pytest.mark.elastic


@pytest.fixture(scope="module", params=SERVERS)
def ask(request):
    """Asks a server on which everything is installed, twice, since it is safe to repeat."""
    asked = install.client(request.param, "", {})
    for _ in range(2):
        install.elasticsearch(asked, {})
    return asked


@pytest.fixture
def stream(ask):
    """A data stream of this test's own."""
    name = f"logs-xiongichat-{uuid.uuid4().hex[:8]}"
    yield name
    ask("DELETE", f"/_data_stream/{name}", None)


def stored(ask, stream, *documents):
    """Writes them as Logstash does, and makes them findable."""
    lines = "".join('{"create": {}}\n' + json.dumps(document) + "\n" for document in documents)
    answer = ask("POST", f"/{stream}/_bulk?refresh=true", lines.encode())
    assert answer["errors"] is False, answer


def found(ask, stream, query):
    body = {"query": query, "size": 100}
    return [hit["_source"] for hit in ask("POST", f"/{stream}/_search", body)["hits"]["hits"]]


@pytest.mark.parametrize("program", FILTER)
def test_a_line_is_found_by_its_request_without_the_identities_in_it(ask, stream, program):
    request = uuid.uuid4().hex
    lines = [
        json.dumps(
            {
                "@timestamp": "2026-01-02T03:04:05.678+00:00",
                "log.level": "info",
                "message": identity.sentence,
                "trace.id": request,
            }
        )
        for identity in planted()
    ]
    stored(ask, stream, *filtered(program, *lines))

    hits = found(ask, stream, {"term": {"trace.id": request}})

    assert len(hits) == len(lines)
    assert leaks({"index": json.dumps(hits).encode()}) == []


def test_a_field_that_nobody_named_is_not_searchable_and_stops_no_line(ask, stream):
    stored(ask, stream, {"@timestamp": "2026-01-02T03:04:05Z", "message": "said", "further": {"x": 1}})

    assert len(found(ask, stream, {"match": {"message": "said"}})) == 1
    assert found(ask, stream, {"term": {"further.x": 1}}) == []


def test_a_search_by_level_and_action_finds_what_it_should(ask, stream):
    at = "2026-01-02T03:04:05Z"
    lines = [
        {"@timestamp": at, "message": "a", "log": {"level": level}, "xiongichat": {"risk_level": risk}}
        for level, risk in (("error", "NONE"), ("info", "IMMINENT"), ("info", "NONE"))
    ]
    stored(ask, stream, *lines)

    assert len(found(ask, stream, {"term": {"log.level": "error"}})) == 1
    assert len(found(ask, stream, {"terms": {"xiongichat.risk_level": ["HIGH", "IMMINENT"]}})) == 1


def test_a_rollover_keeps_what_was_there_and_the_lifecycle_says_ninety_days(ask, stream):
    stored(ask, stream, {"@timestamp": "2026-01-02T03:04:05Z", "message": "before"})

    ask("POST", f"/{stream}/_rollover", None)
    stored(ask, stream, {"@timestamp": "2026-01-02T03:04:06Z", "message": "after"})

    [told] = ask("GET", f"/_data_stream/{stream}", None)["data_streams"]
    assert len(told["indices"]) == 2
    assert told["lifecycle"]["data_retention"] == "90d"
    assert len(found(ask, stream, {"match_all": {}})) == 2


def test_the_installer_ends_in_words_where_it_is_refused(ask, monkeypatch):
    def refuse() -> None:
        urllib.request.urlopen(f"{SERVERS[0]}/_no_such_thing/at/all", timeout=10)  # noqa: S310

    with pytest.raises(SystemExit, match="Elasticsearch refuses: 4"):
        install.done("Elasticsearch", refuse)
