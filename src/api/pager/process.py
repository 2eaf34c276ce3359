"""The parts of one pager put together, and its life. Run by `__main__`; a test may run several."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from api.database.engine import Database, make_engine
from api.keeping import Policy
from api.logs import Log
from api.pager.board import Board
from api.pager.canary import Rehearsal
from api.pager.desk import Desk
from api.pager.duty import Duty
from api.pager.hands import Hands
from api.pager.intake import Intake
from api.pager.listening import Listener
from api.pager.metrics import PagerMetrics
from api.pager.mirror import Mirror
from api.pager.plan import Planning
from api.pager.presence import Presence
from api.pager.sending import Sender
from api.pager.stores import SharedStore
from api.pager.sweeping import Sweep
from api.pager.web import Web
from api.risk.model import RiskAssessor
from api.risk.rule_engine import RuleEngine
from api.settings import Settings, service_version

CONNECTIONS = 4
FINISH_S = 10.0
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Returns the time."""
    return datetime.now(UTC)


class Pager:
    """One pager."""

    def __init__(
        self,
        settings: Settings,
        planning: Planning,
        log: Log,
        *,
        load_assessor: Callable[[], RiskAssessor] = RuleEngine.shipped,
        clock: Clock = utc_now,
    ) -> None:
        self.settings = settings
        self.planning = planning
        self.log = log
        self.metrics = PagerMetrics(service_version(), settings.release_id)
        self.presence = Presence(settings.spool_dir)
        database = Database(make_engine(settings.database_url.reveal(), CONNECTIONS))
        self.shared = SharedStore(database)
        self.duty = Duty(self.shared, settings.spool_dir, self.presence, Hands(), log)
        sender = Sender(settings.public_url, settings.secret_key, clock, log)
        self.desk = Desk(self.duty, planning, sender, self.metrics, clock, log)
        self.intake = Intake(settings.spool_dir, self.duty, self.desk.wake, log)
        self.mirror = Mirror(self.duty, clock, log)
        self.board = Board(self.duty, planning, self.metrics, clock, self.desk.wake, log)
        self.canary = Rehearsal(
            self.duty,
            planning,
            load_assessor,
            settings.spool_dir,
            self.metrics,
            clock,
            log,
        )
        policy = Policy(message_days=settings.retention_days)
        self.sweep = Sweep(database, policy, settings.spool_dir, clock, log)
        self.web = Web(self.metrics, settings.release_id)
        self._listener = Listener(settings.database_url, self.desk.wake)
        self.duty.before_merging = self.intake.look
        self.duty.returned = self.desk.returned
        self._beside: list[asyncio.Task[None]] = []

    async def begin(self) -> None:
        """Finds out where pages are; nothing is claimed before."""
        port = await self.web.begin(self.settings.pager_port, self.settings.pager_bind)
        await self.duty.begin()
        self.board.show_plan()
        await self.canary.begin()
        self.log.info("paging", action="pager.started", port=port)

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop` is set, then lets what is being sent end."""
        beside: tuple[Coroutine[Any, Any, None], ...] = (
            self._listener.run(),
            self.duty.keep(),
            self.intake.run(),
            self.mirror.run(),
            self.board.run(),
            self.canary.run(),
            self.sweep.run(),
            self.desk.record(),
        )
        tasks = [asyncio.create_task(one) for one in beside]
        work = asyncio.create_task(self.desk.run())
        await stop.wait()
        self.desk.stop()
        await work
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await self.end(settled=await self.desk.finish(FINISH_S))

    async def end(self, *, settled: bool) -> None:
        """Closes everything."""
        await self.web.close()
        self.intake.close()
        for close in (self.planning.aclose, self.duty.close, self.shared.close):
            with contextlib.suppress(Exception):
                await close()
        self.presence.leave(settled=settled)
        self.log.info("stopped", action="pager.stopped")


async def serve(settings: Settings, planning: Planning, log: Log) -> None:
    """Runs a pager until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    pager = Pager(settings, planning, log)
    await pager.begin()
    await pager.run(stop)
