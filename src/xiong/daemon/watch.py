"""The daemon itself: leads, listens, goes round, and ends as soon as it is told to. For `xiong watch`."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from prometheus_client.registry import Collector

from xiong.config.settings import Settings
from xiong.daemon.backup_metrics import BackupMetrics
from xiong.daemon.backups import BackupKeeper
from xiong.daemon.cycle import LOOK, Cycle, Step
from xiong.daemon.drills import DrillKeeper
from xiong.daemon.exporter import Exporter
from xiong.daemon.healing import Healing
from xiong.daemon.health_metrics import HealthMetrics
from xiong.daemon.heartbeat import Heartbeat
from xiong.daemon.hook import Pages
from xiong.daemon.notices import notices_step
from xiong.daemon.observation import Observation, Observer
from xiong.daemon.restores import restores_step
from xiong.daemon.told_metrics import ToldMetrics
from xiong.operations.drill.registry import DRILLS
from xiong.operations.health.registry import CHECKS
from xiong.platforms import shipped
from xiong.platforms.base import Platform, Progress
from xiong.tools.clock import Clock
from xiong.tools.web import WebServer


async def watch(platform: Platform, settings: Settings, clock: Clock, told: Progress, *, port: int) -> None:
    """Runs until SIGTERM or SIGINT; a second one waits until the first is gone.

    Args:
        platform: what is watched.
        settings: of this copy.
        clock: whose time counts.
        told: gets one line for whatever is worth knowing.
        port: where the metrics are shown on `watch.bind`; 0 is any free one.

    Raises:
        PlatformError: the port is taken.
    """
    work = asyncio.ensure_future(_lead(platform, settings, clock, told, port))
    told_to_end = asyncio.Event()

    def end() -> None:
        told_to_end.set()
        work.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    try:
        await work
    except asyncio.CancelledError:
        if not told_to_end.is_set():
            raise
        told("watch ends")
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


async def _lead(platform: Platform, settings: Settings, clock: Clock, told: Progress, port: int) -> None:
    told("watch waits until it is the only one")
    async with platform.lead("watch", clock), parts_for(platform, settings, clock, told) as parts:
        steps = steps_for(parts)
        exporter = Exporter(shipped.alert_names(), (LOOK, *(step.name for step in steps)))
        for collector in parts.metrics:
            exporter.registry.register(collector)
        async with WebServer(Pages(exporter, told).answer, port, settings.watch.bind) as server:
            told(f"watch leads, metrics at http://{settings.watch.bind}:{server.port}/metrics")
            cycle = Cycle(Observer(platform, clock), exporter, steps, clock, told)
            await cycle.run(settings.watch.cycle_seconds)


@dataclass(frozen=True)
class Parts:
    """What the steps of a cycle are made of, beside the look.

    Attributes:
        platform: what is watched.
        healing: looks with the checks, and heals.
        notices: sends what operators are to know.
        drills: mends what a killed one left, and runs those of the schedule.
        backups: ships the write-ahead log, and makes the backup that is due.
        restores: ends what a killed restore left.
        telling: reads what was told and rehearsed.
        heartbeat: tells somebody outside that all this goes round.
        metrics: what is shown beside the exporter's own.
    """

    platform: Platform
    healing: Healing
    notices: Callable[[Observation], Awaitable[None]]
    drills: DrillKeeper
    backups: BackupKeeper
    restores: Callable[[Observation], Awaitable[None]]
    telling: ToldMetrics
    heartbeat: Heartbeat
    metrics: tuple[Collector, ...]


@asynccontextmanager
async def parts_for(
    platform: Platform, settings: Settings, clock: Clock, told: Progress
) -> AsyncIterator[Parts]:
    """The parts, while the daemon leads."""
    health = HealthMetrics(CHECKS, settings.watch.cycle_seconds)
    telling = ToldMetrics(
        platform.records,
        [drill.name for drill in DRILLS],
        timedelta(days=settings.drills.stale_days),
    )
    healing = Healing(platform, settings, clock, told, health)
    saved = BackupMetrics(platform.records, settings)
    backups = BackupKeeper(platform, settings, clock, told, saved)
    try:
        yield Parts(
            platform,
            healing,
            notices_step(platform, settings, clock, told),
            DrillKeeper(platform, settings, clock, told),
            backups,
            restores_step(platform, settings, clock, told),
            telling,
            Heartbeat(settings.watch.heartbeat_url, clock),
            (health, telling, saved),
        )
    finally:
        await backups.close()
        await healing.close()


def steps_for(parts: Parts) -> tuple[Step, ...]:
    """What is done in each cycle, in this order. Something new belongs here."""

    async def announce(_: Observation) -> None:
        await parts.platform.announce()

    return (
        Step("announce", announce),
        Step("restores", parts.restores),
        Step("health", parts.healing.look),
        Step("heal", parts.healing.heal),
        Step("notices", parts.notices),
        Step("drills", parts.drills.act),
        Step("backups", parts.backups.act),
        Step("records", parts.telling.read),
        Step("heartbeat", parts.heartbeat.beat),
    )
