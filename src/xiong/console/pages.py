"""The calls for help as the console shows them, through the service's own API. No text of anybody."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from xiong.errors import UnhealthyError, UsageError
from xiong.operations.pages import MOST, PAGES, checked, desk
from xiong.platforms.base import Platform

_SHOWN_CLOSED = 10


@dataclass(frozen=True)
class Call:
    """One message of a page to one contact."""

    contact: str
    channel: str
    state: str
    round: int
    step: int
    attempts: int
    created_at: datetime
    sent_at: datetime | None
    received_at: datetime | None
    error: str | None


@dataclass(frozen=True)
class CalledPage:
    """A page; the fields are those of the API."""

    id: str
    kind: str
    level: str
    state: str
    opened_at: datetime
    last_event_at: datetime
    next_step_at: datetime
    events: int
    round: int
    step: int
    application: str | None
    person: str | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    acknowledged_via: str | None
    calls: tuple[Call, ...]

    @property
    def is_open(self) -> bool:
        """Whether nobody took it over yet."""
        return self.state == "open"

    @property
    def in_danger(self) -> bool:
        """Whether it is about a person, and no rehearsal and no notice."""
        return self.kind == "crisis"

    @property
    def called(self) -> tuple[str, ...]:
        """Who is being called now: the contacts of the step that was begun last."""
        newest = max(((call.round, call.step) for call in self.calls), default=None)
        mine = [c.contact for c in self.calls if (c.round, c.step) == newest and c.state != "cancelled"]
        return tuple(dict.fromkeys(mine))

    def count(self, state: str) -> int:
        """How many of its messages are in that state."""
        return sum(call.state == state for call in self.calls)

    @property
    def failing(self) -> tuple[Call, ...]:
        """Messages whose last try failed and that are tried again."""
        return tuple(call for call in self.calls if call.state == "waiting" and call.error)


async def newest_pages(platform: Platform) -> tuple[CalledPage, ...]:
    """All open pages, the most urgent and longest waiting first, and then the newest of the others.

    Raises:
        UnhealthyError: the service does not say.
    """
    async with await desk(platform) as http:
        waiting = checked(await http.request("GET", f"{PAGES}?open=true&limit={MOST}"))["pages"]
        newest = checked(await http.request("GET", f"{PAGES}?limit={_SHOWN_CLOSED}"))["pages"]
    known = {page["id"] for page in waiting}
    found = [as_page(page) for page in (*waiting, *(page for page in newest if page["id"] not in known))]
    return tuple(sorted(found, key=_urgency))


async def one_page(platform: Platform, wanted: str) -> CalledPage | None:
    """The page of that id.

    Raises:
        UnhealthyError: the service does not say.
    """
    name = whole_id(wanted)
    if name is None:
        return None
    async with await desk(platform) as http:
        answer = await http.request("GET", f"{PAGES}/{name}")
        if answer is None or answer.status != 404:
            return as_page(checked(answer))
        # no such page, or a release of before one could be asked for by its id
        for query in (f"?open=true&limit={MOST}", f"?limit={MOST}"):
            for page in checked(await http.request("GET", PAGES + query))["pages"]:
                if page["id"] == name:
                    return as_page(page)
    return None


async def take_over(platform: Platform, wanted: str, by: str) -> CalledPage:
    """Takes a page over in that name; whoever did so first stands.

    Raises:
        UsageError: there is no such page.
        UnhealthyError: it was not recorded.
    """
    name = whole_id(wanted)
    if name is None:
        raise UsageError(f"there is no page {wanted}")
    async with await desk(platform) as http:
        body = {"by": by, "via": "console"}
        answer = await http.request("POST", f"{PAGES}/{name}/acknowledgement", body=body)
    if answer is not None and answer.status == 404:
        raise UsageError(f"there is no page {name}")
    if answer is not None and answer.status == 422:
        raise UnhealthyError(f"the service refuses the name {by!r}")
    return as_page(checked(answer))


def as_page(document: dict[str, Any]) -> CalledPage:
    """Reads a page of the API."""
    return CalledPage(
        id=document["id"],
        kind=document["kind"],
        level=document["level"],
        state=document["state"],
        opened_at=datetime.fromisoformat(document["opened_at"]),
        last_event_at=datetime.fromisoformat(document["last_event_at"]),
        next_step_at=datetime.fromisoformat(document["next_step_at"]),
        events=document["events"],
        round=document["round"],
        step=document["step"],
        application=document["application"],
        person=document["person"],
        acknowledged_at=_moment(document["acknowledged_at"]),
        acknowledged_by=document["acknowledged_by"],
        acknowledged_via=document["acknowledged_via"],
        calls=tuple(_call(delivery) for delivery in document["deliveries"]),
    )


def _call(delivery: dict[str, Any]) -> Call:
    return Call(
        contact=delivery["contact"],
        channel=delivery["channel"],
        state=delivery["state"],
        round=delivery["round"],
        step=delivery["step"],
        attempts=delivery["attempts"],
        created_at=datetime.fromisoformat(delivery["created_at"]),
        sent_at=_moment(delivery["sent_at"]),
        received_at=_moment(delivery["received_at"]),
        error=delivery["error"],
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _urgency(page: CalledPage) -> tuple[bool, bool, bool, float]:
    """Open before closed, people before rehearsals, immediate danger first; open ones oldest first."""
    moment = page.opened_at.timestamp()
    return (
        not page.is_open,
        page.is_open and not page.in_danger,
        page.is_open and page.level != "IMMINENT",
        moment if page.is_open else -moment,
    )


def whole_id(text: str) -> str | None:
    """The id as the service writes it; None where it is none."""
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return None
