"""What a restore aims at, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Target:
    """To which moment.

    Attributes:
        backup: id of a set, or `newest`: all that the log holds behind the newest set.
        at: a time, UTC; None: not by time.
        point: a named restore point; empty: not by name.
        logical: load the set's dump, which any newer major version reads, instead of its files.
    """

    backup: str = "newest"
    at: datetime | None = None
    point: str = ""
    logical: bool = False

    @property
    def words(self) -> str:
        """For people."""
        if self.at is not None:
            return f"{self.at:%Y-%m-%d %H:%M:%S} UTC"
        if self.point:
            return f"restore point {self.point}"
        if self.logical:
            return "the newest dump" if self.backup == "newest" else f"dump of set {self.backup}"
        return "the newest commit that is stored" if self.backup == "newest" else f"set {self.backup}"


@dataclass(frozen=True)
class RestorePlan:
    """What would be restored.

    Attributes:
        backup: id of the set that is unpacked last.
        chain: ids of all sets, the full one first.
        repository: from where.
        target: in words.
        bytes: that are unpacked.
        steps: what is done, in words.
    """

    backup: str
    chain: tuple[str, ...]
    repository: str
    target: str
    bytes: int
    steps: tuple[str, ...]


@dataclass(frozen=True)
class Restored:
    """What a restore did.

    Attributes:
        id: of the restore; what it replaced is kept under it.
        backup: id of the set.
        target: in words.
        rows: in all tables afterwards.
        revision: of the schema.
        last_commit: time of the newest commit that is there, UTC; None where the server does not say.
        rpo_seconds: from that commit to the moment at which the restore began, or to the target.
        erased: people who were erased again.
        seconds: {step: how long it took}.
        gated_seconds: how long the proxy answered 503.
        kept: what was replaced and lies there until it is confirmed, in words; empty with `into`.
        into: folder, where nothing was replaced.
    """

    id: str
    backup: str
    target: str
    rows: int
    revision: str
    last_commit: datetime | None
    rpo_seconds: float | None
    erased: int
    seconds: dict[str, float]
    gated_seconds: float
    kept: tuple[str, ...]
    into: str
