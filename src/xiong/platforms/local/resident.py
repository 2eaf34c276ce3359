"""How much memory the machine has left, and what each supervised process holds of it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable

import psutil

from xiong.model.memory import MemoryUse
from xiong.platforms.local.supervision.spec import ChildStatus
from xiong.tools import host


async def memory(children: Iterable[ChildStatus]) -> MemoryUse:
    """As it is now."""
    return await asyncio.to_thread(_memory, children)


def _memory(children: Iterable[ChildStatus]) -> MemoryUse:
    """Looks at every process of the machine once."""
    available, size = host.memory()
    below: defaultdict[int, list[int]] = defaultdict(list)
    held: dict[int, int] = {}
    for process in psutil.process_iter(["ppid", "memory_info"]):
        seen = process.info
        below[seen["ppid"]].append(process.pid)
        held[process.pid] = seen["memory_info"].rss if seen["memory_info"] else 0

    def total(pid: int) -> int:
        """Of a process and those that it began: PostgreSQL has one for each session."""
        return held.get(pid, 0) + sum(total(child) for child in below[pid])

    return MemoryUse(available, size, tuple((c.name, total(c.pid)) for c in children if c.pid is not None))
