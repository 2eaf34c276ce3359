"""Where a copy of the service is reached, and what a platform would run; platforms make both."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Endpoint:
    """Where the service is reached from outside.

    Attributes:
        url: where people reach it through the proxy, without a trailing slash.
        address: where the tool reaches the same proxy; it needs no name server.
        server_name: whom the proxy's certificate must name, or None without HTTPS.
        authority: a CA file to check it with; None is the system's.
        token_file: where a bearer token of the operators' application lies.
        care_token_file: where the token lies by which the console, and nothing else, opens cases.
        by_chance: the address leads to some replica without the proxy that shares requests out.
    """

    url: str
    address: str
    server_name: str | None
    authority: Path | None
    token_file: Path
    care_token_file: Path
    by_chance: bool = False


@dataclass(frozen=True)
class PlannedCommand:
    """What would be run, and under which name."""

    name: str
    argv: list[str]
