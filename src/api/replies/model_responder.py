"""Answers through the language model, and by the offline responder whenever that fails.

Made by `build_responder` where a key is configured. A person in danger reads the crisis script first; the
model may add to it, in a much shorter time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from api.replies.breaker import Breaker, State
from api.replies.budget import TokenBudget
from api.replies.completions import Completion, CompletionClient, Message
from api.replies.failure import ModelError, Usage
from api.replies.metrics import ModelMetrics, Outcome
from api.replies.model import Knowledge, Reply, Source, Turn
from api.replies.offline import OfflineResponder
from api.replies.prompt import build_messages
from api.replies.tokens import estimated_tokens
from api.replies.vetting import vetted
from api.risk.model import Assessment, Level
from redaction.placeholders import Placeholders

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ModelParts:
    """What the model responder works with."""

    client: CompletionClient
    breaker: Breaker
    budget: TokenBudget
    metrics: ModelMetrics


class ModelResponder:
    """The model's answer, checked; the offline one otherwise."""

    def __init__(self, parts: ModelParts, knowledge: Knowledge, offline: OfflineResponder) -> None:
        self._client = parts.client
        self._limits = parts.client.limits
        self._breaker = parts.breaker
        self._budget = parts.budget
        self._metrics = parts.metrics
        self._knowledge = knowledge
        self._offline = offline

    async def reply(self, message: str, history: Sequence[Turn], assessment: Assessment) -> Reply:
        """The model's reply; the offline responder's, also for reasons that nobody foresaw."""
        try:
            reply = await self._answer(message, history, assessment)
        except ModelError as failure:
            self._metrics.asked(failure.outcome)
            _log.warning(
                "the language model gave no reply",
                action="model.no_reply",
                outcome=failure.outcome.value,
                reason=failure.detail,
            )
        except Exception as error:
            self._metrics.asked(Outcome.SERVER_ERROR)
            _log.error("the model responder failed", action="model.failed", error=error)
        else:
            self._metrics.asked(Outcome.OK)
            return reply
        return await self._offline.reply(message, history, assessment)

    async def _answer(self, message: str, history: Sequence[Turn], assessment: Assessment) -> Reply:
        if self._breaker.state is State.OPEN:
            raise ModelError(Outcome.CIRCUIT_OPEN, "failed a moment ago")
        crisis = assessment.level >= Level.HIGH
        # a person in danger does not wait for a search; the script carries the facts
        passages = [] if crisis else await self._knowledge.search(message)
        placeholders = Placeholders()
        messages = build_messages(message, history, passages, assessment, placeholders.hide)
        limits = self._limits
        completion = await self._affordable(
            messages, limits.crisis_deadline_s if crisis else limits.deadline_s
        )
        most = limits.crisis_characters if crisis else limits.most_characters
        text = placeholders.restore(vetted(completion.text, most))
        if crisis:
            text = f"{self._offline.crisis(message, assessment)}\n\n{text}"
        return Reply(text, Source.MODEL, tuple(passage.id for passage in passages))

    async def _affordable(self, messages: list[Message], deadline_s: float) -> Completion:
        """Asks within the day's budget; whatever happens, the budget is settled to what was used."""
        prompt = sum(estimated_tokens(message["content"]) for message in messages)
        reserved = prompt + self._limits.max_tokens
        if not await self._budget.reserve(reserved):
            raise ModelError(Outcome.OVER_BUDGET, "the day's tokens are used up")
        used = Usage()
        try:
            completion = await self._guarded(messages, deadline_s)
            used = completion.used
        except ModelError as failure:
            used = failure.used
            raise
        finally:
            self._metrics.used(used.prompt, used.completion)
            await self._budget.settle(reserved, sum(used))
        return completion

    async def _guarded(self, messages: list[Message], deadline_s: float) -> Completion:
        """Asks through the circuit breaker and tells it how it went."""
        if not self._breaker.allows():
            raise ModelError(Outcome.CIRCUIT_OPEN, "another message is probing")
        try:
            completion = await self._client.complete(messages, deadline_s)
        except ModelError as failure:
            if failure.ours:
                self._breaker.succeeded()
            else:
                self._breaker.failed()
            raise
        except BaseException:
            self._breaker.abandoned()
            raise
        self._breaker.succeeded()
        return completion
