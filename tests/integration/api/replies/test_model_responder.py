"""The model responder against a real endpoint that misbehaves: the person always gets an answer."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from api.replies.limits import ModelLimits
from api.replies.model import Source, Turn
from api.risk.model import Assessment, Level

CALM = Assessment(Level.NONE)
MESSAGE = "美沙冬要每天去喝嗎"
OUTCOMES = (
    "ok",
    "timeout",
    "rate_limited",
    "server_error",
    "cut_off",
    "refused",
    "circuit_open",
    "over_budget",
)


def counts(service: Any) -> dict[str, float]:
    return {outcome: service.counted(outcome) for outcome in OUTCOMES if service.counted(outcome)}


async def test_the_models_text_is_shown(endpoint: Any, service: Any) -> None:
    endpoint.will(endpoint.says("我聽見了。你今天過得還好嗎？"))
    reply = await service.responder.reply(MESSAGE, (Turn("person", "嗨"), Turn("assistant", "我在。")), CALM)
    assert (reply.text, reply.source) == ("我聽見了。你今天過得還好嗎？", Source.MODEL)
    assert reply.passages[0] == "methadone"
    assert counts(service) == {"ok": 1}
    assert (service.tokens("prompt"), service.tokens("completion")) == (100, 20)
    (request,) = endpoint.requests
    assert request["path"] == "/v1/chat/completions"
    assert request["headers"]["authorization"] == "bearer sk-test"
    assert (request["model"], request["stream"]) == ("test-model", True)
    assert [message["role"] for message in request["messages"]] == ["system", "user", "assistant", "user"]
    assert "美沙冬替代治療" in request["messages"][0]["content"]


async def test_when_each_outcome_was_last_is_known_and_never_is_0(endpoint: Any, service: Any) -> None:
    assert {service.last(outcome) for outcome in OUTCOMES} == {0.0}
    before = time.time()
    endpoint.will(endpoint.says("我在這裡聽你說。"), endpoint.answers(400))
    for _ in range(2):
        await service.responder.reply(MESSAGE, (), CALM)

    assert before <= service.last("ok") <= service.last("refused") <= time.time()
    assert {outcome for outcome in OUTCOMES if service.last(outcome)} == {"ok", "refused"}


async def test_an_endpoint_that_does_not_stream_is_understood(endpoint: Any, service: Any) -> None:
    body = (
        b'{"choices":[{"message":{"content":"hello there"},"finish_reason":"stop"}],'
        b'"usage":{"prompt_tokens":5,"completion_tokens":2}}'
    )
    endpoint.will(endpoint.answers(200, body=body, content_type="application/json"))
    reply = await service.responder.reply("Are you there today", (), CALM)
    assert (reply.text, reply.source) == ("hello there", Source.MODEL)
    assert service.tokens("completion") == 2


async def test_a_text_that_is_whole_is_shown_though_the_count_of_tokens_never_comes(
    endpoint: Any, build: Any, quick: ModelLimits
) -> None:
    service = build(limits=quick)
    endpoint.will(endpoint.streams(endpoint.piece("我在。", "stop"), stall=True))
    reply = await service.responder.reply(MESSAGE, (), CALM)
    assert reply.source is Source.MODEL
    assert service.tokens("completion") == 3


FAILURES = {
    "stalls before the first byte": (lambda e: e.silent, "timeout", 1),
    "stalls after the headers": (lambda e: e.streams(stall=True), "timeout", 1),
    "stalls in the middle": (lambda e: e.streams(e.piece("我"), stall=True), "timeout", 1),
    "cuts the connection": (lambda e: e.streams(e.piece("我"), cut=True), "cut_off", 1),
    "ends the stream without finishing": (lambda e: e.streams(e.piece("我")), "cut_off", 1),
    "runs out of tokens": (lambda e: e.says("我在", finish="length"), "cut_off", 1),
    "hangs up without a word": (lambda e: e.hangs_up, "server_error", 3),
    "answers 500": (lambda e: e.answers(500), "server_error", 3),
    "answers 503 for an hour": (lambda e: e.answers(503, retry_after="3600"), "server_error", 1),
    "answers 429": (lambda e: e.answers(429, retry_after="0"), "rate_limited", 3),
    "answers 429 until tomorrow": (lambda e: e.answers(429, retry_after="86400"), "rate_limited", 1),
    "answers 401": (lambda e: e.answers(401), "refused", 1),
    "answers 400": (lambda e: e.answers(400), "refused", 1),
    "redirects": (lambda e: e.answers(302, location="/elsewhere"), "server_error", 1),
    "filters the content": (lambda e: e.says("我在", finish="content_filter"), "refused", 1),
    "sends rubbish JSON": (lambda e: e.streams(b"data: {not json\n\n"), "server_error", 1),
    "sends a page instead": (
        lambda e: e.answers(200, body=b"<html>", content_type="text/html"),
        "server_error",
        1,
    ),
    "sends a list": (
        lambda e: e.answers(200, body=b"[]", content_type="application/json"),
        "server_error",
        1,
    ),
    "says nothing": (lambda e: e.says("  "), "refused", 1),
    "rambles": (lambda e: e.says("好" * 2000), "refused", 1),
    "names a wrong number": (lambda e: e.says("請打 1988 專線"), "refused", 1),
}


@pytest.mark.parametrize("name", FAILURES)
async def test_whatever_the_endpoint_does_the_offline_answer_comes(
    name: str, endpoint: Any, build: Any, quick: ModelLimits
) -> None:
    behaviour, outcome, attempts = FAILURES[name]
    service = build(limits=quick) if outcome == "timeout" else build()
    endpoint.will(behaviour(endpoint))
    began = time.monotonic()
    reply = await service.responder.reply(MESSAGE, (), CALM)
    assert time.monotonic() - began < 10
    assert reply.source is Source.OFFLINE
    assert reply.passages == ("methadone",)
    assert counts(service) == {outcome: 1}
    assert len(endpoint.requests) == attempts


async def test_a_refused_connection_gives_the_offline_answer(build: Any) -> None:
    service = build(openai_base_url="http://127.0.0.1:1/v1")
    reply = await service.responder.reply(MESSAGE, (), CALM)
    assert (reply.source, counts(service)) == (Source.OFFLINE, {"server_error": 1})
    assert (service.tokens("prompt"), service.tokens("completion")) == (0, 0)


async def test_an_address_that_makes_no_sense_gives_the_offline_answer(build: Any) -> None:
    service = build(openai_base_url="http://[::bad/v1")
    reply = await service.responder.reply(MESSAGE, (), CALM)
    assert (reply.source, counts(service)) == (Source.OFFLINE, {"server_error": 1})


async def test_a_drip_of_pieces_ends_at_the_deadline(endpoint: Any, build: Any) -> None:
    service = build(limits=ModelLimits(deadline_s=0.4, first_byte_s=0.3, stall_s=10.0))
    endpoint.will(endpoint.streams(endpoint.piece("我"), stall=True))
    reply = await service.responder.reply(MESSAGE, (), CALM)
    assert (reply.source, counts(service)) == (Source.OFFLINE, {"timeout": 1})


async def test_a_stall_is_noticed_sooner_than_a_slow_start(endpoint: Any, build: Any) -> None:
    service = build(limits=ModelLimits(deadline_s=20.0, first_byte_s=20.0, stall_s=0.1))
    endpoint.will(endpoint.streams(endpoint.piece("我"), stall=True))
    began = time.monotonic()
    await service.responder.reply(MESSAGE, (), CALM)
    assert time.monotonic() - began < 10


async def test_keep_alive_comments_are_no_answer(endpoint: Any, build: Any, quick: ModelLimits) -> None:
    service = build(limits=quick)
    endpoint.will(endpoint.streams(endpoint.piece("我"), *[b": ping\n\n"] * 50, stall=True))
    reply = await service.responder.reply(MESSAGE, (), CALM)
    assert (reply.source, counts(service)) == (Source.OFFLINE, {"timeout": 1})


async def test_a_second_attempt_that_works_is_shown(endpoint: Any, service: Any) -> None:
    endpoint.will(endpoint.answers(429, retry_after="0.05"), endpoint.says("我在。"))
    began = time.monotonic()
    reply = await service.responder.reply(MESSAGE, (), CALM)
    assert time.monotonic() - began >= 0.05
    assert (reply.text, counts(service), len(endpoint.requests)) == ("我在。", {"ok": 1}, 2)


async def test_an_outage_is_not_amplified(endpoint: Any, service: Any) -> None:
    endpoint.will(endpoint.answers(500))
    for _ in range(40):
        service.clock.now += 31.0  # past every pause of the circuit breaker
        reply = await service.responder.reply(MESSAGE, (), CALM)
        assert reply.source is Source.OFFLINE
    assert 40 < len(endpoint.requests) <= 40 + 4 + 2


async def test_the_circuit_opens_and_one_message_closes_it_again(endpoint: Any, service: Any) -> None:
    endpoint.will(endpoint.answers(500))
    assert service.responder.model_up
    for _ in range(7):
        await service.responder.reply(MESSAGE, (), CALM)
    assert counts(service) == {"server_error": 5, "circuit_open": 2}
    assert not service.responder.model_up
    asked = len(endpoint.requests)
    service.clock.now = 30.0
    endpoint.will(endpoint.says("我在。"))
    reply = await service.responder.reply(MESSAGE, (), CALM)
    assert (reply.source, len(endpoint.requests)) == (Source.MODEL, asked + 1)
    assert service.responder.model_up
    assert (await service.responder.reply(MESSAGE, (), CALM)).source is Source.MODEL


async def test_while_one_message_probes_the_others_do_not_wait(endpoint: Any, build: Any) -> None:
    service = build(limits=ModelLimits(first_byte_s=3.0, wait_initial_s=0.01))
    endpoint.will(endpoint.answers(500))
    for _ in range(5):
        await service.responder.reply(MESSAGE, (), CALM)
    service.clock.now = 30.0
    endpoint.will(endpoint.silent)
    replies = await asyncio.gather(*(service.responder.reply(MESSAGE, (), CALM) for _ in range(5)))
    assert {reply.source for reply in replies} == {Source.OFFLINE}
    assert counts(service) == {"server_error": 5, "circuit_open": 4, "timeout": 1}


async def test_texts_that_we_refuse_do_not_open_the_circuit(endpoint: Any, service: Any) -> None:
    for behaviour in (
        endpoint.says("請打 1988"),
        endpoint.says("我", finish="content_filter"),
        endpoint.answers(400),
    ):
        endpoint.will(behaviour)
        for _ in range(6):
            await service.responder.reply(MESSAGE, (), CALM)
    assert counts(service) == {"refused": 18}
    assert service.responder.model_up


async def test_a_key_that_is_not_accepted_opens_the_circuit(endpoint: Any, service: Any) -> None:
    endpoint.will(endpoint.answers(401))
    for _ in range(6):
        await service.responder.reply(MESSAGE, (), CALM)
    assert counts(service) == {"refused": 5, "circuit_open": 1}


async def test_a_person_in_danger_reads_the_script_first_and_the_model_may_add(
    endpoint: Any, service: Any
) -> None:
    danger = Assessment(Level.IMMINENT, ("suicide",))
    endpoint.will(endpoint.says("我聽見你了，你不是一個人。"))
    reply = await service.responder.reply("我不想活了", (), danger)
    assert reply.source is Source.MODEL
    assert reply.text.startswith("謝謝你願意告訴我。")
    assert reply.text.endswith("\n\n我聽見你了，你不是一個人。")
    assert "1925" in reply.text


async def test_a_person_in_danger_does_not_wait_for_a_slow_model(endpoint: Any, build: Any) -> None:
    service = build(limits=ModelLimits(crisis_deadline_s=0.2))
    danger = Assessment(Level.HIGH, ("overdose",))
    endpoint.will(endpoint.silent)
    began = time.monotonic()
    reply = await service.responder.reply("他叫不醒", (), danger)
    assert time.monotonic() - began < 5
    assert reply.source is Source.OFFLINE
    assert "119" in reply.text


async def test_personal_data_does_not_leave_and_comes_back_in_the_reply(endpoint: Any, service: Any) -> None:
    endpoint.will(endpoint.says("好的，我記得了。"))
    await service.responder.reply("我的電話是 0912345678", (Turn("person", "打 0912345678 給我"),), CALM)
    sent = endpoint.requests[0]["messages"]
    assert "0912345678" not in str(sent)
    hidden = sent[-1]["content"].removeprefix("我的電話是 ")
    assert hidden in sent[1]["content"]
    endpoint.will(endpoint.says(f"好的，{hidden} 對嗎？"))
    reply = await service.responder.reply("我的電話是 0912345678", (), CALM)
    assert reply.text == "好的，0912345678 對嗎？"


async def test_without_a_key_nothing_is_asked_and_every_child_is_at_zero(endpoint: Any, build: Any) -> None:
    service = build(openai_api_key="")
    reply = await service.responder.reply(MESSAGE, (), CALM)
    assert reply.source is Source.OFFLINE
    assert endpoint.requests == []
    assert [service.counted(outcome) for outcome in OUTCOMES] == [0] * 8
    assert (service.tokens("prompt"), service.tokens("completion")) == (0, 0)
    assert service.remaining() == float("inf")
