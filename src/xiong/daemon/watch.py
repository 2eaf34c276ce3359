"""The daemon itself: leads, listens, goes round, and ends as soon as it is told to. For `xiong watch`."""

from __future__ import annotations

import asyncio
import signal

from xiong.config.settings import Settings
from xiong.daemon.cycle import LOOK, Cycle, Step
from xiong.daemon.exporter import Exporter
from xiong.daemon.hook import Pages
from xiong.daemon.observation import Observation, Observer
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
        port: where the metrics are shown on 127.0.0.1; 0 is any free one.

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
    async with platform.lead("watch", clock):
        steps = steps_for(platform)
        exporter = Exporter(shipped.alert_names(), (LOOK, *(step.name for step in steps)))
        async with WebServer(Pages(exporter, told).answer, port) as server:
            told(f"watch leads, metrics at http://127.0.0.1:{server.port}/metrics")
            cycle = Cycle(Observer(platform, clock), exporter, steps, clock, told)
            await cycle.run(settings.watch.cycle_seconds)


def steps_for(platform: Platform) -> tuple[Step, ...]:
    """What is done in each cycle, in this order. Checks, recovery and schedules belong here."""

    async def announce(_: Observation) -> None:
        await platform.announce()

    return (Step("announce", announce),)
