"""How much memory is left, and who holds it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MemoryUse:
    """Memory where the service runs.

    Attributes:
        available_bytes: what may still be had without swapping, within the limit of a container.
        size_bytes: of the whole, or that limit.
        resident: (instance, bytes that its processes hold); pages that they share count for each of them.
    """

    available_bytes: int
    size_bytes: int
    resident: tuple[tuple[str, int], ...] = ()
