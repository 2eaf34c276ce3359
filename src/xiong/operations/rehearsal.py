"""`xiong pages test`: somebody in danger who does not exist, followed from the message to the receipt.

The message is marked as a rehearsal, so its page goes to the canary's recipients and to nobody on call.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from xiong.config.settings import Settings
from xiong.errors import DeadlineError, PlatformError, PreflightError
from xiong.operations import pages, probe
from xiong.platforms.base import Platform, Progress
from xiong.tools.clock import Clock
from xiong.tools.http import Http

WORDS = "我現在就要自殺，藥都準備好了"
_EVERY_SECONDS = 0.2
# one failed try may be an accident that the next one mends
_TRIES = 2


@dataclass(frozen=True)
class FollowedDelivery:
    """One message to one contact.

    Attributes:
        contact: as the paging file names it.
        channel: as the paging file names it.
        state: waiting, sent or cancelled.
        attempts: tries that ended.
        sent_seconds: from the page's opening until the channel took the message.
        received_seconds: from there until the recipient confirmed it.
        error: why the last try failed.
    """

    contact: str
    channel: str
    state: str
    attempts: int
    sent_seconds: float | None
    received_seconds: float | None
    error: str | None

    def settled(self, *, confirmed: bool) -> bool:
        """Whether nothing more is to be waited for."""
        if self.state == "sent":
            return self.received_seconds is not None or not confirmed
        return self.state == "cancelled" or (self.error is not None and self.attempts >= _TRIES)

    def fault(self) -> str | None:
        """Why this one did not get through, in words."""
        if self.state == "sent":
            return None
        said = (
            "it was cancelled, since somebody took the page over" if self.state == "cancelled" else self.error
        )
        return f"{self.channel} to {self.contact}: {said}" if said else None

    @property
    def name(self) -> str:
        """As progress and errors name it."""
        return f"{self.channel} to {self.contact}"


@dataclass(frozen=True)
class Rehearsal:
    """How a rehearsal went.

    Attributes:
        ok: whether every channel took its message, and was confirmed where that was asked for.
        page: the id of its page.
        answered_seconds: until the message was answered.
        opened_seconds: until its page was seen.
        deliveries: one for each contact and channel.
        faults: what did not get through, in words.
        hint: what to do about it.
    """

    ok: bool
    page: str
    answered_seconds: float
    opened_seconds: float
    deliveries: tuple[FollowedDelivery, ...]
    faults: tuple[str, ...]
    hint: str | None


async def rehearse(
    platform: Platform,
    settings: Settings,
    clock: Clock,
    progress: Progress,
    *,
    seconds: float,
    confirmed: bool,
) -> Rehearsal:
    """Sends the message and follows its page.

    Args:
        platform: where the service runs.
        settings: name the paging file.
        clock: whose time counts.
        progress: told about each hop.
        seconds: the deadline.
        confirmed: wait until each recipient has confirmed.

    Raises:
        PreflightError: nobody can be called here.
        DeadlineError: something did not happen in time, and no channel says why.
    """
    await _refuse_unset(platform, settings)
    begun = clock.monotonic()
    async with await pages.desk(platform) as http:
        message = await _say(http)
        answered = clock.monotonic() - begun
        progress(f"message answered after {answered:.3f} s")
        run = _Run(http, message, clock, progress, begun + seconds, confirmed)
        try:
            document = await run.follow()
        finally:
            await run.close()
    deliveries = _deliveries(document)
    faults = tuple(fault for delivery in deliveries if (fault := delivery.fault()))
    return Rehearsal(
        ok=not faults,
        page=document["id"],
        answered_seconds=round(answered, 4),
        opened_seconds=round(run.opened - begun, 4),
        deliveries=deliveries,
        faults=faults,
        hint=f"look at these channels in {settings.paging.file}, then: xiong pages test" if faults else None,
    )


class _Run:
    """The page of one message, asked for until it says enough."""

    def __init__(
        self, http: Http, message: str, clock: Clock, progress: Progress, ends: float, confirmed: bool
    ) -> None:
        self._http = http
        self._path = f"{pages.PAGES}?message={message}"
        self._clock = clock
        self._progress = progress
        self._ends = ends
        self._confirmed = confirmed
        self._told: set[str] = set()
        self._page = ""
        self.opened = 0.0

    async def follow(self) -> dict[str, Any]:
        """The page once every delivery is settled, or at the deadline where a channel says why it is not."""
        while True:
            found = pages.checked(await self._http.request("GET", self._path))["pages"]
            page: dict[str, Any] | None = found[0] if found else None
            if page is not None and self._seen(page):
                return page
            if self._clock.monotonic() >= self._ends:
                return self._late(page)
            await self._clock.sleep(_EVERY_SECONDS)

    async def close(self) -> None:
        """Nobody has to do anything about a rehearsal: what still waits for it is not sent any more."""
        if self._page:
            body = {"by": pages.default_name(), "via": "cli"}
            await self._http.request("POST", f"{pages.PAGES}/{self._page}/acknowledgement", body=body)

    def _seen(self, page: dict[str, Any]) -> bool:
        if not self.opened:
            self.opened = self._clock.monotonic()
            self._page = page["id"]
            self._progress(f"page {page['id'][: pages.SHORT]} opened, level {page['level']}")
        deliveries = _deliveries(page)
        for delivery in deliveries:
            self._tell(delivery)
        if page["step"] >= 0 and not deliveries:
            raise PreflightError(
                "the rehearsal's page reaches nobody: the paging file names no canary.recipients",
                hint="add them to the paging file, then: xiong pages test",
            )
        return bool(deliveries) and all(d.settled(confirmed=self._confirmed) for d in deliveries)

    def _tell(self, delivery: FollowedDelivery) -> None:
        for said, seconds in (("sent", delivery.sent_seconds), ("received", delivery.received_seconds)):
            line = f"{delivery.name} {said}"
            if seconds is not None and line not in self._told:
                self._told.add(line)
                self._progress(f"{line} after {seconds:.3f} s")

    def _late(self, page: dict[str, Any] | None) -> dict[str, Any]:
        if page is None:
            raise DeadlineError("the message was answered, but no page was opened", hint="xiong status")
        deliveries = _deliveries(page)
        if any(delivery.fault() for delivery in deliveries):
            return page
        if not deliveries:
            raise DeadlineError(f"no pager took page {page['id'][: pages.SHORT]} up", hint="xiong status")
        waiting = [d for d in deliveries if not d.settled(confirmed=self._confirmed)]
        said = ", ".join(
            f"{d.name} ({'not confirmed' if d.state == 'sent' else 'not sent'})" for d in waiting
        )
        raise DeadlineError(f"not through in time: {said}", hint="xiong pages list --all")


async def _refuse_unset(platform: Platform, settings: Settings) -> None:
    if settings.paging.file is None:
        raise PreflightError(
            "nobody would be called: paging.file is not set",
            hint="set paging.file in xiong.toml (docs/reference/paging.md), then: xiong up",
        )
    if not await platform.instances("pager"):
        raise PreflightError("nobody would be called: no pager runs", hint="xiong up")


async def _say(http: Http) -> str:
    body = {"person": pages.rehearsal_person(), "message": WORDS}
    document = pages.checked(await http.request("POST", probe.CHAT, body=body))
    level = document["risk"]["level"]
    if level not in {"HIGH", "IMMINENT"}:
        raise PlatformError(
            f"the rehearsal's message was judged {level}: expected IMMINENT", hint="xiong status"
        )
    return str(document["message_id"])


def _deliveries(page: dict[str, Any]) -> tuple[FollowedDelivery, ...]:
    opened = datetime.fromisoformat(page["opened_at"])
    return tuple(_delivery(delivery, opened) for delivery in page["deliveries"])


def _delivery(delivery: dict[str, Any], opened: datetime) -> FollowedDelivery:
    sent = _moment(delivery["sent_at"])
    received = _moment(delivery["received_at"])
    return FollowedDelivery(
        contact=delivery["contact"],
        channel=delivery["channel"],
        state=delivery["state"],
        attempts=delivery["attempts"],
        sent_seconds=None if sent is None else round((sent - opened).total_seconds(), 4),
        received_seconds=None
        if received is None
        else round((received - (sent or opened)).total_seconds(), 4),
        error=delivery["error"],
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
