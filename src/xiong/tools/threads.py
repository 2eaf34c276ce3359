"""A bounded queue between threads and the event loop; what breaks at one end is raised at the other.

`sealing` chains its stages with it, so that reading, hashing, compressing and encrypting overlap.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator

_LOOK_SECONDS = 0.1


class AbandonedError(Exception):
    """The other side has gone: there is nobody to work for."""


class Conduit:
    """Chunks of bytes on their way from one thread to another.

    Args:
        stop: set by whoever gives the whole work up; every wait ends then.
        depth: so many chunks wait at most, which bounds the memory.
    """

    def __init__(self, stop: threading.Event, depth: int = 8) -> None:
        self._stop = stop
        self._chunks: queue.Queue[bytes | BaseException | None] = queue.Queue(depth)
        self._ended = False

    def put(self, chunk: bytes) -> None:
        """Waits for room.

        Raises:
            AbandonedError: the work was given up.
        """
        self._put(chunk)

    def end(self) -> None:
        """Nothing more comes."""
        self._put(None)

    def break_with(self, error: BaseException) -> None:
        """The other side is told why nothing more comes."""
        self._put(error)

    def get(self) -> bytes | None:
        """The next chunk, or None at the end, however often it is asked then.

        Raises:
            AbandonedError: the work was given up.
            BaseException: what the other side broke with.
        """
        while not self._ended and not self._stop.is_set():
            try:
                found = self._chunks.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                continue
            if isinstance(found, BaseException):
                raise found
            self._ended = found is None
            return found
        if self._ended:
            return None
        raise AbandonedError

    def __iter__(self) -> Iterator[bytes]:
        while (chunk := self.get()) is not None:
            yield chunk

    def _put(self, item: bytes | BaseException | None) -> None:
        while not self._stop.is_set():
            try:
                self._chunks.put(item, timeout=_LOOK_SECONDS)
            except queue.Full:
                continue
            return
        raise AbandonedError


class Reader:
    """A conduit as the file that a library reads."""

    def __init__(self, source: Conduit) -> None:
        self._chunks: Iterator[bytes] = iter(source)
        self._rest = memoryview(b"")

    def read(self, size: int = -1) -> bytes:
        """At most so many bytes; empty at the end."""
        if not self._rest:
            self._rest = memoryview(next(self._chunks, b""))
        taken = self._rest if size < 0 else self._rest[:size]
        self._rest = self._rest[len(taken) :]
        return bytes(taken)
