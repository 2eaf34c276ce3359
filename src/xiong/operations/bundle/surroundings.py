"""The machine that the tool runs on, in numbers: what a fault often comes from."""

from __future__ import annotations

import contextlib
import os
import platform
import sys
from datetime import UTC, datetime
from typing import Any

import psutil

from xiong.operations.bundle.part import Subject


async def machine(subject: Subject) -> dict[str, Any]:
    """System, processors, memory, disks and clock; sizes in bytes."""
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    return {
        "system": platform.platform(),
        "distribution": _distribution(),
        "python": sys.version,
        "now": subject.clock.now(),
        "booted": datetime.fromtimestamp(psutil.boot_time(), UTC),
        "processors": os.cpu_count(),
        "load_averages": os.getloadavg(),
        "memory": {"total": memory.total, "available": memory.available},
        "swap": {"total": swap.total, "used": swap.used},
        "disks": await subject.platform.volumes(),
    }


def _distribution() -> str:
    with contextlib.suppress(OSError):
        return platform.freedesktop_os_release().get("PRETTY_NAME", "")
    return ""
