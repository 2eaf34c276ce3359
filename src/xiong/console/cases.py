"""The case behind a page as the console shows it, through the service's own API, which records each look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from xiong.console.pages import CalledPage, as_page, whole_id
from xiong.errors import PlatformError, UnhealthyError, UsageError
from xiong.operations.front_door import front_door
from xiong.operations.pages import PAGES, TIMEOUT_SECONDS
from xiong.platforms.base import Platform
from xiong.tools.http import Answer, Http

OUTCOMES = ("reached", "emergency_call", "false_alarm")


@dataclass(frozen=True)
class Piece:
    """A part of a message; `rules` spoke here, none where nothing did."""

    text: str
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class Message:
    """One message.

    Attributes:
        role: person or assistant.
        level: how it was judged; None of a reply.
        trigger: whether the page counts it.
        pieces: its text, cut where rules spoke.
    """

    role: str
    at: datetime
    level: str | None
    trigger: bool
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Trigger:
    """A risk event that the page counts.

    Attributes:
        gone: whether its message was erased or is too old to be kept.
        words: what gave it away; empty where the message was judged as a whole.
    """

    at: datetime
    level: str
    categories: tuple[str, ...]
    rules: tuple[str, ...]
    gone: bool
    words: tuple[str, ...]


@dataclass(frozen=True)
class Deed:
    """That somebody looked, or what they recorded."""

    at: datetime
    by: str
    outcome: str = ""


@dataclass(frozen=True)
class Case:
    """What one look shows.

    Attributes:
        talks: conversations, each oldest message first.
        contact: whom to reach, as the application says; empty where it says nobody.
        looks, outcomes: earlier ones, newest first.
    """

    page: CalledPage
    talks: tuple[tuple[Message, ...], ...]
    triggers: tuple[Trigger, ...]
    contact: str
    contact_at: datetime | None
    looks: tuple[Deed, ...]
    outcomes: tuple[Deed, ...]


async def open_case(platform: Platform, wanted: str, by: str) -> Case | None:
    """The case of a page, once the service has recorded that `by` looks; None where there is no such page.

    Raises:
        UnhealthyError: it cannot be recorded now, so nothing is shown.
        PlatformError: the console's token is refused.
    """
    document = await _asked(platform, f"{wanted}/case", {"by": by, "via": "console"})
    return _case(document) if document is not None else None


async def record(platform: Platform, wanted: str, outcome: str, by: str) -> None:
    """Records how a case ended.

    Raises:
        UsageError: there is no such page.
        UnhealthyError: it was not recorded.
        PlatformError: the console's token is refused.
    """
    body = {"by": by, "via": "console", "outcome": outcome}
    if await _asked(platform, f"{wanted}/outcome", body) is None:
        raise UsageError(f"there is no page {wanted}")


async def _asked(platform: Platform, path: str, body: dict[str, str]) -> dict[str, Any] | None:
    if whole_id(path.partition("/")[0]) is None:
        return None
    async with await _care_desk(platform) as http:
        return _checked(await http.request("POST", f"{PAGES}/{path}", body=body))


async def _care_desk(platform: Platform) -> Http:
    endpoint = await platform.endpoint()
    if not endpoint.care_token_file.is_file():
        raise PlatformError("the console has no token for cases yet", hint="xiong up")
    token = endpoint.care_token_file.read_text().strip()
    return front_door(endpoint, TIMEOUT_SECONDS, headers={"Authorization": f"Bearer {token}"})


def _checked(answer: Answer | None) -> dict[str, Any] | None:
    if answer is None:
        raise UnhealthyError("the service does not answer", hint="xiong status")
    document = answer.json()
    if answer.status in {401, 403}:
        raise PlatformError("the service does not know the console's token for cases", hint="xiong up")
    if answer.status == 404 and _code(document) == "unknown_page":
        return None
    if answer.status == 404:
        raise UnhealthyError("the release that runs knows no cases", hint="xiong deploy")
    if answer.status == 503:
        raise UnhealthyError("the service cannot record it now", hint="xiong status")
    if answer.status != 200 or not isinstance(document, dict):
        raise UnhealthyError(f"the service answers with status {answer.status}", hint="xiong status")
    return document


def _code(document: Any) -> str:
    error = document.get("error") if isinstance(document, dict) else None
    return str(error.get("code", "")) if isinstance(error, dict) else ""


def _case(document: dict[str, Any]) -> Case:
    texts = {message["id"]: message["content"] for message in document["messages"]}
    spans: dict[str, list[tuple[int, int, str]]] = {}
    for trigger in document["triggers"]:
        found = [(one["start"], one["end"], one["rule"]) for one in trigger["words"]]
        spans.setdefault(trigger["message_id"], []).extend(found)
    talks: dict[str, list[Message]] = {}
    for message in document["messages"]:
        made = _message(message, spans.get(message["id"]))
        talks.setdefault(message["conversation_id"], []).append(made)
    contact = document["contact"] or {"contact": "", "updated_at": None}
    return Case(
        page=as_page(document["page"]),
        talks=tuple(tuple(talk) for talk in talks.values()),
        triggers=tuple(_trigger(trigger, texts) for trigger in document["triggers"]),
        contact=contact["contact"],
        contact_at=datetime.fromisoformat(contact["updated_at"]) if contact["updated_at"] else None,
        looks=tuple(Deed(_moment(one["seen_at"]), one["seen_by"]) for one in document["views"]),
        outcomes=tuple(
            Deed(_moment(one["recorded_at"]), one["recorded_by"], one["outcome"])
            for one in document["outcomes"]
        ),
    )


def _message(document: dict[str, Any], spans: list[tuple[int, int, str]] | None) -> Message:
    return Message(
        role=document["role"],
        at=_moment(document["created_at"]),
        level=document["level"],
        trigger=spans is not None,
        pieces=pieces(document["content"], spans or ()),
    )


def _trigger(document: dict[str, Any], texts: dict[str, str]) -> Trigger:
    text = texts.get(document["message_id"], "")
    words = (text[one["start"] : one["end"]] for one in document["words"])
    return Trigger(
        at=_moment(document["created_at"]),
        level=document["level"],
        categories=tuple(document["categories"]),
        rules=tuple(document["rules"]),
        gone=document["message_id"] not in texts,
        words=tuple(dict.fromkeys(word.strip() for word in words if word.strip())),
    )


def pieces(text: str, spans: Sequence[tuple[int, int, str]]) -> tuple[Piece, ...]:
    """The text cut at the ends of the spans; where some overlap, a piece names all of their rules."""
    ends = sorted({0, len(text), *(edge for start, end, _ in spans for edge in (start, end))})
    cut = [
        Piece(text[a:b], tuple(rule for start, end, rule in spans if start <= a and b <= end))
        for a, b in pairwise(ends)
    ]
    return tuple(piece for piece in cut if piece.text)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
