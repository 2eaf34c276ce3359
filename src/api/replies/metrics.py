"""Counts of the language model: requests by outcome, tokens by kind, what is left of the day's budget.

Made by `build_responder` in the service's registry, with or without a model, so that every child is at 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Gauge


class Outcome(StrEnum):
    """How it went with the model for one message; the label of model_requests_total.

    OK: its text was shown.
    TIMEOUT: too slow to connect, to begin, or to go on.
    RATE_LIMITED: 429, also after the retries.
    SERVER_ERROR: 5xx, no connection, or an answer that makes no sense.
    CUT_OFF: the stream ended before the answer did.
    REFUSED: 4xx, or a text that we would not show.
    CIRCUIT_OPEN: not asked, since it failed a moment ago.
    OVER_BUDGET: not asked, since the day's tokens are used up.
    """

    OK = "ok"
    TIMEOUT = "timeout"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    CUT_OFF = "cut_off"
    REFUSED = "refused"
    CIRCUIT_OPEN = "circuit_open"
    OVER_BUDGET = "over_budget"


class ModelMetrics:
    """The model's metrics of one replica."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "model_requests", "Messages the language model was wanted for", ["outcome"], registry=registry
        )
        self._last = Gauge(
            "model_last_request_timestamp_seconds",
            "When a message last fared so with the language model; 0 for never",
            ["outcome"],
            registry=registry,
        )
        self._tokens = Counter("model_tokens", "Tokens the language model used", ["kind"], registry=registry)
        self._remaining = Gauge(
            "model_tokens_budget_remaining",
            "Tokens left today (Asia/Taipei); +Inf without a budget",
            registry=registry,
        )
        self._remaining.set(math.inf)
        for outcome in Outcome:
            self._requests.labels(outcome.value)
            self._last.labels(outcome.value)
        for kind in ("prompt", "completion"):
            self._tokens.labels(kind)

    def asked(self, outcome: Outcome) -> None:
        """Counts one message."""
        self._requests.labels(outcome.value).inc()
        self._last.labels(outcome.value).set_to_current_time()

    def used(self, prompt: int, completion: int) -> None:
        """Counts tokens."""
        self._tokens.labels("prompt").inc(prompt)
        self._tokens.labels("completion").inc(completion)

    def watch_budget(self, remaining: Callable[[], float]) -> None:
        """Lets every scrape ask what is left, so that a new day shows without a request."""
        self._remaining.set_function(remaining)
