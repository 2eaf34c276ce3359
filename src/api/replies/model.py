"""What a reply is and who gives one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

from api.risk.model import Assessment


class Source(StrEnum):
    """Who wrote a reply; the label of chat_replies_total. `safe` is what is left when all else failed."""

    MODEL = "model"
    OFFLINE = "offline"
    SAFE = "safe"


@dataclass(frozen=True)
class Turn:
    """One earlier message of a conversation."""

    role: Literal["person", "assistant"]
    text: str


@dataclass(frozen=True)
class Passage:
    """A piece of the knowledge base.

    Attributes:
        id: its name in the shipped file.
        title: one line.
        text: what may be told to a person.
        source: where the fact is from (a public page).
        score: cosine similarity to the question, -1 to 1.
    """

    id: str
    title: str
    text: str
    source: str
    score: float


@dataclass(frozen=True)
class Reply:
    """An answer that may be shown to the person.

    Attributes:
        text: what to show.
        source: who wrote it.
        passages: ids of the passages it rests on.
    """

    text: str
    source: Source
    passages: tuple[str, ...] = ()


class Knowledge(Protocol):
    """Search over the knowledge base; may raise when the database is away."""

    async def search(self, question: str, limit: int = 3) -> list[Passage]: ...


class Responder(Protocol):
    """Answers a message. Never raises (CancelledError aside): the person always gets an answer."""

    async def reply(self, message: str, history: Sequence[Turn], assessment: Assessment) -> Reply: ...
