"""What the model costs: tokens are counted, budgeted, and given back where nothing was used."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from api.replies.limits import ModelLimits
from api.replies.model import Source
from api.risk.model import Assessment, Level

CALM = Assessment(Level.NONE)
MESSAGE = "美沙冬要每天去喝嗎"


async def test_the_days_tokens_run_out_and_the_offline_answer_comes(endpoint: Any, build: Any) -> None:
    service = build(model_daily_tokens=3000)
    endpoint.will(endpoint.says("我在。", usage=(1500, 900)))
    assert (await service.responder.reply(MESSAGE, (), CALM)).source is Source.MODEL
    assert service.remaining() == 600
    reply = await service.responder.reply(MESSAGE, (), CALM)
    assert reply.source is Source.OFFLINE
    assert (service.counted("ok"), service.counted("over_budget")) == (1, 1)
    assert service.remaining() == 600
    assert len(endpoint.requests) == 1


async def test_an_answer_that_never_came_is_charged_as_an_estimate(endpoint: Any, build: Any) -> None:
    service = build(model_daily_tokens=100_000)
    endpoint.will(endpoint.streams(endpoint.piece("我在這裡"), cut=True))
    await service.responder.reply(MESSAGE, (), CALM)
    assert service.tokens("completion") == 4
    assert service.tokens("prompt") > 100
    assert service.remaining() == 100_000 - 4 - service.tokens("prompt")


async def test_a_cancelled_message_is_cancelled_and_gives_its_tokens_back(endpoint: Any, build: Any) -> None:
    service = build(model_daily_tokens=100_000, limits=ModelLimits())
    arrived = asyncio.Event()

    async def hang(writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await endpoint.forever.wait()

    endpoint.will(hang)
    task = asyncio.ensure_future(service.responder.reply(MESSAGE, (), CALM))
    await asyncio.wait_for(arrived.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert service.remaining() == 100_000
    assert service.responder.model_up


@pytest.mark.parametrize("status", [400, 429, 500])
async def test_an_answer_that_was_refused_costs_nothing(status: int, endpoint: Any, build: Any) -> None:
    service = build(model_daily_tokens=100_000)
    endpoint.will(endpoint.answers(status))
    await service.responder.reply(MESSAGE, (), CALM)
    assert (service.tokens("prompt"), service.tokens("completion")) == (0, 0)
    assert service.remaining() == 100_000
