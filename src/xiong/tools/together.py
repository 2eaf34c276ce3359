"""Does several things at the same time, and fails as the first of them does."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


async def together(*works: Coroutine[Any, Any, Any]) -> list[Any]:
    """What each of them returned; when one fails the others are cancelled, and waited for.

    Raises:
        Exception: what the first one raised, not in a group, so that callers can name it.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for work in works]
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from failed
    return [task.result() for task in tasks]
