"""`wal`: commits leave the data folder, and little would be lost were it gone now."""

from __future__ import annotations

from dataclasses import dataclass

from xiong.config.settings import Settings
from xiong.datastores import postgres_facts
from xiong.datastores.postgres_facts import Receiving
from xiong.errors import PlatformError
from xiong.model.backup import RpoReading
from xiong.model.health import Figure, Finding, Verdict
from xiong.model.instance import Instance, InstanceState
from xiong.operations.backup import history
from xiong.operations.backup.receiver import RECEIVER
from xiong.operations.health.check import Check
from xiong.operations.health.checks.wording import not_run, nothing_here, span
from xiong.operations.health.scene import Scene

_NAME = "wal"
_AWAY_SECONDS = 20.0
"""How long the receiver may be away: it connects again within 5 s after the server was restarted."""
_SILENT_SECONDS = 120.0
_MIB = 1 << 20
_LIST = "xiong backup list"
_DEAD = (InstanceState.FAILED, InstanceState.STOPPED)


@dataclass(frozen=True)
class Log:
    """What was seen of the log.

    Attributes:
        process: the receiver's; None where none runs.
        receiving: how far it is, as the server says; None where the server keeps nothing for it.
        reading: what `watch` measured last.
        age: seconds since then.
    """

    process: Instance | None
    receiving: Receiving | None
    reading: RpoReading | None
    age: float


async def look(scene: Scene) -> Finding:
    """Asks the server, and reads what `watch` measured."""
    settings = scene.settings
    if not settings.streams_log and not settings.archives_log:
        return not_run(_NAME, _why_not(settings))
    if await scene.committed() is None:
        return nothing_here(_NAME)
    receiving = None
    if settings.streams_log:
        try:
            access = await scene.platform.stores.access("postgres", superuser=True)
            receiving = await postgres_facts.receiving(access)
        except PlatformError as error:
            return not_run(_NAME, error.message)
    reading = await history.rpo(scene.platform.records)
    age = (scene.clock.now() - reading.at).total_seconds() if reading else 0.0
    process = next(iter(await scene.instances(RECEIVER)), None)
    return judge(Log(process, receiving, reading, age), settings)


def judge(log: Log, settings: Settings) -> Finding:
    """At worst DEGRADED: the service does its work."""
    figures = _figures(log, settings)
    received = _received(log) if settings.streams_log else None
    faults = (_held(log, settings), received, _measured(log, settings))
    fault = next((one for one in faults if one is not None), None)
    if fault is None:
        return Finding(_NAME, Verdict.HEALTHY, _well(log), figures=figures, of=1)
    cause, words, hint = fault
    ill = (RECEIVER,) if cause in {"receiver", "slot", "rpo"} and log.process else ()
    return Finding(_NAME, Verdict.DEGRADED, words, hint=hint, figures=figures, ill=ill, of=1, cause=cause)


def _held(log: Log, settings: Settings) -> tuple[str, str, str] | None:
    """Not the receiver's fault: `watch` has ended it, and starts it again."""
    limit = settings.backup.spool_keep_mb
    if log.reading is None or log.reading.spool_bytes <= limit * _MIB:
        return None
    words = f"more than {limit} MiB wait here for a repository: receiving is held ({log.reading.fault})"
    return "unstored", words, _LIST


def _received(log: Log) -> tuple[str, str, str] | None:
    process, receiving = log.process, log.receiving
    if process is None:
        return "absent", "no receiver of the write-ahead log runs here", "xiong up"
    if receiving is None or receiving.status == "lost":
        words = "the server no longer keeps what the receiver needs next: WAL is missing from here on"
        return "slot", words, "xiong recover wal"
    if process.state in _DEAD:
        return "receiver", f"{process.name} is {process.state}: {process.detail}", "xiong recover wal"
    if receiving.away_seconds > _AWAY_SECONDS:
        words = f"the receiver has been away for {span(receiving.away_seconds)}"
        return "receiver", words, "xiong recover wal"
    return None


def _measured(log: Log, settings: Settings) -> tuple[str, str, str] | None:
    reading, limit = log.reading, settings.backup.rpo_seconds
    if reading is None:
        return None
    if log.age > _SILENT_SECONDS:
        return "unshipped", f"nothing was shipped for {span(log.age)}: `watch` does it", "xiong status"
    why = f" ({reading.fault})" if reading.fault else ""
    if reading.seconds is not None and reading.seconds > limit:
        words = f"{span(reading.seconds)} would be lost with the data folder, {limit:g} s are meant{why}"
        return ("rpo", words, "xiong recover wal") if settings.streams_log else ("unstored", words, _LIST)
    if reading.stored_seconds is not None and reading.stored_seconds > limit:
        words = f"{span(reading.stored_seconds)} lie in no repository, {limit:g} s are meant{why}"
        return "unstored", words, _LIST
    return None


def _well(log: Log) -> str:
    reading = log.reading
    if reading is None:
        return "received; not measured yet"
    if reading.seconds is None:
        return "received and stored; nothing can be restored before the first backup"
    return f"{span(reading.seconds)} would be lost were the data folder gone"


def _figures(log: Log, settings: Settings) -> tuple[Figure, ...]:
    limit, found = settings.backup.rpo_seconds, []
    if log.receiving is not None:
        found.append(Figure("not received", log.receiving.behind_bytes, "bytes"))
    if log.reading is not None:
        found.append(Figure("waiting here", log.reading.spool_bytes, "bytes"))
        if log.reading.seconds is not None:
            found.append(Figure("lost with the data folder", log.reading.seconds, "s", limit))
        if log.reading.stored_seconds is not None:
            found.append(Figure("lost with the machine", log.reading.stored_seconds, "s", limit))
    return tuple(found)


def _why_not(settings: Settings) -> str:
    if settings.database.url is not None:
        return "the database is not ours (database.url)"
    if not settings.backup.enabled:
        return "backup.enabled is off"
    if settings.backup.wal == "none":
        return "backup.wal is none: backups alone"
    return "watch.enabled is off, and it ships the log"


WAL = Check(
    _NAME,
    look,
    timeout_seconds=6,
    depends_on=("disk", "database"),
    allows=(
        ("receiver", ("re-establish-wal",)),
        ("slot", ("re-establish-wal",)),
        ("rpo", ("re-establish-wal",)),
        ("absent", ()),
        ("unshipped", ()),
        ("unstored", ()),
    ),
)
