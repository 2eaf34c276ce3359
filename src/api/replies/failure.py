"""Why the model gave no text that can be shown. Raised below the model responder, never out of it."""

from __future__ import annotations

from typing import NamedTuple

from api.replies.metrics import Outcome


class Usage(NamedTuple):
    """Tokens of one message."""

    prompt: int = 0
    completion: int = 0


class ModelError(Exception):
    """One reason.

    Attributes:
        outcome: how it is counted.
        detail: a few words for the log; never text of a person or of the model.
        retryable: whether the same request may do better in a moment.
        retry_after: seconds that the server asked to wait.
        ours: whether it says nothing about the endpoint's health (a text that we refuse, a request that it
            rejects).
        used: tokens that the endpoint probably charges although nothing is shown.
    """

    def __init__(
        self,
        outcome: Outcome,
        detail: str,
        *,
        retryable: bool = False,
        retry_after: float | None = None,
        ours: bool = False,
    ) -> None:
        super().__init__(f"{outcome}: {detail}")
        self.outcome = outcome
        self.detail = detail
        self.retryable = retryable
        self.retry_after = retry_after
        self.ours = ours
        self.used = Usage()
