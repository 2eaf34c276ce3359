"""Operators' notices that are no crisis: a failed deploy, a frozen healer, a failed drill.

`tell` records and returns at once; `deliver`, called by `xiong watch`, sends what waits until each address
took it. What was recorded is sent also after a `kill -9`; once by key. A process that dies after an address
took a notice and before that was recorded sends it to that address once more: the id in the text shows it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from redaction import redact
from xiong.config.secrets import Secret
from xiong.config.settings import Settings
from xiong.errors import ConfigurationError
from xiong.model.documents import from_document, to_document
from xiong.model.notice import Delivery, Notice, NoticeState
from xiong.platforms.base import Platform, Progress, RecordStore
from xiong.tools import host, notices
from xiong.tools.clock import Clock

_KIND, _COUNTS = "notices", ("state", "notice-counts")
_KEPT = 200
_AT_ONCE = 5  # then those that came meanwhile have their turn
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=15), timedelta(minutes=30)
_MOURNED = timedelta(days=4)
_FILE = "notices.urls_file"


async def tell(
    platform: Platform, settings: Settings, clock: Clock, title: str, body: str, key: str
) -> Notice:
    """Records a notice; what has the same key was told already, and nothing is sent again.

    Args:
        platform: whose records hold it.
        settings: whether it has anybody to be sent to.
        clock: whose time counts.
        title: one line.
        body: what happened, and the next command to type; personal data is taken out.
        key: what it is about, e.g. `rollout ID`.

    Raises:
        XiongError: it cannot be recorded.
    """
    name = hashlib.sha256(key.encode()).hexdigest()[:16]
    known = await _read(platform.records, name)
    if known is not None:
        return known
    state = NoticeState.WAITING if settings.notices.urls_file else NoticeState.RECORDED
    now = clock.now()
    signed = f"{body}\n\n{settings.service.environment}, {platform.name}, {host.actor()}; notice {name}"
    made = Notice(
        name, key, now, redact(title), redact(signed), state, now if settings.notices.urls_file else None
    )
    await platform.records.write(_KIND, name, to_document(made))
    if state is NoticeState.RECORDED:
        await _count(platform.records, "recorded")
    return made


async def list_notices(records: RecordStore) -> list[Notice]:
    """All that are kept, newest first."""
    found = [await _read(records, name) for name in await records.names(_KIND)]
    return sorted((notice for notice in found if notice), key=lambda notice: notice.at, reverse=True)


async def counts(records: RecordStore) -> dict[str, int]:
    """{outcome: how often}: `sent` and `failed` count tries at an address, `recorded` notices for nobody."""
    kept = await records.read(*_COUNTS) or {}
    return {outcome: int(kept.get(outcome, 0)) for outcome in ("sent", "failed", "recorded")}


async def waiting_since(records: RecordStore, now: datetime) -> datetime | None:
    """When the oldest notice was recorded that should have reached somebody by now and did not."""
    waiting = [
        notice.at
        for notice in await list_notices(records)
        if notice.state is NoticeState.WAITING
        or (notice.state is NoticeState.GIVEN_UP and now - notice.at < _MOURNED)
    ]
    return min(waiting, default=None)


async def deliver(platform: Platform, settings: Settings, clock: Clock, told: Progress) -> None:
    """Sends some of what waits and is due, what was tried least first, and forgets what is old."""
    everything = await list_notices(platform.records)
    for notice in everything[_KEPT:]:
        if notice.state is not NoticeState.WAITING:
            await platform.records.delete(_KIND, notice.id)
    due = [n for n in reversed(everything) if n.next_at is not None and n.next_at <= clock.now()]
    for notice in sorted(due, key=_tries)[:_AT_ONCE]:
        await _Post(platform.records, settings, clock, told).carry(notice)


class _Post:
    """Carries one notice to all addresses that did not take it yet."""

    def __init__(self, records: RecordStore, settings: Settings, clock: Clock, told: Progress) -> None:
        self._records = records
        self._settings = settings.notices
        self._clock = clock
        self._told = told

    async def carry(self, notice: Notice) -> None:
        """Once; the next try is on record before this one begins, so that a full disk makes no flood."""
        file = self._settings.urls_file
        if file is None:  # there was one when it was told
            await self._write(replace(notice, state=NoticeState.RECORDED, next_at=None))
            return
        self._notice = replace(notice, next_at=self._clock.now() + _pause(notice))
        await self._write(self._notice)
        try:
            addresses = {notices.label(address): address for address in notices.read_addresses(file)}
        except ConfigurationError as error:
            addresses = {}
            await self._note(_FILE, error.message)
        else:
            self._notice = replace(self._notice, deliveries=_of(notice, addresses))
        taken = {d.address for d in self._notice.deliveries if d.sent_at}
        await asyncio.gather(*(self._try(n, a) for n, a in addresses.items() if n not in taken))
        await self._close(addresses)

    async def _try(self, name: str, address: Secret) -> None:
        seconds = self._settings.timeout_seconds
        error = await notices.send(address, self._notice.title, self._notice.body, timeout_seconds=seconds)
        await self._note(name, error)

    async def _note(self, name: str, error: str | None) -> None:
        """What became of one try, recorded at once."""
        before = next((d for d in self._notice.deliveries if d.address == name), Delivery(name, 0))
        sent_at = None if error else self._clock.now()
        after = replace(before, tries=before.tries + 1, sent_at=sent_at, error=error or "")
        others = tuple(d for d in self._notice.deliveries if d.address != name)
        self._notice = replace(self._notice, deliveries=(*others, after))
        await self._write(self._notice)
        await _count(self._records, "failed" if error else "sent")
        self._told(
            f"notice {self._notice.id} {f'not taken by {name}: {error}' if error else f'taken by {name}'}"
        )

    async def _close(self, addresses: Collection[str]) -> None:
        """Sent, or tried for long enough, or to be tried again."""
        late = self._clock.now() - self._notice.at > timedelta(hours=self._settings.give_up_hours)
        if addresses and all(d.sent_at for d in self._notice.deliveries):
            await self._write(replace(self._notice, state=NoticeState.SENT, next_at=None))
        elif late:
            await self._write(replace(self._notice, state=NoticeState.GIVEN_UP, next_at=None))

    async def _write(self, notice: Notice) -> None:
        await self._records.write(_KIND, notice.id, to_document(notice))


def _of(notice: Notice, addresses: Collection[str]) -> tuple[Delivery, ...]:
    """What is known of the addresses that are in the file now; one that was taken out is not waited for."""
    return tuple(delivery for delivery in notice.deliveries if delivery.address in addresses)


def _pause(notice: Notice) -> timedelta:
    """Until the next try: twice as long after each."""
    return min(_FIRST_PAUSE * (1 << min(_tries(notice), 16)), _LONGEST_PAUSE)


def _tries(notice: Notice) -> int:
    return max((delivery.tries for delivery in notice.deliveries), default=0)


async def _read(records: RecordStore, name: str) -> Notice | None:
    document = await records.read(_KIND, name)
    return from_document(Notice, document) if document else None


async def _count(records: RecordStore, outcome: str) -> None:
    kept = await counts(records)
    await records.write(*_COUNTS, {**kept, outcome: kept[outcome] + 1})
