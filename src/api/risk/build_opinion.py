"""Puts the second opinion together from settings. Called once by the service's start."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import httpx
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from api.knowledge.embedders import Revealable, revealed
from api.replies.breaker import Breaker
from api.replies.budget import TokenBudget
from api.replies.completions import CompletionClient
from api.replies.limits import ModelLimits
from api.replies.retries import RetryBudget
from api.risk.second_opinion import (
    ModelAssessor,
    NoSecondOpinion,
    OpinionMetrics,
    OpinionParts,
    SecondOpinion,
)
from redaction.placeholders import Placeholders

# One try: a second one would come too late. The deadline is the most that a person waits for it.
LIMITS = ModelLimits(deadline_s=3.0, connect_s=1.0, first_byte_s=3.0, stall_s=2.0, attempts=1, max_tokens=80)
_CONNECTIONS = httpx.Limits(max_connections=50, max_keepalive_connections=10)


class OpinionSettings(Protocol):
    """What is read of the service's settings; an empty key means that there is no model."""

    @property
    def openai_api_key(self) -> Revealable | str | None: ...

    @property
    def openai_base_url(self) -> str: ...

    @property
    def openai_model(self) -> str: ...

    @property
    def model_daily_tokens(self) -> int: ...


def build_second_opinion(
    settings: OpinionSettings,
    cache: Redis | None,
    registry: CollectorRegistry,
    limits: ModelLimits = LIMITS,
    clock: Callable[[], float] = time.monotonic,
) -> SecondOpinion:
    """The second opinion of one replica; its `aclose` belongs to the service's shutdown."""
    metrics = OpinionMetrics(registry)  # also without a model: every child is at 0
    key = revealed(settings.openai_api_key)
    if not key:
        return NoSecondOpinion()
    # the redaction rules compile at first use: before the first person waits for it
    Placeholders().hide("0912345678")
    client = CompletionClient(
        httpx.AsyncClient(limits=_CONNECTIONS),
        settings.openai_base_url,
        key,
        settings.openai_model,
        limits,
        RetryBudget(),
    )
    # the same day's key in the cache as the replies': one budget, whoever spends it
    budget = TokenBudget(settings.model_daily_tokens, cache)
    return ModelAssessor(OpinionParts(client, Breaker(clock=clock), budget, metrics))
