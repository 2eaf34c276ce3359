"""Somebody in danger who does not exist, amid a fault: how long until every channel took the page.

The message is marked as a rehearsal, so its page goes to the canary's recipients and to nobody on call.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from xiong.errors import DeadlineError, XiongError
from xiong.operations import pages, probe, rehearsal
from xiong.operations.front_door import front_door, operator_headers
from xiong.platforms.base import Endpoint
from xiong.tools.clock import Clock
from xiong.tools.http import Http

_EVERY_SECONDS = 0.2


async def page_seconds(endpoint: Endpoint, clock: Clock, seconds: float) -> float:
    """From the first try of the message until the last channel took its page.

    The message is tried again with the same key until it is answered, as an application does it. The pager
    writes down when a channel took it; with the database away that is told only afterwards.

    Args:
        endpoint: where the service is reached.
        clock: whose time counts.
        seconds: the deadline.

    Raises:
        DeadlineError: not within that time; says how far it came.
    """
    begun_at, ends = clock.now(), clock.monotonic() + seconds
    async with front_door(endpoint, pages.TIMEOUT_SECONDS, headers=operator_headers(endpoint)) as http:
        message = await _said(http, clock, ends)
        page = await _taken(http, message, clock, ends)
        await _close(http, page["id"])
    sent = [datetime.fromisoformat(delivery["sent_at"]) for delivery in page["deliveries"]]
    return max(0.0, (max(sent) - begun_at).total_seconds())


async def _said(http: Http, clock: Clock, ends: float) -> str:
    body = {"person": pages.rehearsal_person(), "message": rehearsal.WORDS}
    key = {"Idempotency-Key": f"drill-{secrets.token_hex(8)}"}
    while True:
        answer = await http.request("POST", probe.CHAT, body=body, headers=key)
        if answer is not None and probe.fault_of(answer) is None:
            return str(answer.json()["message_id"])
        if clock.monotonic() >= ends:
            raise DeadlineError(f"the message in danger was not answered: {probe.fault_of(answer)}")
        await clock.sleep(_EVERY_SECONDS)


async def _taken(http: Http, message: str, clock: Clock, ends: float) -> dict[str, Any]:
    """The page, once every channel took it."""
    while True:
        page = await _page(http, message)
        states = [delivery["state"] for delivery in page["deliveries"]] if page else []
        if page and states and all(state == "sent" for state in states):
            return page
        if clock.monotonic() >= ends:
            raise DeadlineError(_how_far(page, states))
        await clock.sleep(_EVERY_SECONDS)


async def _page(http: Http, message: str) -> dict[str, Any] | None:
    """The message's page; None while there is none, or nobody says."""
    try:
        found = pages.checked(await http.request("GET", f"{pages.PAGES}?message={message}"))["pages"]
    except XiongError:
        return None
    return found[0] if found else None


def _how_far(page: dict[str, Any] | None, states: list[str]) -> str:
    if page is None:
        return "the message in danger was answered, but no page was opened"
    if not states:
        return "no pager took the page up"
    return f"{states.count('sent')} of {len(states)} channels took the page"


async def _close(http: Http, page: str) -> None:
    """Nobody has to do anything about a rehearsal."""
    body = {"by": pages.default_name(), "via": "cli"}
    await http.request("POST", f"{pages.PAGES}/{page}/acknowledgement", body=body)
