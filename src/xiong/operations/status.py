"""`xiong status`: what runs, whether it answers, who holds the lease, what was interrupted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from xiong.config.settings import Settings
from xiong.model.backup import RpoReading
from xiong.model.instance import Instance, InstanceState
from xiong.model.lease import Lease
from xiong.model.receipt import Receipt
from xiong.operations.backup import history
from xiong.operations.backup.history import BackupRecord
from xiong.operations.front_door import front_door, operator_headers
from xiong.operations.journal import Committed, Journal, Rollout
from xiong.operations.open_pages import OpenPages, open_pages
from xiong.platforms.base import Platform
from xiong.tools.clock import Clock
from xiong.tools.http import Http


@dataclass(frozen=True)
class Status:
    """The state of one copy.

    Attributes:
        platform: its name.
        url: where people reach it.
        healthy: True when nothing below is amiss.
        faults: what is amiss, in words.
        committed: the release that is meant to run.
        answering: the release that the proxy answers with, or None.
        degraded: dependencies that the service misses.
        pages: what waits for somebody to take it over, or None when the service does not say.
        paging: whether anybody is called at all.
        notices: whether operators' notices are sent to anybody; else they are only recorded.
        instances: everything that runs.
        lease: who changes something right now.
        interrupted: a rollout whose process died.
        last: the newest receipt.
        backup: the newest backup that was not found damaged.
        rpo: how much would be lost now, as `watch` measured last; None where it ships no log.
    """

    platform: str
    url: str
    healthy: bool
    faults: tuple[str, ...]
    committed: Committed | None
    answering: str | None
    degraded: tuple[str, ...] = ()
    pages: OpenPages | None = None
    paging: bool = False
    notices: bool = False
    instances: tuple[Instance, ...] = field(default=())
    lease: Lease | None = None
    interrupted: Rollout | None = None
    last: Receipt | None = None
    backup: BackupRecord | None = None
    rpo: RpoReading | None = None


async def status(platform: Platform, settings: Settings, clock: Clock) -> Status:
    """Looks, and changes nothing."""
    journal = Journal(platform.records)
    committed = await journal.committed()
    instances = tuple(await platform.instances())
    endpoint = await platform.endpoint()
    alive: dict[str, Any] = {}
    ready: dict[str, Any] = {}
    pages: OpenPages | None = None
    if committed is not None:  # else whoever answers there is not ours
        async with front_door(endpoint, 3, headers=operator_headers(endpoint)) as http:
            alive = await _document(http, "/api/v1/healthz")
            ready = await _document(http, "/api/v1/ready")
            pages = await open_pages(http, clock.now())
    lease = await platform.read_lease()
    rollout = await journal.rollout()
    interrupted = rollout if lease is None else None
    answering = alive.get("release")
    degraded = tuple(ready.get("degraded", ()))
    faults = (
        *_faults(committed, instances, answering, degraded, interrupted),
        *_paging_faults(committed, instances, settings, pages),
    )
    return Status(
        platform=platform.name,
        url=endpoint.url,
        healthy=not faults,
        faults=faults,
        committed=committed,
        answering=answering,
        degraded=degraded,
        pages=pages,
        paging=settings.paging.file is not None,
        notices=settings.notices.urls_file is not None,
        instances=instances,
        lease=replace(lease, token="") if lease else None,  # the token is its holder's alone
        interrupted=interrupted,
        last=await journal.last(),
        backup=await history.newest_good(platform.records),
        rpo=await history.rpo(platform.records),
    )


def _faults(
    committed: Committed | None,
    instances: tuple[Instance, ...],
    answering: str | None,
    degraded: tuple[str, ...],
    interrupted: Rollout | None,
) -> tuple[str, ...]:
    if committed is None:
        return ("nothing was ever started here",)
    faults = [] if answering else ["the proxy gives no answer from the service"]
    if answering and answering != committed.release:
        faults.append(f"the proxy answers with {answering}, committed is {committed.release}")
    serving = [i for i in instances if i.service == "api" and i.state is InstanceState.READY]
    if len(serving) < committed.replicas:
        faults.append(f"{len(serving)} of {committed.replicas} replicas are ready")
    faults += [
        f"{i.name} is {i.state}{': ' + i.detail if i.detail else ''}"
        for i in instances
        if i.service != "api" and i.state is not InstanceState.READY
    ]
    faults += [f"the service misses its {name}" for name in degraded]
    if interrupted is not None:
        faults.append(f"a {interrupted.verb} of {interrupted.target} was interrupted; the next verb ends it")
    return tuple(faults)


def _paging_faults(
    committed: Committed | None,
    instances: tuple[Instance, ...],
    settings: Settings,
    pages: OpenPages | None,
) -> tuple[str, ...]:
    """Reasons why somebody in danger may wait."""
    if committed is None:
        return ()
    faults = []
    if not any(i.service == "pager" for i in instances):
        faults.append("no pager runs: nobody is called (xiong up)")
    if settings.paging.file is None and settings.service.environment != "development":
        faults.append("nobody is called: paging.file is not set")
    late = pages.fault(settings.paging.patience_minutes) if pages else None
    return (*faults, late) if late else tuple(faults)


async def _document(http: Http, path: str) -> dict[str, Any]:
    answer = await http.request("GET", path)
    document = answer.json() if answer is not None and answer.status in {200, 503} else None
    return document if isinstance(document, dict) else {}
