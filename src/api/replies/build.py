"""Puts the responder together from settings. Called once by the service's start."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import httpx
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from api.knowledge.embedders import Revealable, revealed
from api.knowledge.entry import shipped_entries
from api.knowledge.memory import MemoryKnowledge
from api.knowledge.relevance import Relevance
from api.replies.breaker import Breaker
from api.replies.budget import TokenBudget
from api.replies.chain import ReplyChain
from api.replies.completions import CompletionClient
from api.replies.limits import ModelLimits
from api.replies.lookup import Lookup
from api.replies.metrics import ModelMetrics
from api.replies.model import Knowledge
from api.replies.model_responder import ModelParts, ModelResponder
from api.replies.offline import OfflineResponder
from api.replies.retries import RetryBudget
from api.replies.scripts import shipped_scripts
from redaction.placeholders import Placeholders

_CONNECTIONS = httpx.Limits(max_connections=100, max_keepalive_connections=20)


class ReplySettings(Protocol):
    """What is read of the service's settings; an empty key means that there is no model."""

    @property
    def openai_api_key(self) -> Revealable | str | None: ...

    @property
    def openai_base_url(self) -> str: ...

    @property
    def openai_model(self) -> str: ...

    @property
    def openai_embeddings(self) -> bool: ...

    @property
    def model_daily_tokens(self) -> int: ...


def build_responder(
    settings: ReplySettings,
    knowledge: Knowledge,
    cache: Redis | None,
    registry: CollectorRegistry,
    limits: ModelLimits | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> ReplyChain:
    """The responder of one replica; its `aclose` belongs to the service's shutdown."""
    entries = shipped_entries()
    memory = MemoryKnowledge(entries)
    lookup = Lookup(knowledge, memory, Breaker(failures=3, pause_s=5.0))
    offline = OfflineResponder(lookup, Relevance(entries, memory), entries, shipped_scripts())
    metrics = ModelMetrics(registry)
    budget = TokenBudget(settings.model_daily_tokens, cache)
    metrics.watch_budget(budget.remaining)
    completions = _completions(settings, limits or ModelLimits())
    if completions is None:
        return ReplyChain([offline])
    breaker = Breaker(clock=clock)
    parts = ModelParts(completions, breaker, budget, metrics)
    return ReplyChain([ModelResponder(parts, lookup, offline), offline], breaker, [completions.aclose])


def _completions(settings: ReplySettings, limits: ModelLimits) -> CompletionClient | None:
    key = revealed(settings.openai_api_key)
    if not key:
        return None
    # the redaction rules compile at first use (a third of a second): before the first person waits for it
    Placeholders().hide("0912345678")
    client = httpx.AsyncClient(limits=_CONNECTIONS)
    url, model = settings.openai_base_url, settings.openai_model
    return CompletionClient(client, url, key, model, limits, RetryBudget())
