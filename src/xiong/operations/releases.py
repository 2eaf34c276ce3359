"""`xiong releases` and `xiong history`: what could run, and what ran when."""

from __future__ import annotations

from dataclasses import dataclass

from xiong.model.receipt import Receipt
from xiong.model.release import Release
from xiong.operations.journal import Journal
from xiong.platforms.base import Platform


@dataclass(frozen=True)
class ListedRelease:
    """A staged release and what it is here."""

    release: Release
    active: bool
    committed_before: bool


@dataclass(frozen=True)
class ReleaseList:
    """What is staged, newest first."""

    releases: tuple[ListedRelease, ...]


@dataclass(frozen=True)
class History:
    """All receipts, newest first."""

    receipts: tuple[Receipt, ...]


async def releases(platform: Platform) -> ReleaseList:
    """What could be deployed or rolled back to."""
    committed = await Journal(platform.records).committed()
    active = committed.release if committed else None
    earlier = committed.earlier if committed else ()
    staged = await platform.releases()
    return ReleaseList(tuple(ListedRelease(r, r.id == active, r.id in earlier) for r in reversed(staged)))


async def history(platform: Platform) -> History:
    """What ran when, by whom, with which receipt."""
    return History(tuple(await Journal(platform.records).history()))
