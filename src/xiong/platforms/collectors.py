"""Finds Prometheus and Alertmanager on PATH, as Debian or their authors name them.

Used by the local platform, which runs them beside a copy, and by `xiong prove`, which runs its own.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_PROMETHEUS = ("prometheus",)
_ALERTMANAGER = ("prometheus-alertmanager", "alertmanager")
HINT = "apt-get install prometheus prometheus-alertmanager"


@dataclass(frozen=True)
class Collectors:
    """The programs on PATH; None for one that is not there."""

    prometheus: Path | None
    alertmanager: Path | None

    def version_commands(self) -> dict[str, list[str]]:
        """{program: the command that prints its version}, of those that are here."""
        found = {"prometheus": self.prometheus, "alertmanager": self.alertmanager}
        return {name: [str(program), "--version"] for name, program in found.items() if program}

    def missing(self) -> str | None:
        """What lacks, in words; None when both are here."""
        names = {"Prometheus": self.prometheus, "Alertmanager": self.alertmanager}
        lacking = [name for name, program in names.items() if program is None]
        verb = "are" if len(lacking) > 1 else "is"
        return f"{' and '.join(lacking)} {verb} not on PATH" if lacking else None


def find_collectors() -> Collectors:
    """What is there."""
    return Collectors(_first(_PROMETHEUS), _first(_ALERTMANAGER))


def _first(names: Iterable[str]) -> Path | None:
    return next((Path(path) for name in names if (path := shutil.which(name))), None)
