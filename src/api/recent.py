"""What this process remembers of requests that carried an Idempotency-Key.

Used by `chat`: two tries of one request at the same time go one after the other, and an answer that
the database has not taken yet is the answer a retry gets.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Generic, TypeVar

CAPACITY = 4096

Value = TypeVar("Value")


@dataclass(frozen=True)
class Remembered(Generic[Value]):
    """An answer and the digest of the request it was given to."""

    digest: bytes
    value: Value


class Recent(Generic[Value]):
    """The last answers by message id, and one lock per id in use."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._answers: OrderedDict[uuid.UUID, Remembered[Value]] = OrderedDict()
        self._locks: dict[uuid.UUID, tuple[asyncio.Lock, int]] = {}

    def get(self, key: uuid.UUID) -> Remembered[Value] | None:
        """Returns what was remembered under `key`."""
        return self._answers.get(key)

    def remember(self, key: uuid.UUID, digest: bytes, value: Value) -> None:
        """Remembers an answer; the oldest goes when there are too many."""
        self._answers[key] = Remembered(digest, value)
        self._answers.move_to_end(key)
        while len(self._answers) > self._capacity:
            self._answers.popitem(last=False)

    def forget(self, key: uuid.UUID) -> None:
        """Forgets an answer that the database now has."""
        self._answers.pop(key, None)

    @contextlib.asynccontextmanager
    async def alone(self, key: uuid.UUID) -> AsyncIterator[None]:
        """Lets one block at a time run for `key`."""
        lock, users = self._locks.get(key, (asyncio.Lock(), 0))
        self._locks[key] = (lock, users + 1)
        try:
            async with lock:
                yield
        finally:
            _, users = self._locks[key]
            if users == 1:
                del self._locks[key]
            else:
                self._locks[key] = (lock, users - 1)
