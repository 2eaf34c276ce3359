"""The event stream of /chat/completions, put together to one text. Used by the completion client."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from api.replies.failure import ModelError
from api.replies.metrics import Outcome

_MOST_CHARACTERS = 20_000


@dataclass
class Collected:
    """What has arrived so far.

    Attributes:
        parts: pieces of the text.
        finish: why the model stopped; None while it has not.
        prompt_tokens, completion_tokens: as the endpoint counts them; None where it does not say.
    """

    parts: list[str] = field(default_factory=list)
    finish: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    _size: int = 0

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(self.parts)

    def take(self, line: str) -> bool:
        """Takes one line of the stream; True when it was the last one."""
        if not line.startswith("data:"):
            return False
        data = line[5:].strip()
        if data == "[DONE]":
            return True
        self.add(_object(data))
        return False

    def add(self, chunk: Mapping[str, Any]) -> None:
        """Takes one object, of a stream (`delta`) or whole (`message`)."""
        if chunk.get("error"):
            raise ModelError(Outcome.SERVER_ERROR, "the stream carried an error")
        usage = chunk.get("usage")
        if isinstance(usage, dict):
            self.prompt_tokens = _count(usage.get("prompt_tokens"))
            self.completion_tokens = _count(usage.get("completion_tokens"))
        choices = chunk.get("choices")
        if not isinstance(choices, list) or not choices:
            return
        choice = choices[0]
        if not isinstance(choice, dict):
            raise ModelError(Outcome.SERVER_ERROR, "a choice is no object")
        said = choice.get("delta") or choice.get("message") or {}
        content = said.get("content") if isinstance(said, dict) else None
        if isinstance(content, str):
            self._append(content)
        finish = choice.get("finish_reason")
        if isinstance(finish, str):
            self.finish = finish

    def _append(self, content: str) -> None:
        self._size += len(content)
        if self._size > _MOST_CHARACTERS:
            raise ModelError(Outcome.REFUSED, "the answer does not end", ours=True)
        self.parts.append(content)


def _object(data: str) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except ValueError as error:
        raise ModelError(Outcome.SERVER_ERROR, "a line is no JSON") from error
    if not isinstance(value, dict):
        raise ModelError(Outcome.SERVER_ERROR, "a line is no JSON object")
    return value


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None
