"""Asks a language model whether a message is worse than the rules say; it may raise a level, never lower it.

Made by `build_second_opinion` where a model is configured; the chat path awaits it beside the reply. Whatever
the model does (silence, nonsense, an outage, a lower level), the first verdict stands unchanged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import structlog
from prometheus_client import CollectorRegistry, Counter

from api.replies.breaker import Breaker, State
from api.replies.budget import TokenBudget
from api.replies.completions import CompletionClient, Message
from api.replies.failure import ModelError, Usage
from api.replies.metrics import Outcome
from api.replies.tokens import estimated_tokens
from api.risk.model import CATEGORIES, Assessment, Level, Match
from api.risk.opinion_text import Opinion, instructions, read_opinion
from redaction.placeholders import Placeholders

RULE = "second_opinion"
"""The name under which a raise appears among the rules of an event."""

_EARLIER = 6  # the person's earlier messages that are shown, as many as the rule engine looks at
_CHARACTERS = 2000  # of a message; a longer one was already judged sentence by sentence
_GRACE_S = 0.5  # what the budget's own calls may take beyond the model's deadline

_log = structlog.get_logger(__name__)


class SecondOpinion(Protocol):
    """Judges again, slower. Must not raise and must come back within a few seconds."""

    async def review(self, text: str, earlier: Sequence[str], first: Assessment) -> Assessment:
        """Returns `first`, or a worse verdict; `earlier` are the person's messages, oldest first."""
        ...

    async def aclose(self) -> None:
        """Closes what it holds."""
        ...


class NoSecondOpinion:
    """Where no model is configured: the first verdict stands."""

    async def review(self, text: str, earlier: Sequence[str], first: Assessment) -> Assessment:
        """Returns `first`."""
        return first

    async def aclose(self) -> None:
        """Holds nothing."""


class Said(StrEnum):
    """How a review ended where the model was asked and answered; other ends are those of `Outcome`.

    RAISED: worse than the rules said.
    AGREED: the same, or less, which changes nothing.
    NONSENSE: an answer that is no verdict.
    FAILED: an error of our own.
    """

    RAISED = "raised"
    AGREED = "agreed"
    NONSENSE = "nonsense"
    FAILED = "failed"


class OpinionMetrics:
    """Counts of one replica; every child starts at 0."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._reviews = Counter(
            "risk_second_opinions", "Messages a second opinion was wanted for", ["outcome"], registry=registry
        )
        self._tokens = Counter(
            "risk_second_opinion_tokens", "Tokens that second opinions used", ["kind"], registry=registry
        )
        for outcome in (*Said, *(outcome for outcome in Outcome if outcome is not Outcome.OK)):
            self._reviews.labels(outcome.value)
        for kind in ("prompt", "completion"):
            self._tokens.labels(kind)

    def ended(self, outcome: Said | Outcome) -> None:
        """Counts one review."""
        self._reviews.labels(outcome.value).inc()

    def used(self, used: Usage) -> None:
        """Counts tokens."""
        self._tokens.labels("prompt").inc(used.prompt)
        self._tokens.labels("completion").inc(used.completion)


@dataclass(frozen=True)
class OpinionParts:
    """What the assessor works with; the breaker is its own, so that its haste opens nobody else's."""

    client: CompletionClient
    breaker: Breaker
    budget: TokenBudget
    metrics: OpinionMetrics


class ModelAssessor:
    """The second opinion of an OpenAI-compatible endpoint."""

    def __init__(self, parts: OpinionParts) -> None:
        self._client = parts.client
        self._breaker = parts.breaker
        self._budget = parts.budget
        self._metrics = parts.metrics

    async def review(self, text: str, earlier: Sequence[str], first: Assessment) -> Assessment:
        """Returns the worse of both verdicts; asks nobody where there is nothing above the first."""
        if first.level is Level.IMMINENT or not text.strip():
            return first
        try:
            async with asyncio.timeout(self._client.limits.deadline_s + _GRACE_S):
                answer = await self._ask(_question(text, earlier))
            opinion = read_opinion(answer)
        except ModelError as failure:
            return self._unchanged(first, failure.outcome)
        except TimeoutError:
            return self._unchanged(first, Outcome.TIMEOUT)
        except Exception as error:  # a second opinion that fails must not cost the first one
            _log.error("a second opinion failed", action="risk.opinion_failed", error=error)
            return self._unchanged(first, Said.FAILED)
        if opinion is None:
            return self._unchanged(first, Said.NONSENSE)
        if opinion.level <= first.level:
            return self._unchanged(first, Said.AGREED)
        self._metrics.ended(Said.RAISED)
        return _raised(first, opinion, len(text))

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._client.aclose()

    def _unchanged(self, first: Assessment, outcome: Said | Outcome) -> Assessment:
        self._metrics.ended(outcome)
        return first

    async def _ask(self, messages: list[Message]) -> str:
        """Asks within the day's budget, which is settled to what was used whatever happens."""
        if self._breaker.state is State.OPEN:
            raise ModelError(Outcome.CIRCUIT_OPEN, "failed a moment ago")
        reserved = sum(estimated_tokens(message["content"]) for message in messages)
        reserved += self._client.limits.max_tokens
        if not await self._budget.reserve(reserved):
            raise ModelError(Outcome.OVER_BUDGET, "the day's tokens are used up")
        used = Usage()
        try:
            text, used = await self._guarded(messages)
        except ModelError as failure:
            used = failure.used
            raise
        finally:
            self._metrics.used(used)
            await self._budget.settle(reserved, sum(used))
        return text

    async def _guarded(self, messages: list[Message]) -> tuple[str, Usage]:
        if not self._breaker.allows():
            raise ModelError(Outcome.CIRCUIT_OPEN, "another message is probing")
        try:
            completion = await self._client.complete(messages, self._client.limits.deadline_s)
        except ModelError as failure:
            (self._breaker.succeeded if failure.ours else self._breaker.failed)()
            raise
        except BaseException:
            self._breaker.abandoned()
            raise
        self._breaker.succeeded()
        return completion.text, completion.used


def _question(text: str, earlier: Sequence[str]) -> list[Message]:
    hide = Placeholders().hide
    # hidden first: a number that is cut in two is no number any more, and its half would be sent
    said = [hide(message)[:_CHARACTERS] for message in (*earlier[-_EARLIER:], text)]
    return [
        {"role": "system", "content": instructions()},
        *({"role": "user", "content": one} for one in said),
    ]


def _raised(first: Assessment, opinion: Opinion, length: int) -> Assessment:
    wanted = {*first.categories, *opinion.categories} or {"mental_health"}
    categories = tuple(category for category in CATEGORIES if category in wanted)
    return Assessment(opinion.level, categories, (*first.matches, Match(RULE, 0, length)))
