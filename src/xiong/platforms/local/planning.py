"""Which commands bringing a release up would run, for `--dry-run`; nothing is run or written."""

from __future__ import annotations

from pathlib import Path

from xiong.config.settings import Settings
from xiong.platforms.base import PlannedCommand
from xiong.platforms.collectors import find_collectors
from xiong.platforms.local import commands, monitoring
from xiong.platforms.local.programs import Programs
from xiong.platforms.onehost.layout import Layout
from xiong.platforms.onehost.ports import Ports


def plan(
    settings: Settings, layout: Layout, ports: Ports, programs: Programs, python: Path, replicas: int
) -> list[PlannedCommand]:
    """In the order in which they would be run; `python` is the release's own."""
    tools, data = programs.postgres, layout.database
    planned = [
        PlannedCommand("postgres", commands.postgres(tools, data, ports.database, settings.database)),
        PlannedCommand("valkey", commands.valkey(programs.valkey, layout.secrets / "valkey.conf")),
        PlannedCommand("proxy", commands.caddy(programs.caddy, layout.proxy / "caddy.json")),
        PlannedCommand("migrate", [str(python), "-m", "api.migrate", "upgrade", "--phase", "expand"]),
        PlannedCommand("pager", commands.pager(python)),
    ]
    for slot in range(replicas):
        argv = commands.replica(python, ports.slots[slot], settings.deploy.drain_seconds)
        planned.append(PlannedCommand(f"api-{slot}", argv))
    watching = monitoring.planned(settings, layout, ports, find_collectors(), write=False)
    return [*planned, *(PlannedCommand(spec.name, list(spec.argv)) for spec in watching)]
