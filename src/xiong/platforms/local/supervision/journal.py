"""The supervisor's memory on disk: what should run, what does, and in which boot that was true.

The daemon records what it intends before it does it, so that whoever comes after its SIGKILL can
finish. The file before the present one is kept: a damaged file costs one step of history, no process.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from xiong.platforms.local.supervision import proc
from xiong.platforms.local.supervision.errors import StateCorruptError
from xiong.platforms.local.supervision.proc import Identity
from xiong.platforms.local.supervision.spec import ProcessSpec

FILE: Final = "supervisor.json"
_VERSION: Final = 1


@dataclass
class Record:
    """What is known of one process.

    Attributes:
        spec: how it is run.
        order: the place in the order of starting; stopping goes the other way round.
        wanted: whether it should run.
        identity: the run that was started last, None when it ended.
        history: epoch seconds of restarts since it was last asked for.
        total: automatic restarts ever.
        failed: why it is not restarted any more, or None.
        draining: whether a client has set it draining.
    """

    spec: ProcessSpec
    order: int
    wanted: bool = True
    identity: Identity | None = None
    history: list[float] = field(default_factory=list)
    total: int = 0
    failed: str | None = None
    draining: bool = False

    def forgive(self) -> None:
        """Forgets past deaths: somebody asks for it anew, or the machine was started anew."""
        self.history = []
        self.failed = None
        self.draining = False

    def to_json(self) -> dict[str, Any]:
        """A document that `from_json` takes back."""
        return {**vars(self), "spec": self.spec.to_json(), "identity": _identity_to_json(self.identity)}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Record:
        """The record in a document."""
        return cls(
            spec=ProcessSpec.from_json(document["spec"]),
            order=int(document["order"]),
            wanted=bool(document["wanted"]),
            identity=_identity_from_json(document["identity"]),
            history=[float(moment) for moment in document["history"]],
            total=int(document["total"]),
            failed=document["failed"],
            draining=bool(document["draining"]),
        )


def _identity_to_json(identity: Identity | None) -> dict[str, int] | None:
    return None if identity is None else vars(identity)


def _identity_from_json(document: dict[str, int] | None) -> Identity | None:
    return None if document is None else Identity(int(document["pid"]), int(document["ticks"]))


class Journal:
    """The state file, in memory and on disk.

    Attributes:
        folder: the state folder.
        records: by name.
        run: whether a supervisor should serve this folder; the guard acts on it.
        guard: the guard's run.
        fresh_boot: whether the file was written in another boot, so that no pid in it means anything.
        problem: why the file on disk is older than memory, or None.
        notice: what went wrong while loading and was mended, or None.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.records: dict[str, Record] = {}
        self.run = True
        self.guard: Identity | None = None
        self.fresh_boot = False
        self.problem: str | None = None
        self.notice: str | None = None
        self._boot = proc.boot_id()

    @property
    def file(self) -> Path:
        return self.folder / FILE

    @property
    def _before(self) -> Path:
        return self.folder / f"{FILE}.previous"

    def load(self) -> None:
        """Reads the file, or the one before it when it is damaged; neither existing is a fresh start.

        Raises:
            StateCorruptError: something is there and nothing of it can be read.
        """
        reasons = []
        for path in (self.file, self._before):
            try:
                self._take(json.loads(path.read_bytes()))
            except FileNotFoundError:
                continue
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                reasons.append(f"{path}: {type(error).__name__}: {error}")
                continue
            if reasons:
                self.notice = f"the state file was damaged, the one before it is used ({reasons[0]})"
                os.replace(self.file, self.folder / f"{FILE}.damaged")
            return
        if reasons:
            raise StateCorruptError(
                f"the supervisor's state cannot be read: {'; '.join(reasons)}",
                hint=f"move {self.file}* away and bring the processes up again; running ones are found",
            )

    def _take(self, document: dict[str, Any]) -> None:
        if document["version"] != _VERSION:
            raise ValueError(f"version {document['version']}, expected {_VERSION}")
        records = [Record.from_json(entry) for entry in document["processes"]]
        self.records = {record.spec.name: record for record in records}
        self.fresh_boot = document["boot"] != self._boot
        self.guard = None if self.fresh_boot else _identity_from_json(document["guard"])
        if self.fresh_boot:
            for record in records:
                record.identity = None
                record.forgive()

    def save(self) -> bool:
        """Writes the file; a full disk is remembered in `problem`, never raised.

        Returns:
            Whether the disk now holds what memory does.
        """
        try:
            self._write(json.dumps(self._document(), indent=1).encode())
        except OSError as error:
            self.problem = f"the state file cannot be written: {error.strerror or error}"
            return False
        self.problem = None
        return True

    def _document(self) -> dict[str, Any]:
        return {
            "version": _VERSION,
            "boot": self._boot,
            "run": self.run,
            "guard": _identity_to_json(self.guard),
            "processes": [record.to_json() for record in self.in_order()],
        }

    def _write(self, content: bytes) -> None:
        unfinished = self.folder / f".{FILE}.new"
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            self._keep_present_file()
            os.replace(unfinished, self.file)
        except OSError:
            with suppress(OSError):
                unfinished.unlink()
            raise
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _keep_present_file(self) -> None:
        """Gives the present file a second name; at no moment is there no state file."""
        spare = self.folder / f".{FILE}.spare"
        with suppress(FileNotFoundError):
            spare.unlink()
        with suppress(FileNotFoundError):
            os.link(self.file, spare)
            os.replace(spare, self._before)

    def in_order(self) -> list[Record]:
        """All records in the order of starting."""
        return sorted(self.records.values(), key=lambda record: record.order)

    def next_order(self) -> int:
        """The place behind all others."""
        return max((record.order for record in self.records.values()), default=0) + 1
