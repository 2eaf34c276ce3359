"""`xiong pages`: looks at the pages that call for help, takes one over, and rehearses the whole path.

All through the service's own authenticated API, as a console does it: what works here works for people.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from xiong.errors import PlatformError, UnhealthyError, UsageError
from xiong.operations.front_door import front_door, operator_headers
from xiong.platforms.base import Platform
from xiong.tools import host
from xiong.tools.http import Answer, Http

PAGES = "/api/v1/pages"
TIMEOUT_SECONDS = 10.0
MOST = 500
SHORT = 8


@dataclass(frozen=True)
class ListedPage:
    """A page.

    Attributes:
        id: its id; any beginning that only one page has names it too.
        kind: crisis, canary (a rehearsal) or notice (a fault of the path itself).
        level: how urgent.
        state: open until somebody acknowledges it.
        opened_at: UTC.
        events: messages in danger that it counts.
        application: by which the person writes; None after an erasure.
        person: the opaque id; None after an erasure.
        acknowledged_at: UTC.
        acknowledged_by: who took it over.
        sent: messages that a channel took.
        waiting: messages that no channel took yet.
        failing: why, where a try failed: channel and reason.
    """

    id: str
    kind: str
    level: str
    state: str
    opened_at: datetime
    events: int
    application: str | None
    person: str | None
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    sent: int
    waiting: int
    failing: tuple[str, ...]

    @property
    def is_open(self) -> bool:
        """Whether nobody took it over yet."""
        return self.state == "open"


@dataclass(frozen=True)
class PageList:
    """Pages.

    Attributes:
        pages: open ones first, the newest first.
    """

    pages: tuple[ListedPage, ...]


@dataclass(frozen=True)
class TakenPage:
    """A page that was taken over.

    Attributes:
        page: as it stands now.
        first: False where somebody else had taken it over before; that stands.
    """

    page: ListedPage
    first: bool


async def list_pages(platform: Platform, *, all_of_them: bool) -> PageList:
    """The open pages; with `all_of_them` the newest of the others too.

    Raises:
        UnhealthyError: the service does not answer.
    """
    async with await desk(platform) as http:
        found = await _listed(http, only_open=True)
        if all_of_them:
            known = {page.id for page in found}
            found += [page for page in await _listed(http, only_open=False) if page.id not in known]
    return PageList(tuple(sorted(found, key=lambda page: (not page.is_open, -page.opened_at.timestamp()))))


async def find(platform: Platform, wanted: str) -> ListedPage:
    """The page of that id, or of a beginning that only one has.

    Raises:
        UsageError: none, or more than one.
    """
    name = wanted.strip().lower()
    listed = (await list_pages(platform, all_of_them=True)).pages
    found = [page for page in listed if name and page.id.startswith(name)]
    if len(found) != 1:
        seen = "no page" if not found else f"{len(found)} pages"
        raise UsageError(f"{seen} of the newest {MOST} match {wanted!r}", hint="xiong pages list --all")
    return found[0]


async def acknowledge(platform: Platform, wanted: str, by: str) -> TakenPage:
    """Takes a page over in the name of `by`; whoever did so first stands.

    Raises:
        UsageError: there is no such page, or `by` cannot be recorded.
    """
    name = _whole_id(wanted) or (await find(platform, wanted)).id
    async with await desk(platform) as http:
        answer = await http.request("POST", f"{PAGES}/{name}/acknowledgement", body={"by": by, "via": "cli"})
    if answer is not None and answer.status == 404:
        raise UsageError(f"there is no page {name}", hint="xiong pages list --all")
    if answer is not None and answer.status == 422:
        raise UsageError(f"{by!r} cannot be recorded: expected 1 to 64 printable characters")
    page = as_page(checked(answer))
    return TakenPage(page, page.acknowledged_by == by)


def default_name() -> str:
    """Who takes a page over where nobody says: the system user."""
    return host.actor().partition("@")[0]


async def desk(platform: Platform) -> Http:
    """A client that may see pages."""
    endpoint = await platform.endpoint()
    if not endpoint.token_file.is_file():
        raise UnhealthyError("nothing was ever started here", hint="xiong up")
    return front_door(endpoint, TIMEOUT_SECONDS, headers=operator_headers(endpoint))


def checked(answer: Answer | None) -> dict[str, Any]:
    """The document of an answer.

    Raises:
        UnhealthyError: there is no answer, or one that says that it cannot be done now.
        PlatformError: our token is refused.
    """
    if answer is None:
        raise UnhealthyError("the service does not answer", hint="xiong status")
    if answer.status in {401, 403}:
        raise PlatformError("the operator's token may not see pages", hint="xiong up")
    document = answer.json()
    if answer.status != 200 or not isinstance(document, dict):
        raise UnhealthyError(f"the service answers with status {answer.status}", hint="xiong status")
    return document


def as_page(document: dict[str, Any]) -> ListedPage:
    """Reads a page of the API."""
    states = [delivery["state"] for delivery in document["deliveries"]]
    taken = document["acknowledged_at"]
    return ListedPage(
        id=document["id"],
        kind=document["kind"],
        level=document["level"],
        state=document["state"],
        opened_at=datetime.fromisoformat(document["opened_at"]),
        events=document["events"],
        application=document["application"],
        person=document["person"],
        acknowledged_at=datetime.fromisoformat(taken) if taken else None,
        acknowledged_by=document["acknowledged_by"],
        sent=states.count("sent"),
        waiting=states.count("waiting"),
        failing=tuple(
            f"{delivery['channel']} to {delivery['contact']}: {delivery['error']}"
            for delivery in document["deliveries"]
            if delivery["state"] == "waiting" and delivery["error"]
        ),
    )


async def _listed(http: Http, *, only_open: bool) -> list[ListedPage]:
    query = f"?limit={MOST}" + ("&open=true" if only_open else "")
    return [as_page(page) for page in checked(await http.request("GET", PAGES + query))["pages"]]


def _whole_id(text: str) -> str | None:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return None


def rehearsal_person() -> str:
    """Nobody: the person of a rehearsal."""
    return f"synthetic-page-{secrets.token_hex(4)}"
