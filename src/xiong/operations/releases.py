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


async def releases(platform: Platform) -> list[ListedRelease]:
    """What is staged, newest first."""
    committed = await Journal(platform.records).committed()
    active = committed.release if committed else None
    earlier = committed.earlier if committed else ()
    staged = await platform.releases()
    return [ListedRelease(r, r.id == active, r.id in earlier) for r in reversed(staged)]


async def history(platform: Platform) -> list[Receipt]:
    """All receipts, newest first."""
    return await Journal(platform.records).history()
