"""Whether this replica is being drained: set by SIGUSR1, read by the middleware and by /ready.

A drained replica keeps serving; it only asks its clients to come back elsewhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator


class Drain:
    """The drain flag of one replica; it only ever goes from off to on."""

    def __init__(self, announce: Callable[[], None] = lambda: None) -> None:
        self._on = False
        self._announce = announce

    @property
    def on(self) -> bool:
        """Whether the replica is draining."""
        return self._on

    def begin(self) -> None:
        """Starts draining; a second call changes nothing."""
        if not self._on:
            self._on = True
            self._announce()

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Lets SIGUSR1 begin the drain while the block runs (not in a thread, as some tests run it)."""
        loop = asyncio.get_running_loop()
        try:
            loop.add_signal_handler(signal.SIGUSR1, self.begin)
        except (ValueError, RuntimeError):
            yield
            return
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGUSR1)
