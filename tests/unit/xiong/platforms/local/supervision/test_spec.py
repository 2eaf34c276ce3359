"""Specs and statuses as documents."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xiong.errors import ExitCode, PlatformError
from xiong.platforms.local.supervision import ChildState, ChildStatus, Probe, ProcessSpec, errors
from xiong.platforms.local.supervision.probe import mismatch
from xiong.platforms.local.supervision.spec import url_of

texts = st.text(max_size=20)
seconds = st.floats(min_value=0, max_value=1e6)
absolute = texts.map(lambda text: "/" + text)
probes = st.one_of(
    st.just(Probe()),
    st.builds(Probe, kind=st.just("tcp"), host=texts, port=st.integers(1, 65535)),
    st.builds(
        Probe,
        kind=st.just("http"),
        url=texts.map(lambda text: f"http://127.0.0.1:80/{text}"),
        status=st.integers(100, 599),
        json_equals=st.dictionaries(texts, st.none() | st.booleans() | st.integers() | texts, max_size=3),
    ),
)
specs = st.builds(
    ProcessSpec,
    name=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True),
    service=texts,
    argv=st.lists(texts, min_size=1, max_size=4),
    log_path=absolute,
    cwd=absolute,
    env=st.dictionaries(texts, texts, max_size=4),
    user=st.none() | st.tuples(st.integers(0, 2**32 - 2), st.integers(0, 2**32 - 2)),
    ready=probes,
    ready_timeout_s=seconds,
    stop_signal=st.integers(1, 64),
    stop_grace_s=seconds,
    restart=st.sampled_from(["always", "never"]),
    max_restarts=st.integers(0, 100),
    within_s=seconds,
    log_max_bytes=st.integers(1, 2**40),
    release_id=st.none() | texts,
    labels=st.dictionaries(texts, texts, max_size=4),
)


leaves = st.none() | st.booleans() | st.integers() | texts
documents = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=8)
wrong_kinds = st.none() | st.booleans() | st.just([]) | st.just("text") | st.just(float("nan"))
checked = [
    "argv",
    "stop_grace_s",
    "ready_timeout_s",
    "within_s",
    "max_restarts",
    "stop_signal",
    "log_max_bytes",
]


@given(specs)
def test_a_spec_survives_a_trip_through_json(spec: ProcessSpec) -> None:
    assert ProcessSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec


@given(documents)
def test_any_other_document_is_refused_with_a_reason(document: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        ProcessSpec.from_json(document)


@given(specs, st.sampled_from(checked), wrong_kinds)
def test_a_field_of_the_wrong_kind_is_refused(spec: ProcessSpec, field: str, value: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        ProcessSpec.from_json({**spec.to_json(), field: value})


def _spec(**fields: Any) -> ProcessSpec:
    return replace(ProcessSpec("api-1", "api", ("/bin/true",), "/var/log/api.log"), **fields)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"name": "../etc"}, "process name"),
        ({"name": ""}, "process name"),
        ({"argv": ()}, "argv"),
        ({"restart": "sometimes"}, "restart 'sometimes'"),
        ({"log_path": "api.log"}, "absolute"),
        ({"cwd": "."}, "absolute"),
        ({"env": {"A": 1}}, "env"),
        ({"labels": {"A": None}}, "labels"),
        ({"service": 7}, "service"),
        ({"user": (1,)}, "user"),
        ({"user": ("root", 0)}, "user"),
        ({"stop_signal": 65}, "stop_signal"),
        ({"stop_grace_s": -1.0}, "stop_grace_s"),
        ({"max_restarts": 2.5}, "max_restarts"),
    ],
)
def test_a_spec_that_cannot_be_run_is_refused(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        _spec(**fields)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"kind": "magic"}, "probe kind 'magic'"),
        ({"kind": "http", "url": "https://127.0.0.1/"}, "probe url"),
        ({"kind": "tcp"}, "probe port 0"),
    ],
)
def test_a_probe_that_cannot_be_asked_is_refused(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Probe(**fields)


@pytest.mark.parametrize(
    ("fields", "same"),
    [
        ({}, True),
        ({"labels": {"slot": "1"}}, True),
        ({"stop_grace_s": 99.0}, True),
        ({"ready": Probe(kind="tcp", port=1)}, True),
        ({"argv": ("/bin/false",)}, False),
        ({"env": {"A": "b"}}, False),
        ({"release_id": "0.1.0-two"}, False),
        ({"user": (1, 1)}, False),
    ],
)
def test_only_what_is_executed_makes_another_process(fields: dict[str, Any], same: bool) -> None:
    assert _spec().same_process(_spec(**fields)) is same


def test_where_a_process_answers_is_its_label_or_the_root_of_its_probe() -> None:
    http = Probe(kind="http", url="http://127.0.0.1:8000/api/v1/ready")
    assert url_of(_spec()) is None
    assert url_of(_spec(ready=http)) == "http://127.0.0.1:8000"
    assert url_of(_spec(ready=http, labels={"url": "http://there"})) == "http://there"


def test_a_status_survives_a_trip_through_json() -> None:
    status = ChildStatus("api-1", "api", ChildState.READY, 12, 1.5, 3, None, {"a": "b"}, 2.5, "detail", None)
    assert ChildStatus.from_json(json.loads(json.dumps(asdict(status)))) == status


@pytest.mark.parametrize(
    ("body", "expected", "seen"),
    [
        (b"anything", {}, None),
        (b'{"release": "one", "ready": true}', {"release": "one", "ready": True}, None),
        (b'{"release": "one"}', {"release": "two"}, "release is 'one', expected 'two'"),
        (b"{}", {"release": "two"}, "release is None, expected 'two'"),
        (b"[1]", {"release": "two"}, "the answer is not a JSON object"),
        (b"<html>", {"release": "two"}, "the answer is not JSON"),
    ],
)
def test_the_first_field_that_differs_is_named(
    body: bytes, expected: dict[str, Any], seen: str | None
) -> None:
    assert mismatch(body, expected) == seen


def test_an_error_keeps_its_kind_words_and_hint_over_the_socket() -> None:
    sent = errors.SupervisorTimeoutError("too late", hint="wait")
    came = errors.from_wire(json.loads(json.dumps(errors.to_wire(sent))))
    assert type(came) is errors.SupervisorTimeoutError
    assert (came.message, came.hint, came.exit_code) == ("too late", "wait", ExitCode.DEADLINE)


def test_an_error_of_an_unknown_kind_is_still_a_platform_error() -> None:
    came = errors.from_wire({"kind": "SystemExit", "message": None, "hint": None})
    assert type(came) is PlatformError
    assert came.message
