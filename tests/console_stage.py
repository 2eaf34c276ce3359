"""A console to try out: the real one, over a platform in memory and a small service that answers by HTTP."""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import uvicorn

from copies import finished
from servers import free_port, wait_until
from small_service import RELEASE, SmallService
from xiong.config.settings import ConsoleSettings, PagingSettings, ServiceSettings, Settings
from xiong.console.application import application
from xiong.console.desk import Desk, desk_for
from xiong.console.guard import FORM_FIELD
from xiong.console.roles import Role
from xiong.console.scrapes import Tick
from xiong.console.series import Ring
from xiong.model.instance import Instance, InstanceState
from xiong.model.receipt import Outcome, ProbeCount, Receipt
from xiong.model.release import Release, SchemaSupport
from xiong.operations.journal import Journal
from xiong.platforms.base import Endpoint
from xiong.platforms.onehost.records import FileRecords
from xiong.tools.clock import SystemClock

NEW, OLD = RELEASE, "0.1.0-3f9a1c2b7d4e"


class SmallPlatform:
    """As much of a platform as the console looks at."""

    name = "local"

    def __init__(self, folder: Path, address: str) -> None:
        self.records = FileRecords(folder / "records")
        self.token_file = folder / "operator-token"
        self.token_file.write_text("operator")
        self.care_token_file = folder / "care-token"
        self.care_token_file.write_text("care")
        self.address = address
        self.running = [
            Instance("postgres", "postgres", None, InstanceState.READY, None, "1@1"),
            Instance("valkey", "valkey", None, InstanceState.READY, None, "2@1"),
            Instance("proxy", "proxy", None, InstanceState.READY, None, "3@1"),
            Instance("pager-0", "pager", NEW, InstanceState.READY, None, "4@1"),
            Instance("api-0", "api", NEW, InstanceState.READY, address, "5@1"),
            Instance("api-1", "api", NEW, InstanceState.READY, address, "6@1", restarts=1),
        ]

    async def instances(self, service: str | None = None) -> list[Instance]:
        return [i for i in self.running if service in {None, i.service}]

    async def endpoint(self) -> Endpoint:
        return Endpoint(self.address, self.address, None, None, self.token_file, self.care_token_file)

    async def read_lease(self) -> None:
        return None

    async def releases(self) -> list[Release]:
        return [
            Release(
                name, name[:5], f"sha256:{name[6:]}", datetime(2026, 5, day, 9, tzinfo=UTC), support, "/src"
            )
            for day, name, support in ((4, OLD, SchemaSupport((), ())), (11, NEW, SchemaSupport((), ())))
        ]


def an_hour() -> Ring:
    """An hour of an ordinary evening, always the same."""
    ring, chance, now = Ring(), random.Random(4), datetime.now(UTC).timestamp()
    bounds = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, math.inf)
    for number in range(720):
        wave = math.sin(number / 90)
        requests = round(5 * (3 + 2 * wave + chance.random()))
        typical = 0.09 + 0.03 * math.sin(number / 60)
        counts = {f"within {b:g}": 0.8 * requests * (1 - math.exp(-b / typical)) for b in bounds}
        counts |= {"requests": requests, "errors": chance.random() < 0.004}
        counts |= {"reply offline": 0.8 * requests, "reply safe": chance.random() < 0.01}
        counts |= {"risk LOW": chance.random() < 0.06, "risk MEDIUM": chance.random() < 0.03}
        counts |= {"risk HIGH": chance.random() < 0.008, "risk IMMINENT": number in {500, 690}}
        gauges = {"users 5m": 20 + 8 * wave, "users 1h": 55 + 9 * math.sin(number / 150)}
        gauges |= {"connections": 9 + 2 * math.sin(number / 30), "connections limit": 97}
        gauges |= {"size": 48e6 + number * 9000}
        at = now - 5 * (719 - number)
        ring.add(
            Tick(at, 5.0, {k: float(v) for k, v in counts.items()}, {k: round(v) for k, v in gauges.items()})
        )
    return ring


async def prepare(platform: SmallPlatform) -> None:
    """Two releases that ran one after the other, with their receipts."""
    journal = Journal(platform.records)
    begun = datetime.now(UTC) - timedelta(days=2)
    await journal.commit(OLD, 2, begun)
    await journal.commit(NEW, 2, begun + timedelta(days=1))
    for hours, release, previous, outcome, reason in (
        (0, OLD, None, Outcome.COMMITTED, ""),
        (20, NEW, OLD, Outcome.ROLLED_BACK, "release was refused by the gate: 4.8% of requests failed"),
        (24, NEW, OLD, Outcome.COMMITTED, ""),
    ):
        at = begun + timedelta(hours=hours)
        await journal.end(
            Receipt(
                id=f"{at:%Y%m%dT%H%M%S%f}-ab12",
                verb="deploy" if previous else "up",
                release=release,
                previous=previous,
                outcome=outcome,
                reason=reason,
                by="ops@kcg-app-1",
                begun_at=at,
                ended_at=at + timedelta(seconds=21),
                probe=ProbeCount(214, 0, 0, 0.0831, 0.0412) if previous else ProbeCount(),
                phases={"migrate": 1.2, "started": 2.41, "ready": 3.02, "gate": 4.4, "drained": 8.9},
            )
        )


@dataclass
class Stage:
    """A running console and what it looks at."""

    url: str
    desk: Desk
    service: SmallService
    platform: SmallPlatform
    tokens: dict[Role, str]
    stack: ExitStack

    def client(self, role: Role | None = None, **headers: str) -> httpx.Client:
        """A browser without a script, logged in as that role; it follows no redirect."""
        made = httpx.Client(base_url=self.url, trust_env=False, headers=headers, timeout=20)
        self.stack.enter_context(made)
        if role is not None:
            assert self.log_in(made, self.tokens[role]).status_code == 303
        return made

    @staticmethod
    def log_in(client: httpx.Client, token: str, **more: str) -> httpx.Response:
        form = {FORM_FIELD: field_of(client.get("/login").text), "token": token, **more}
        return client.post("/login", data=form)

    @staticmethod
    def press(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
        """Sends a form as a page of ours would."""
        return client.post(path, data={FORM_FIELD: field_of(client.get("/").text), **fields})

    def audited(self, action: str) -> list[dict]:
        """The lines of the audit log about that, oldest first."""
        return [vars(e) for e in reversed(self.desk.audit.newest(10_000)) if e.action == action]


def field_of(page: str) -> str:
    """The token of the first form on a page."""
    return page.partition(f'name="{FORM_FIELD}" value="')[2].partition('"')[0]


@contextmanager
def serving(app: object, port: int) -> Iterator[str]:
    """Serves an application from a thread of its own."""
    configuration = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_config=None, lifespan="on", server_header=False
    )
    server = uvicorn.Server(configuration)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: server.started or not thread.is_alive(), "the server answers")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(100)


@contextmanager
def stage(folder: Path, *, public: bool = False, paging: bool = True, **parts: object) -> Iterator[Stage]:
    """A console over a small service; `parts` go to `desk_for`."""
    service = SmallService()
    with ExitStack() as stack:
        address = stack.enter_context(serving(service.app(), free_port()))
        platform = SmallPlatform(folder, address)
        finished(prepare(platform))
        settings = Settings(
            state=folder,
            service=ServiceSettings(environment="production"),
            paging=PagingSettings(file=folder / "paging.yaml" if paging else None),
            console=ConsoleSettings(public_status=public),
        )
        desk = desk_for(platform, settings, SystemClock(), **parts)
        tokens = {
            role: finished(desk.tokens.make(f"{role}-person", role, by="test", at=datetime.now(UTC))).reveal()
            for role in Role
        }
        url = stack.enter_context(serving(application(desk), free_port()))
        yield Stage(url, desk, service, platform, tokens, stack)
