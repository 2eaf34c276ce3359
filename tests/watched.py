"""Whole copies with everything that watches them, and their Prometheus and Alertmanager in quick motion.

Stories that use it run where both programs are on PATH; elsewhere pytest counts and prints them as not run.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import yaml

from copies import Copy, finished, open_folder
from recipients import mailbox
from xiong.operations.prove import scaling
from xiong.platforms import shipped
from xiong.platforms.collectors import find_collectors
from xiong.platforms.local.supervision.client import SupervisorClient
from xiong.tools.clock import SystemClock, wait_for

HERE = [found for found in [find_collectors()] if found.missing() is None]
FACTOR = 60
PAGING = """
channels:
  email: {{kind: smtp, host: 127.0.0.1, port: {port}, security: none, sender: xiong@example.invalid}}
contacts:
  nurse-a: {{email: nurse-a@example.invalid}}
  probe-box: {{email: probe@example.invalid}}
rota:
  - {{days: [mon, tue, wed, thu, fri, sat, sun], from: "00:00", to: "24:00", contact: nurse-a}}
policy:
  steps:
    - {{notify: [on-call]}}
canary: {{every_minutes: 1440, recipients: [probe-box]}}
"""


@contextmanager
def watched_copy() -> Iterator[Copy]:
    """A copy that calls for help by mail, with `xiong watch`, Prometheus and Alertmanager."""
    with mailbox("none") as box:
        folder = open_folder()
        file = folder / "paging.yaml"
        file.write_text(PAGING.format(port=box.port))
        made = Copy(
            folder,
            XIONG_PAGING__FILE=str(file),
            XIONG_WATCH__ENABLED="true",
            XIONG_WATCH__CYCLE_SECONDS="0.5",
            XIONG_MONITORING__ENABLED="true",
            XIONG_CONSOLE__ENABLED="false",
        )
        try:
            made.up()
            yield made
        finally:
            made.remove()


def url(copy: Copy, name: str) -> str:
    """Where a process of a copy answers."""
    return next(str(i.url) for i in copy.instances() if i.name == name)


def asked(copy: Copy, path: str) -> Any:
    """What the copy's Prometheus answers."""
    return httpx.get(f"{url(copy, 'prometheus')}{path}", timeout=10, trust_env=False).json()["data"]


def until(condition, what: str, seconds: float = 60) -> None:
    """Waits, also inside an event loop."""

    async def true() -> bool:
        return bool(condition())

    finished(wait_for(true, what=what, seconds=seconds, clock=SystemClock(), every=0.3))


def notified(copy: Copy, alert: str, status: str) -> float:
    """How often Alertmanager told `xiong watch` of an alert."""
    text = httpx.get(f"{url(copy, 'watch')}/metrics", timeout=10, trust_env=False).text
    line = f'xiong_alert_notifications_total{{alert="{alert}",status="{status}"}}'
    found = re.search(rf"^{re.escape(line)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else -1.0


def quicken(copy: Copy) -> None:
    """The copy's own Prometheus and Alertmanager go on with their rules and routes, a minute in a second."""
    folder = copy.state / "monitoring"
    for file in (folder / "rules").glob("*.yml"):
        file.unlink()
    document = scaling.rules(shipped.groups(), FACTOR)
    (folder / "rules" / "quick.yml").write_text(yaml.safe_dump(document, allow_unicode=True))
    prometheus = folder / "prometheus.yml"
    prometheus.write_text(prometheus.read_text().replace("15s", "1s"))
    routes = folder / "alertmanager.yml"
    quick = scaling.routes(yaml.safe_load(routes.read_text()), FACTOR)
    routes.write_text(yaml.safe_dump(quick, allow_unicode=True))
    for name in ("prometheus", "alertmanager"):
        os.kill(copy.pid(name), signal.SIGHUP)


@contextmanager
def healer_off(copy: Copy) -> Iterator[None]:
    """The healer does nothing for the body: what a test broke stays broken until the test mends it."""
    copy.xiong("recover", "--pause", "1h", "--reason", "a test")
    try:
        yield
    finally:
        copy.xiong("recover", "--resume")


@contextmanager
def stopped(copy: Copy, *names: str) -> Iterator[None]:
    """These processes stand still for the body, as nobody's supervisor would let them."""
    client = SupervisorClient(copy.state)
    for name in names:
        finished(client.stop(name))
    try:
        yield
    finally:
        for name in names:
            finished(client.restart(name))
            finished(client.wait_ready(name, 60))
