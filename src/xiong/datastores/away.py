"""Why a data store did not answer, in the words that the healer's causes have."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Away:
    """A data store that gave no numbers.

    Attributes:
        cause: `down` (nobody listens), `hung` (no answer in time), `not-ready` (it starts, or ends),
            `connections` (it has none to give) or `failed` (it refuses us).
        why: in words; no secret.
    """

    cause: str
    why: str
