"""Everything that the overview shows, looked up at most every two seconds however many people watch."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from xiong.config.settings import Settings
from xiong.console import pages as calls
from xiong.console import verdict
from xiong.console.alerts import Alerts, alerts
from xiong.console.healing import Healing, HealingRecords
from xiong.console.pages import CalledPage
from xiong.console.verdict import Verdict
from xiong.errors import XiongError
from xiong.model.receipt import Receipt
from xiong.operations import releases as releases_operation
from xiong.operations.releases import ListedRelease
from xiong.operations.status import Status, status
from xiong.platforms.base import Platform
from xiong.tools.clock import Clock

T = TypeVar("T")
_FRESH_SECONDS = 2.0
_PATIENCE_SECONDS = 2.5
_STALE_SECONDS = 15.0
_DEADLINE_SECONDS = 10.0


@dataclass(frozen=True)
class Board:
    """One look at everything.

    Attributes:
        at: when, UTC.
        status: what `xiong status` says; None when even that fails.
        failure: why, then.
        pages: None when the service does not say.
        history: receipts, newest first.
        releases: what is staged.
        alerts: what fires.
        healing: checks, healer and drills; None when their records cannot be read.
    """

    at: datetime
    status: Status | None
    failure: str
    pages: tuple[CalledPage, ...] | None
    history: tuple[Receipt, ...]
    releases: tuple[ListedRelease, ...]
    alerts: Alerts
    healing: Healing | None

    @property
    def danger(self) -> Verdict:
        """Is anybody in danger?"""
        return verdict.danger(self.pages, self.at)

    @property
    def health(self) -> Verdict:
        """Is anything broken?"""
        return verdict.health(self.status, self.failure, self.alerts, self.healing)

    @property
    def targets(self) -> tuple[ListedRelease, ...]:
        """What a rollback may go to: ran before, and is still here; newest commit first."""
        earlier = self.status.committed.earlier if self.status and self.status.committed else ()
        here = {listed.release.id: listed for listed in self.releases if not listed.active}
        return tuple(here[name] for name in earlier if name in here)


class Lookout:
    """Looks, and keeps what it saw for a moment."""

    def __init__(self, platform: Platform, settings: Settings, clock: Clock, alertmanager: str) -> None:
        self._platform = platform
        self._settings = settings
        self._clock = clock
        self._alertmanager = alertmanager
        self._healing = HealingRecords(platform.records, settings)
        self._looking: asyncio.Task[None] | None = None
        self._seen: Board | None = None
        self._seen_change = 0
        self._until = 0.0
        self._change = 0

    async def board(self) -> Board:
        """What stands now, or stood up to two seconds ago.

        Something that hangs makes a look slow; then it is what stood up to some seconds more ago, so that
        the page still comes.
        """
        wanted = self._change
        while True:
            seen, now = self._seen, self._clock.monotonic()
            usable = seen is not None and self._seen_change >= wanted
            if seen is not None and usable and now < self._until:
                return seen
            hurry = usable and now < self._until + _STALE_SECONDS
            if self._looking is None:
                self._looking = asyncio.create_task(self._renew())
            task = self._looking
            await asyncio.wait({task}, timeout=_PATIENCE_SECONDS if hurry else None)
            if task.done():
                task.result()
            elif seen is not None:
                return seen

    def forget(self) -> None:
        """The next look is a new one: something was just changed."""
        self._change += 1

    async def _renew(self) -> None:
        change = self._change  # what is changed while we look may not be seen
        try:
            self._seen = await self._look()
            self._seen_change = change
            self._until = self._clock.monotonic() + _FRESH_SECONDS
        finally:
            self._looking = None

    async def _look(self) -> Board:
        platform = self._platform
        (
            (found, failure),
            (pages, _),
            (history, _),
            (staged, _),
            (firing, _),
            (healing, _),
        ) = await asyncio.gather(
            _tried(lambda: status(platform, self._settings, self._clock)),
            _tried(lambda: calls.newest_pages(platform)),
            _tried(lambda: releases_operation.history(platform)),
            _tried(lambda: releases_operation.releases(platform)),
            _tried(self._alerts),
            _tried(lambda: self._healing.look(self._clock.now())),
        )
        return Board(
            at=self._clock.now(),
            status=found,
            failure=failure,
            pages=pages,
            history=history.receipts if history else (),
            releases=staged.releases if staged else (),
            alerts=firing or Alerts(configured=bool(self._alertmanager)),
            healing=healing,
        )

    async def _alerts(self) -> Alerts:
        """From the Alertmanager that is named, else from one that runs beside the service."""
        beside = [] if self._alertmanager else await self._platform.instances("alertmanager")
        return await alerts(self._alertmanager or next((i.url for i in beside if i.url), ""))


async def _tried(look: Callable[[], Awaitable[T]]) -> tuple[T | None, str]:
    """What it gives, or why not: a part that cannot be seen must not hide the others."""
    try:
        async with asyncio.timeout(_DEADLINE_SECONDS):
            return await look(), ""
    except XiongError as error:
        return None, error.message
    except TimeoutError:
        return None, f"no answer within {_DEADLINE_SECONDS:g} s"
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
    ) as error:  # a record or an answer that is not as it should be
        return None, f"{type(error).__name__}: {error}"
