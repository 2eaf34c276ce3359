"""Which sets are kept, why, and which stretch of the log each of them needs. Pure; `prune` acts on it.

Four rules add up: the recovery window (`keep_days`), the newest of each week and month, the newest verified
ones whatever else holds, and whatever a kept increment builds on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from xiong.config.backup import BackupSettings
from xiong.model.backup import Manifest, VerifyOutcome, WalSegment
from xiong.operations.backup import lsn

FOREVER = 1 << 64


@dataclass(frozen=True)
class Plan:
    """What becomes of the sets of one repository.

    Attributes:
        keep: {id: why}, newest first.
        delete: ids, newest first, so that an increment goes before what it builds on.
    """

    keep: Mapping[str, tuple[str, ...]]
    delete: tuple[str, ...]


def plan(
    manifests: Sequence[Manifest],
    verified: Mapping[str, VerifyOutcome],
    now: datetime,
    settings: BackupSettings,
) -> Plan:
    """Decides; while fewer than `keep_at_least` sets were verified and found good, nothing goes.

    Args:
        manifests: all that are believed, in any order.
        verified: outcome of the newest verification of each that had one.
        now: UTC.
        settings: what is kept.
    """
    sets = sorted(manifests, key=lambda one: one.begun_at, reverse=True)
    good = [one for one in sets if verified.get(one.id) is VerifyOutcome.GOOD]
    if len(good) < settings.keep_at_least:
        why = f"{len(good)} sets verified, at least {settings.keep_at_least} must be before any goes"
        return Plan({one.id: (why,) for one in sets}, ())
    usable = [one for one in sets if verified.get(one.id) is not VerifyOutcome.BAD]
    reasons: dict[str, list[str]] = {}

    def keep(chosen: Collection[Manifest], why: str) -> None:
        for one in chosen:
            reasons.setdefault(one.id, []).append(why)

    keep(sets[:1], "newest")
    keep(good[: settings.keep_at_least], "newest verified")
    keep(_window(usable, now, settings.keep_days), f"restores to the last {settings.keep_days:g} days")
    keep(_newest_of(usable, settings.keep_weekly, lambda one: one.begun_at.isocalendar()[:2]), "weekly")
    keep(
        _newest_of(usable, settings.keep_monthly, lambda one: (one.begun_at.year, one.begun_at.month)),
        "monthly",
    )
    _keep_parents(sets, reasons)
    kept = {one.id: tuple(reasons[one.id]) for one in sets if one.id in reasons}
    return Plan(kept, tuple(one.id for one in sets if one.id not in reasons))


def _window(sets: Sequence[Manifest], now: datetime, days: float) -> list[Manifest]:
    """All since its beginning, and of each cluster the one before, which reaches its first second."""
    begin = now - timedelta(days=days)
    within = [one for one in sets if one.database.stopped_at > begin]
    earlier = [one for one in sets if one.database.stopped_at <= begin]
    clusters = {one.database.system_id for one in (*within, *earlier[:1])}
    anchors: dict[str, Manifest] = {}
    for one in earlier:
        anchors.setdefault(one.database.system_id, one)
    return [*within, *(one for name, one in anchors.items() if name in clusters)]


def _newest_of(
    sets: Sequence[Manifest], count: int, period: Callable[[Manifest], Hashable]
) -> list[Manifest]:
    """The newest set of each of the newest `count` periods that have one."""
    newest: dict[Hashable, Manifest] = {}
    for one in sets:
        newest.setdefault(period(one), one)
    return list(newest.values())[:count]


def _keep_parents(sets: Sequence[Manifest], reasons: dict[str, list[str]]) -> None:
    """`sets` are newest first, so a parent comes after whatever builds on it."""
    for one in sets:
        if one.id in reasons and one.parent:
            reasons.setdefault(one.parent, []).append(f"{one.id} builds on it")


@dataclass(frozen=True)
class Stretch:
    """A part of the log that must stay: [begin, end)."""

    begin: int
    end: int


def stretches(
    kept: Sequence[Manifest], system_id: str, now: datetime, settings: BackupSettings
) -> tuple[Stretch, ...]:
    """What the kept sets of a cluster need of its log.

    All from the beginning of the recovery window's first set on, since a restore may end anywhere there; of
    older sets only what makes them whole.
    """
    own = sorted((one for one in kept if one.database.system_id == system_id), key=lambda one: one.begun_at)
    begin = now - timedelta(days=settings.keep_days)
    earlier = [one for one in own if one.database.stopped_at <= begin]
    continuous = [*earlier[-1:], *(one for one in own if one.database.stopped_at > begin)]
    alone = [Stretch(lsn.number(one.database.start_lsn), end_of(one)) for one in own if one not in continuous]
    if not continuous:
        return tuple(alone)
    first = min(lsn.number(one.database.start_lsn) for one in continuous)
    return (*alone, Stretch(first, FOREVER))


def end_of(manifest: Manifest) -> int:
    """The position up to which a set needs the log to be restored by itself."""
    there = (manifest.database.stop_lsn, manifest.database.point_lsn)
    return max(lsn.number(one) for one in there if one)


def unneeded(
    segments: Sequence[WalSegment], wanted: Sequence[Stretch], segment_bytes: int
) -> tuple[WalSegment, ...]:
    """Segments in none of the stretches, on whatever timeline; history files stay, they are small.

    Without any stretch nothing goes: then the first set of a cluster may be under way.
    """
    if not wanted:
        return ()

    def needed(one: WalSegment) -> bool:
        start = lsn.start_of(one.name, segment_bytes)
        return any(part.begin < start + segment_bytes and start < part.end for part in wanted)

    return tuple(one for one in segments if lsn.is_segment(one.name) and not needed(one))
