"""Logstash's filter on its own engine: identities go, what is not ours goes, the rest stays."""

import json
import re

import pytest

from logging_parts import filtered, on_path, run
from planted import leaks, planted
from redaction.export import table

FILTERS, CHECKERS = on_path("logstash-filter"), on_path("gsub-check")
pytestmark = pytest.mark.elastic
on_each = pytest.mark.parametrize("program", FILTERS)


def line(**fields: object) -> str:
    """One line as the service writes it."""
    told = {"@timestamp": "2026-01-02T03:04:05.678+00:00", "log.level": "info", "message": "said"}
    return json.dumps({**told, **{name.replace("__", "."): value for name, value in fields.items()}})


@on_each
def test_a_line_comes_out_with_its_fields_in_their_places(program):
    fields = {"trace__id": "abc", "http__response__status_code": 200, "xiongichat__stored": True}

    [out] = filtered(program, line(**fields, service__environment="staging"))

    assert out["@timestamp"] == "2026-01-02T03:04:05.678Z"
    assert (out["trace"]["id"], out["http"]["response"]["status_code"]) == ("abc", 200)
    assert (out["xiongichat"]["stored"], out["instance"]) == (True, "api-0")
    assert out["data_stream"] == {"type": "logs", "dataset": "xiongichat", "namespace": "staging"}


@on_each
def test_what_is_not_in_the_list_goes_and_the_raw_line_with_it(program):
    [out] = filtered(program, line(user_input="anything", error__nested={"reply": "anything"}))

    assert "anything" not in json.dumps(out)
    assert (out["message"], "event" in out, "told" in out) == ("said", False, False)


@on_each
def test_what_is_no_line_of_ours_is_dropped(program):
    assert filtered(program, "Traceback (most recent call last):", '{"no": "message"}', "[]") == []


@on_each
@pytest.mark.parametrize("field", ["message", "error__message", "error__stack_trace", "xiongichat__reason"])
def test_an_identity_of_any_kind_is_masked_in_any_text(program, field):
    out = filtered(program, *(line(**{field: identity.sentence}) for identity in planted()))

    assert len(out) == len(planted())
    assert leaks({str(number): json.dumps(one).encode() for number, one in enumerate(out)}) == []
    assert leaks({"before": line(message=planted()[0].sentence).encode()}) != []


@pytest.mark.parametrize("program", CHECKERS)
def test_each_rule_means_the_same_to_logstash_and_to_python(program, tmp_path):
    texts = [identity.sentence for identity in planted()]
    texts += [f"{text}，{other}" for text in texts for other in texts] + [
        "案號 A123，沒有別的",
        "今天天氣很好",
    ]
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps(table()["pairs"]))

    printed = run([program, str(rules)], "".join(json.dumps(text) + "\n" for text in texts))

    assert [json.loads(told) for told in printed.splitlines()] == [by_python(text) for text in texts]


def by_python(text: str) -> str:
    for pattern, given in table()["pairs"]:
        text = re.sub(pattern, given, text)
    return text
