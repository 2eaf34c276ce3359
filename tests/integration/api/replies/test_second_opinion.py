"""A second opinion by a real endpoint: it raises, never lowers, and its failures change nothing."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from api.replies.limits import ModelLimits
from api.risk.build_opinion import LIMITS, build_second_opinion
from api.risk.model import Assessment, Level, Match
from api.risk.second_opinion import RULE, SecondOpinion

CALM = Assessment(Level.NONE)
LOW = Assessment(Level.LOW, ("mental_health",), (Match("sad", 0, 2),))
HIGH = Assessment(Level.HIGH, ("suicide",), (Match("suicide_wish", 0, 2),))
PATIENT = dataclasses.replace(LIMITS, deadline_s=10.0, first_byte_s=10.0, connect_s=5.0)
QUICK = dataclasses.replace(LIMITS, deadline_s=0.4, first_byte_s=0.4)


@dataclass
class _Settings:
    openai_base_url: str
    openai_api_key: str | None = "sk-test"
    openai_model: str = "test-model"
    model_daily_tokens: int = 0


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Reviewer:
    """A second opinion with its registry and clock."""

    opinion: SecondOpinion
    registry: CollectorRegistry
    clock: _Clock

    def counted(self, outcome: str) -> float | None:
        return self.registry.get_sample_value("risk_second_opinions_total", {"outcome": outcome})

    def tokens(self, kind: str) -> float | None:
        return self.registry.get_sample_value("risk_second_opinion_tokens_total", {"kind": kind})


Reviewers = Callable[..., Reviewer]


@pytest.fixture
async def reviewer(endpoint: Any) -> AsyncIterator[Reviewers]:
    built: list[Reviewer] = []

    def make(*, limits: ModelLimits = PATIENT, **settings: Any) -> Reviewer:
        registry, clock = CollectorRegistry(), _Clock()
        chosen = _Settings(**{"openai_base_url": endpoint.url, **settings})
        opinion = build_second_opinion(chosen, None, registry, limits, clock)
        built.append(Reviewer(opinion, registry, clock))
        return built[-1]

    yield make
    for one in built:
        await one.opinion.aclose()


def _verdict(level: str, *categories: str) -> str:
    return json.dumps({"level": level, "categories": categories})


async def test_a_worse_verdict_raises_the_level_and_says_who_did(endpoint: Any, reviewer: Reviewers) -> None:
    endpoint.will(endpoint.says(_verdict("IMMINENT", "suicide"), usage=(300, 12)))
    service = reviewer()
    assessment = await service.opinion.review("看電視", (), LOW)
    assert assessment.level is Level.IMMINENT
    assert assessment.categories == ("suicide", "mental_health")
    assert [match.rule for match in assessment.matches] == ["sad", RULE]
    assert assessment.matches[-1] == Match(RULE, 0, 3)
    assert service.counted("raised") == 1
    assert (service.tokens("prompt"), service.tokens("completion")) == (300, 12)


async def test_a_raise_without_a_category_still_has_one(endpoint: Any, reviewer: Reviewers) -> None:
    endpoint.will(endpoint.says(_verdict("HIGH")))
    assert (await reviewer().opinion.review("看電視", (), CALM)).categories == ("mental_health",)


@pytest.mark.parametrize("level", ["NONE", "LOW", "MEDIUM", "HIGH"])
async def test_no_verdict_lowers_the_level(endpoint: Any, reviewer: Reviewers, level: str) -> None:
    endpoint.will(endpoint.says(_verdict(level, "crime")))
    service = reviewer()
    assert await service.opinion.review("我想死", (), HIGH) is HIGH
    assert service.counted("agreed") == 1


async def test_nobody_is_asked_where_nothing_is_above(endpoint: Any, reviewer: Reviewers) -> None:
    worst = Assessment(Level.IMMINENT, ("suicide",))
    service = reviewer()
    assert await service.opinion.review("我在頂樓", (), worst) is worst
    assert await service.opinion.review(" \n", (), CALM) is CALM
    assert endpoint.requests == []


@pytest.mark.parametrize(
    "answer",
    ["我覺得很危險，IMMINENT", '{"level": "DOOM"}', "[]", "{}", '{"level":"HIGH"} {"level":"NONE"}'],
)
async def test_nonsense_changes_nothing(endpoint: Any, reviewer: Reviewers, answer: str) -> None:
    endpoint.will(endpoint.says(answer))
    service = reviewer()
    assert await service.opinion.review("早安", (), LOW) is LOW
    assert service.counted("nonsense") == 1


@pytest.mark.parametrize(
    ("status", "outcome"), [(500, "server_error"), (429, "rate_limited"), (401, "refused")]
)
async def test_an_outage_changes_nothing_and_is_tried_once(
    endpoint: Any, reviewer: Reviewers, status: int, outcome: str
) -> None:
    endpoint.will(endpoint.answers(status))
    service = reviewer()
    assert await service.opinion.review("早安", (), LOW) is LOW
    assert service.counted(outcome) == 1
    assert len(endpoint.requests) == 1


async def test_a_cut_off_answer_changes_nothing(endpoint: Any, reviewer: Reviewers) -> None:
    endpoint.will(endpoint.streams(endpoint.piece('{"level": "HIGH"}'), cut=True))
    service = reviewer()
    assert await service.opinion.review("早安", (), LOW) is LOW
    assert service.counted("cut_off") == 1


async def test_nobody_listening_changes_nothing(
    endpoint: Any, reviewer: Reviewers, unused_tcp_port: int
) -> None:
    service = reviewer(openai_base_url=f"http://127.0.0.1:{unused_tcp_port}/v1")
    assert await service.opinion.review("早安", (), LOW) is LOW
    assert service.counted("server_error") == 1
    assert endpoint.requests == []


async def test_a_silent_endpoint_costs_no_more_than_the_deadline(endpoint: Any, reviewer: Reviewers) -> None:
    endpoint.will(endpoint.silent)
    service = reviewer(limits=QUICK)
    start = time.monotonic()
    assert await service.opinion.review("早安", (), LOW) is LOW
    assert time.monotonic() - start < 5
    assert service.counted("timeout") == 1
    assert LIMITS.deadline_s == 3.0  # what a person may wait for it


async def test_after_failures_in_a_row_nobody_is_asked_for_a_while(
    endpoint: Any, reviewer: Reviewers
) -> None:
    endpoint.will(*[endpoint.answers(500)] * 5, endpoint.says(_verdict("HIGH", "suicide")))
    service = reviewer()
    for _ in range(7):
        assert await service.opinion.review("早安", (), LOW) is LOW
    assert (len(endpoint.requests), service.counted("circuit_open")) == (5, 2)
    service.clock.now += 31
    assert (await service.opinion.review("早安", (), LOW)).level is Level.HIGH


async def test_a_spent_budget_changes_nothing_and_asks_nobody(endpoint: Any, reviewer: Reviewers) -> None:
    service = reviewer(model_daily_tokens=10)
    assert await service.opinion.review("早安", (), LOW) is LOW
    assert service.counted("over_budget") == 1
    assert endpoint.requests == []


async def test_personal_data_does_not_leave(endpoint: Any, reviewer: Reviewers) -> None:
    endpoint.will(endpoint.says(_verdict("NONE")))
    earlier = [*(f"第{n}句" for n in range(9)), "我的手機是0912345678"]
    await reviewer().opinion.review("打0912345678找我，身分證A123456789", earlier, CALM)
    sent = endpoint.requests[0]
    text = json.dumps(sent["messages"], ensure_ascii=False)
    assert "0912345678" not in text
    assert "A123456789" not in text
    assert [message["role"] for message in sent["messages"]] == ["system", *["user"] * 7]
    assert "第4句" in text
    assert "第3句" not in text


async def test_a_cancelled_review_lets_the_next_one_through(endpoint: Any, reviewer: Reviewers) -> None:
    endpoint.will(endpoint.silent, endpoint.says(_verdict("HIGH", "violence")))
    service = reviewer()
    waiting = asyncio.ensure_future(service.opinion.review("早安", (), LOW))
    ends = time.monotonic() + 10
    while not endpoint.requests:
        assert time.monotonic() < ends
        await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert (await service.opinion.review("早安", (), LOW)).level is Level.HIGH


async def test_without_a_key_the_first_verdict_stands(endpoint: Any, reviewer: Reviewers) -> None:
    service = reviewer(openai_api_key="")
    assert await service.opinion.review("早安", (), LOW) is LOW
    assert service.counted("raised") == 0
    assert endpoint.requests == []
