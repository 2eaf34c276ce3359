"""A scripted conversation through the proxy: the service does what it is for, not merely answers 200."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from xiong.errors import UnhealthyError
from xiong.operations import probe
from xiong.operations.front_door import front_door, operator_headers
from xiong.platforms.base import Endpoint
from xiong.tools.clock import Clock
from xiong.tools.http import Answer

_LINES = ("你好", "晚上睡不著，有什麼方法嗎？", "謝謝你，我會試試看")


@dataclass(frozen=True)
class Conversation:
    """How it went.

    Attributes:
        messages: messages that were answered.
        sources: who answered: model, offline or safe.
        seconds: the whole.
    """

    messages: int
    sources: tuple[str, ...]
    seconds: float


async def converse(endpoint: Endpoint, clock: Clock) -> Conversation:
    """Talks, reads the conversation back, and checks that all of it is there.

    Raises:
        UnhealthyError: an answer is missing, not stored, or the conversation is not whole.
    """
    begun = clock.monotonic()
    person = f"synthetic-script-{secrets.token_hex(4)}"
    sources: list[str] = []
    conversation = None
    async with front_door(endpoint, probe.TIMEOUT_SECONDS, headers=operator_headers(endpoint)) as http:
        for line in _LINES:
            body = {"person": person, "message": line}
            if conversation:
                body["conversation_id"] = conversation
            document = _document(await http.request("POST", probe.CHAT, body=body), line)
            if not document.get("stored"):
                raise UnhealthyError(
                    "the service answers but cannot store the conversation", hint="xiong status"
                )
            conversation = document["conversation_id"]
            sources.append(document["source"])
        path = f"/api/v1/conversations/{conversation}/messages?person={person}"
        kept = _document(await http.request("GET", path), path)["messages"]
    if len(kept) != 2 * len(_LINES):
        raise UnhealthyError(f"the conversation holds {len(kept)} messages, expected {2 * len(_LINES)}")
    return Conversation(len(_LINES), tuple(sources), round(clock.monotonic() - begun, 3))


def _document(answer: Answer | None, asked: str) -> dict[str, Any]:
    document = answer.json() if answer is not None else None
    if answer is None or answer.status != 200 or not isinstance(document, dict):
        seen = "no answer" if answer is None else f"status {answer.status}"
        raise UnhealthyError(f"the scripted conversation got {seen} to {asked!r}", hint="xiong status")
    return document
