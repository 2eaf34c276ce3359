"""Reads what replicas append to their segments of the spool, as far as it was not read before.

Segments belong to the replicas: here they are only read. A file stays open until it was read to its end,
also when its replica has brought it to the database and deleted it meanwhile.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import orjson

from api.records import Record, record_from_json
from api.spool import SUFFIX

_BLOCK = 1 << 20


@dataclass
class _Tail:
    descriptor: int
    offset: int = 0


class Tails:
    """The segments of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tails: dict[Path, _Tail] = {}

    def read(self) -> list[Record]:
        """Returns the records that are new; blocks for as long as the disk takes."""
        for path in self._folder.glob(f"*{SUFFIX}"):
            if path not in self._tails:
                with suppress(FileNotFoundError):
                    self._tails[path] = _Tail(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
        records: list[Record] = []
        for path, tail in list(self._tails.items()):
            # asked first: what comes between would be missed
            gone = os.fstat(tail.descriptor).st_nlink == 0
            records += _new(tail)
            if gone:
                os.close(tail.descriptor)
                del self._tails[path]
        return records

    def close(self) -> None:
        """Closes the files."""
        for tail in self._tails.values():
            os.close(tail.descriptor)
        self._tails = {}


def _new(tail: _Tail) -> list[Record]:
    records: list[Record] = []
    while True:
        data = os.pread(tail.descriptor, _BLOCK, tail.offset)
        whole, end, _ = data.rpartition(b"\n")
        if not end:
            return records
        tail.offset += len(whole) + 1
        for line in whole.split(b"\n"):
            # what is no record is for the relay to put aside
            with suppress(ValueError, KeyError, TypeError):
                records.append(record_from_json(orjson.loads(line)))
