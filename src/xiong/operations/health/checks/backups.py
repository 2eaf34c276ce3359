"""`backups`: the newest good one is young enough, the last attempt made one, and it lies in safe places."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from xiong.config.settings import Settings
from xiong.model.backup import VerifyOutcome
from xiong.model.health import Figure, Finding, Verdict
from xiong.operations.backup import history
from xiong.operations.backup.history import BackupRecord, Failure
from xiong.operations.backup.keys import OFFLINE
from xiong.operations.health.check import Check
from xiong.operations.health.checks.wording import not_run, nothing_here, span
from xiong.operations.health.scene import Scene
from xiong.operations.journal import Journal

_NAME = "backups"
_HOUR = 3600.0


@dataclass(frozen=True)
class Made:
    """What is known of backups here.

    Attributes:
        newest: the last one.
        good: the last one that was not found bad.
        failure: why the last attempt made none.
        since: when this copy first served; not asked where there is a backup.
        beside: all repositories lie on the disk of the data.
        offline_here: the offline key was not taken away yet.
    """

    newest: BackupRecord | None
    good: BackupRecord | None
    failure: Failure | None
    since: datetime | None
    beside: bool
    offline_here: bool


async def look(scene: Scene) -> Finding:
    """Reads the records; no repository is asked."""
    platform, settings = scene.platform, scene.settings
    if not settings.backup.enabled:
        return not_run(_NAME, "backup.enabled is off")
    if why := await platform.stores.lacks("postgres"):
        return not_run(_NAME, why)
    if await scene.committed() is None:
        return nothing_here(_NAME)
    newest = await history.newest(platform.records)
    receipts = await Journal(platform.records).unread(()) if newest is None else []
    made = Made(
        newest=newest,
        good=await history.newest_good(platform.records),
        failure=await history.failure(platform.records),
        since=min((receipt.begun_at for receipt in receipts), default=None),
        beside=await _beside(scene),
        offline_here=await platform.kept_secret(OFFLINE) is not None,
    )
    return judge(made, scene.clock.now(), settings)


async def _beside(scene: Scene) -> bool:
    stores = scene.platform.stores
    urls = scene.settings.backup.repositories or (await stores.default_repository(),)
    folder = await stores.folder("postgres")
    return all(on_disk_of(url, folder) for url in urls)


def on_disk_of(url: str, data: Path) -> bool:
    """Whether a repository lies on the disk of the live data, and would be lost with it."""
    parts = urlsplit(url)
    if parts.scheme != "file":
        return False
    there = [_nearest(path).stat().st_dev for path in (Path(unquote(parts.path)), data)]
    return there[0] == there[1]


def _nearest(path: Path) -> Path:
    return next(one for one in (path, *path.parents) if one.exists())


def judge(made: Made, now: datetime, settings: Settings) -> Finding:
    """At worst DEGRADED: the service does its work."""
    if made.newest is None and made.failure is None and not _overdue(made.since, now, settings):
        return not_run(_NAME, "no backup was made yet")
    fault = _fault(made, now, settings)
    notes = tuple(words for words in (_beside_words(made), _key_words(made)) if words)
    figures = _figures(made, now, settings)
    if fault is not None:
        cause, words, hint = fault
        return Finding(_NAME, Verdict.DEGRADED, words, hint=hint, figures=figures, cause=cause)
    if notes and settings.service.environment == "production":
        cause = "beside" if made.beside else "offline-key"
        hint = "docs/how-to/back-up.md"
        return Finding(_NAME, Verdict.DEGRADED, "; ".join(notes), hint=hint, figures=figures, cause=cause)
    return Finding(_NAME, Verdict.HEALTHY, "; ".join((_well(made, now), *notes)), figures=figures)


def _overdue(since: datetime | None, now: datetime, settings: Settings) -> bool:
    return since is not None and (now - since).total_seconds() > settings.backup.stale_hours * _HOUR


def _fault(made: Made, now: datetime, settings: Settings) -> tuple[str, str, str] | None:
    if made.newest is not None and made.newest.verified is VerifyOutcome.BAD:
        words = f"the newest, {made.newest.id}, was found damaged"
        return "damaged", words, f"xiong backup verify {made.newest.id}"
    if made.failure is not None:
        words = f"none was made {span((now - made.failure.at).total_seconds())} ago: {made.failure.why}"
        return "failed", words, "xiong backup create"
    good = made.good
    if good is None:
        return "stale", f"none was made since {made.since:%Y-%m-%d}", "xiong backup create"
    age = (now - good.begun_at).total_seconds()
    if age > settings.backup.stale_hours * _HOUR:
        words = f"the newest good one is {span(age)} old, {settings.backup.stale_hours:g} h are meant"
        return "stale", words, "xiong backup create"
    return None


def _beside_words(made: Made) -> str:
    return "all repositories lie on the disk of the data and die with it" if made.beside else ""


def _key_words(made: Made) -> str:
    return "the offline key still lies here" if made.offline_here else ""


def _well(made: Made, now: datetime) -> str:
    if made.good is None:
        return "none yet"
    checked = "verified" if made.good.verified is VerifyOutcome.GOOD else "not verified"
    age = span((now - made.good.begun_at).total_seconds())
    return f"{made.good.kind} {made.good.id}, {age} old, {checked}"


def _figures(made: Made, now: datetime, settings: Settings) -> tuple[Figure, ...]:
    if made.good is None:
        return ()
    age, limit = (now - made.good.begun_at).total_seconds(), settings.backup.stale_hours * _HOUR
    return (Figure("age", age, "s", limit), Figure("stored", made.good.stored_bytes, "bytes"))


BACKUPS = Check(_NAME, look, depends_on=("disk",), every_seconds=30)
