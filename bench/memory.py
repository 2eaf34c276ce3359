"""Memory of the whole at rest, part by part: PSS, so that shared pages are counted once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import psutil

from bench import report
from bench.product import Copy
from xiong.platforms.local import specs
from xiong.platforms.local.supervision.spec import ChildStatus

_MIB = 2**20


async def run(copy: Copy, *, quick: bool) -> None:
    """Called by `python -m bench memory`."""
    await asyncio.sleep(2 if quick else 20)  # what the start needed has been given back by then
    parts: dict[str, list[psutil.Process]] = {}
    daemon = psutil.Process(await copy.supervisor.ping())
    children = {c.pid: c for c in await copy.supervisor.list() if c.pid is not None}
    for process in (daemon, *daemon.children(recursive=True)):
        parts.setdefault(_part(process, daemon, children), []).append(process)
    rows, whole_pss, whole_rss = [], 0.0, 0.0
    for part, processes in parts.items():
        pss = [p.memory_full_info().pss / _MIB for p in processes]
        rss = sum(p.memory_info().rss for p in processes) / _MIB
        whole_pss, whole_rss = whole_pss + sum(pss), whole_rss + rss
        rows.append([part, len(processes), f"{sum(pss):.1f}", f"{rss:.1f}"])
    rows.append(["whole", sum(map(len, parts.values())), f"{whole_pss:.1f}", f"{whole_rss:.1f}"])
    for row in rows:
        row.append(f"{100 * float(str(row[2])) / whole_pss:.0f} %")
    heads = ["part", "processes", "PSS, MiB", "RSS, MiB", "of the whole"]
    report.table("memory: at rest", heads, rows)
    replicas = [c for c in children.values() if c.service == specs.API]
    report.note(f"{len(replicas)} replicas of the service; RSS counts shared pages once for each process.")
    report.save("memory", {"rows": rows})


def _part(process: psutil.Process, daemon: psutil.Process, children: Mapping[int, ChildStatus]) -> str:
    """What the process belongs to: the supervised child that it is or descends from."""
    for ancestor in (process, *process.parents()):
        child = children.get(ancestor.pid)
        if child is not None:
            return "api, all replicas" if child.service == specs.API else child.service
        if ancestor.pid == daemon.pid:
            break
    return "supervisor" if process.pid == daemon.pid else "its guard"
