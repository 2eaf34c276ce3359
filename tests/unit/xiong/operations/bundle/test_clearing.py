"""What a line may leave with, before there is an archive."""

import json

import pytest

from planted import leaks, planted
from redaction import find
from xiong.operations.bundle.clearing import Clearing

PASSWORD = 'pa"ss 0912-345-678/x'


@pytest.mark.parametrize("written", ["{}", "they said: {} and left", '{{"a": ["{}"]}}', "key={}"])
@pytest.mark.parametrize("identity", planted(), ids=lambda identity: identity.kind)
def test_an_identity_is_taken_out_and_counted(identity, written):
    clearing = Clearing(())
    line = written.format(identity.sentence)

    cleared = clearing.line(line)

    assert leaks({"line": line.encode()})
    assert leaks({"line": cleared.encode()}) == []
    assert find(cleared) == []
    assert clearing.personal >= 1


@pytest.mark.parametrize("identity", planted(), ids=lambda identity: identity.kind)
@pytest.mark.parametrize("before", ["\n", "\t", '"', "證", "\\"])
def test_an_identity_that_an_escape_touches_is_taken_out(identity, before):
    said = identity.sentence.replace(identity.value, f"{before}{identity.value}")
    document = json.dumps({"message": said})
    for line in (document, f"got {document}", json.dumps({"body": document}), f"said {said!r}"):
        assert leaks({"line": Clearing(()).line(line).encode()}) == []


def test_the_name_of_a_field_tells_what_its_value_is():
    cleared = Clearing(()).indented({"person": {"birthday": ["1984-04-04"]}})

    assert "1984" not in "".join(cleared)


@pytest.mark.parametrize(
    "line",
    [
        f"connecting with {PASSWORD} now",
        json.dumps({"message": f"with {PASSWORD}"}),
        "GET /x?p=pa%22ss%200912-345-678%2Fx",
        "sent cGEic3MgMDkxMi0zNDUtNjc4L3g= with it",
    ],
)
def test_a_known_secret_is_taken_out_whole_however_it_is_written(line):
    clearing = Clearing([PASSWORD])

    cleared = clearing.line(line)

    assert "[SECRET]" in cleared
    assert not {"pa", "678", "cGEi"} & {word for word in ("pa", "678", "cGEi") if word in cleared}
    assert (clearing.secrets, clearing.personal) == (1, 0)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("postgresql://app:hunter22@db/x failed", "postgresql://app:[SECRET]@db/x failed"),
        ('{"proxy_password":"hunter22"}', '{"proxy_password":"[SECRET]"}'),
        ("Authorization: Bearer abcdefgh.ijk", "Authorization: Bearer [SECRET]"),
        ("OPENAI_API_KEY=sk-hunter22", "OPENAI_API_KEY=[SECRET]"),
    ],
)
def test_what_looks_like_a_secret_is_taken_out(line, expected):
    assert Clearing(()).line(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        '"api_key": null,',
        "it asks for basic authentication",
        '"api_key": "**********",',
        '"daily_tokens": 2000000,',
        'xiongichat_model_tokens_total{kind="prompt"} 5.0',
        'http_requests_total{method="POST",path="/api/v1/chat",status="200"} 1234.0',
        '  "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",',
    ],
)
def test_a_line_without_either_stays_as_it_is(line):
    assert Clearing(()).line(line) == line


def test_a_line_too_long_to_be_looked_at_is_left_out():
    assert Clearing(()).line("A123456789 " * 5000) == "[a line of 55000 characters was left out]"
