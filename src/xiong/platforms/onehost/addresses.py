"""Where a copy's own data stores listen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Addresses:
    """Host and port of each store, as the service and the tool reach them.

    Attributes:
        database: PostgreSQL.
        cache: Valkey.
    """

    database: tuple[str, int]
    cache: tuple[str, int]
