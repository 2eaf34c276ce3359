"""Two other ways to roll, for `rolls`: without a drain, and with a proxy that is reloaded.

Run as a process of its own, as `xiong deploy` is: `python -m bench.variants WAY --state … --release …`.
Both use the product's supervisor, replicas and rolling algorithm; only the named part differs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from contextlib import aclosing
from pathlib import Path

import httpx

from bench.product import REPLICAS
from xiong.config.load import load_settings
from xiong.config.settings import Settings
from xiong.model.instance import Instance
from xiong.model.release import Release
from xiong.platforms.local.adapter import LocalPlatform
from xiong.platforms.local.programs import find_programs
from xiong.platforms.local.releases import ReleaseFolders
from xiong.platforms.local.replicas import LocalReplicas
from xiong.platforms.local.supervision.client import SupervisorClient
from xiong.platforms.onehost.layout import layout_for
from xiong.platforms.onehost.ports import ports_for
from xiong.platforms.rolling import roll

UNDRAINED, RELOADED = "undrained", "reloaded"
PROXY_ID = "forward"
"""The `@id` of the reverse proxy in the reloaded Caddy's configuration."""


class Undrained(LocalReplicas):
    """Stops a replica without telling it or the proxy anything first."""

    async def drain(self, replica: Instance) -> None:
        return None


class Reloaded(LocalReplicas):
    """Gives the proxy a new list of upstreams at each switch, by its admin API."""

    admin = ""

    async def admit(self, replica: Instance) -> None:
        await super().admit(replica)
        await set_upstreams(self.admin, [r.url for r in await self.replicas() if r.url])

    async def drain(self, replica: Instance) -> None:
        others = [r.url for r in await self.replicas() if r.url and r.name != replica.name]
        await set_upstreams(self.admin, others)
        await super().drain(replica)


async def set_upstreams(admin: str, urls: list[str]) -> None:
    """Replaces the upstreams; Caddy reloads its whole configuration for it."""
    upstreams = [{"dial": url.removeprefix("http://")} for url in urls]
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
        answer = await http.patch(f"{admin}/id/{PROXY_ID}/upstreams", json=upstreams)
        answer.raise_for_status()


def driver_for(way: str, settings: Settings, admin: str) -> LocalReplicas:
    """The driver of that way."""
    kind = {UNDRAINED: Undrained, RELOADED: Reloaded}[way]
    layout = layout_for(settings.state)
    driver = kind(
        SupervisorClient(layout.root),
        settings,
        layout,
        ports_for(settings, layout.ports),
        LocalPlatform(settings).start_of,
    )
    if isinstance(driver, Reloaded):
        driver.admin = admin
    return driver


async def roll_once(driver: LocalReplicas, release: Release, replicas: int) -> float:
    """Rolls, and returns the seconds it took."""
    begun = time.monotonic()
    async with aclosing(roll(driver, release, replicas)) as events:
        async for _ in events:
            pass
    return time.monotonic() - begun


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("way", choices=(UNDRAINED, RELOADED))
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--release", required=True)
    parser.add_argument("--admin", default="")
    asked = parser.parse_args()
    flags = {"state": asked.state, "proxy": {"port": 0}, "service": {"replicas": REPLICAS}}
    settings = load_settings(None, flags)
    release = ReleaseFolders(layout_for(settings.state), find_programs()).get(asked.release)
    seconds = asyncio.run(roll_once(driver_for(asked.way, settings, asked.admin), release, REPLICAS))
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main()
