"""What operators see of one replica: health, readiness, metrics, headers, the schema it stands on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.metrics import BUCKETS
from replicas import Inner, inner_replica, settings_for
from servers import Valkey, eventually


async def _metrics(replica: Inner) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text = (await replica.client.get("/metrics")).text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_a_replica_says_who_it_is(replica: Inner) -> None:
    body = (await replica.client.get("/api/v1/healthz")).json()
    assert body["status"] == "ok"
    assert body["release"] == "dev"
    assert body["version"]
    ready = await replica.client.get("/api/v1/ready")
    assert (ready.status_code, ready.json()) == (
        200,
        {"ready": True, "reason": None, "release": "dev", "deployment": "", "degraded": []},
    )


async def test_every_answer_carries_an_id_and_its_time(replica: Inner) -> None:
    offered = await replica.client.get("/nowhere", headers={"X-Request-ID": "00f067aa0ba902b7"})
    assert offered.headers["x-request-id"] == "00f067aa0ba902b7"
    assert offered.headers["x-response-time"].endswith("ms")
    for poison in ("short", "abc-12345678", "has space in it", "x" * 65, "line\\nend{}"):
        answer = await replica.client.get("/nowhere", headers={"X-Request-ID": poison})
        assert answer.headers["x-request-id"] != poison


async def test_every_child_exists_before_anything_happened(replica: Inner) -> None:
    found = await _metrics(replica)
    for level in ("NONE", "LOW", "MEDIUM", "HIGH", "IMMINENT"):
        assert found["risk_events_total", (("level", level),)] == 0
    for source in ("model", "offline", "safe"):
        assert found["chat_replies_total", (("source", source),)] == 0
    for dependency in ("database", "cache", "model"):
        assert found["xiongichat_dependency_up", (("dependency", dependency),)] == 1
    for status in ("200", "429", "503"):
        labels = (("method", "POST"), ("path", "/api/v1/chat"), ("status", status))
        assert found["http_requests_total", labels] == 0
    for name in ("http_requests_in_flight", "xiongichat_draining", "xiongichat_spooled_messages"):
        assert found[name, ()] == 0
    assert ("process_resident_memory_bytes", ()) in found


async def test_requests_are_counted_by_route_and_probes_are_not(replica: Inner) -> None:
    conversation = (await replica.say("你好 !LOW")).json()["conversation_id"]
    path = f"/api/v1/conversations/{conversation}/messages"
    await replica.client.get(path, params={"person": "p-1"})
    await replica.client.get("/nowhere/1")
    await replica.client.get("/nowhere/2")
    await replica.client.get("/api/v1/healthz")
    await replica.client.get("/api/v1/ready")
    found = await _metrics(replica)
    counted = {
        (labels["method"], labels["path"], labels["status"]): value
        for (name, pairs), value in found.items()
        if name == "http_requests_total" and value and (labels := dict(pairs))
    }
    assert counted == {
        ("POST", "/api/v1/chat", "200"): 1,
        ("GET", "/api/v1/conversations/{conversation_id}/messages", "200"): 1,
        ("GET", "unmatched", "404"): 2,
    }
    assert found["risk_events_total", (("level", "LOW"),)] == 1
    assert found["chat_replies_total", (("source", "offline"),)] == 1
    assert found["http_requests_in_flight", ()] == 0
    bounds = {
        float(dict(labels)["le"])
        for name, labels in found
        if name == "http_request_duration_seconds_bucket" and dict(labels)["path"] == "/api/v1/chat"
    }
    assert bounds == {*map(float, BUCKETS), float("inf")}


async def test_a_retried_message_counts_as_one_reply_and_one_verdict(replica: Inner) -> None:
    for _ in range(3):
        await replica.say("!MEDIUM", key="k")
    found = await _metrics(replica)
    assert found["risk_events_total", (("level", "MEDIUM"),)] == 1
    assert found["chat_replies_total", (("source", "offline"),)] == 1


async def test_a_draining_replica_serves_on_and_sends_its_clients_away(replica: Inner) -> None:
    replica.service.drain.begin()
    ready = await replica.client.get("/api/v1/ready")
    assert (ready.status_code, ready.json()["reason"]) == (503, "draining")
    answer = await replica.say("還在嗎")
    assert answer.status_code == 200
    assert answer.headers["connection"] == "close"
    health = await replica.client.get("/api/v1/healthz")
    assert (health.status_code, health.headers["connection"]) == (200, "close")
    assert (await _metrics(replica))["xiongichat_draining", ()] == 1


async def test_a_fault_of_ours_gives_the_hotlines_in_a_chat_and_no_details_elsewhere(
    replica: Inner, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("內部細節")

    monkeypatch.setattr(type(replica.service.chat), "answer", broken)
    monkeypatch.setattr(type(replica.service.database), "run", broken)
    chat = await replica.say("救我")
    assert chat.status_code == 503
    assert {line["number"] for line in chat.json()["hotlines"]} == {"1925", "1995", "110", "113"}
    path = "/api/v1/conversations/00000000-0000-4000-8000-000000000000/messages"
    other = await replica.client.get(path, params={"person": "p-1"})
    assert (other.status_code, other.json()["error"]["code"]) == (500, "internal")
    assert other.json()["error"]["request_id"] == other.headers["x-request-id"]
    assert "內部細節" not in chat.text + other.text + replica.log.getvalue().decode()
    assert [line["error.type"] for line in replica.log_lines() if "error.type" in line] == [
        "builtins.RuntimeError"
    ] * 2


async def test_a_schema_that_was_never_made_is_not_ready(
    empty_database: Any, valkey: Valkey, tmp_path: Path
) -> None:
    async with inner_replica(settings_for(empty_database.url, valkey.url, tmp_path)) as replica:
        ready = await replica.client.get("/api/v1/ready")
        assert ready.status_code == 503
        assert "schema lacks 0001" in ready.json()["reason"]
        assert (await replica.client.get("/api/v1/healthz")).status_code == 200


async def test_a_newer_expanded_schema_fits_and_a_contracted_one_does_not(replica: Inner, rows: Any) -> None:
    await rows("INSERT INTO schema_revisions VALUES ('9001', 'expand', now())")
    await replica.service.probes.look()
    assert (await replica.client.get("/api/v1/ready")).status_code == 200
    await rows("INSERT INTO schema_revisions VALUES ('9002', 'contract', now())")

    async def refused() -> bool:
        await replica.service.probes.look()
        return (await replica.client.get("/api/v1/ready")).status_code == 503

    await eventually(refused, "the contracted schema is noticed")
    assert "9002" in (await replica.client.get("/api/v1/ready")).json()["reason"]
    await rows("DELETE FROM schema_revisions WHERE revision = '9002'")
    await replica.service.probes.look()
    assert (await replica.client.get("/api/v1/ready")).status_code == 200


async def test_a_new_token_is_known_without_a_restart(database: Any, valkey: Valkey, tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    path.write_text("[]")
    settings = settings_for(database.url, valkey.url, tmp_path / "spool", api_tokens_file=path)
    async with inner_replica(settings) as replica:
        assert (await replica.say("你好")).status_code == 401
        path.write_text(settings.api_tokens.reveal())
        assert (await replica.say("你好")).status_code == 200
        path.write_text("broken")
        assert (await replica.say("你好")).status_code == 200
        assert "tokens.kept" in replica.log.getvalue().decode()
