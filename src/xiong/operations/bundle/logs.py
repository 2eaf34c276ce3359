"""The recent log of each instance: its newest lines, few enough to be sent, with their times told alike."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

from xiong.errors import XiongError
from xiong.operations.bundle.part import Part, Pieces, Subject

LONGEST_BYTES = 256 * 1024
_SECONDS = 120.0
_HEAD = 80  # characters in which a line says its time
_ISO = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,]\d+)? ?(Z|UTC|[+-]\d\d:\d\d)?")
_EPOCH = re.compile(r'"ts":(\d{10}(?:\.\d+)?)')
_VALKEY = re.compile(r"(\d+:\w) (\d\d \w{3} \d{4} \d\d:\d\d:\d\d)\.(\d{3})")


async def parts(subject: Subject) -> list[Part]:
    """One part for each instance that logged; one that says why where the logs cannot be read."""
    tails: dict[str, _Tail] = {}
    try:
        async for instance, line in subject.platform.logs(None, follow=False):
            tails.setdefault(instance, _Tail(subject.since)).add(line.decode(errors="replace"))
    except (XiongError, OSError) as error:
        return [Part("logs/none.log", _failing(error))]
    return [Part(f"logs/{name}.log", tail.pieces(), _SECONDS) for name, tail in sorted(tails.items())]


class _Tail:
    """The newest lines of one log, at most `LONGEST_BYTES`."""

    def __init__(self, since: datetime) -> None:
        self._since = since
        self._lines: deque[str] = deque()
        self._bytes = 0
        self._left_out = 0
        self._recent = True  # a line without a time is as old as the one before

    def add(self, line: str) -> None:
        at = moment(line)
        if at is not None:
            self._recent = at >= self._since
        if not self._recent:
            return
        self._lines.append(line)
        self._bytes += len(line.encode())
        while self._bytes > LONGEST_BYTES:
            self._bytes -= len(self._lines.popleft().encode())
            self._left_out += 1

    def pieces(self) -> Callable[[Subject], Pieces]:
        async def found(_: Subject) -> Pieces:
            if self._left_out:
                yield f"[{self._left_out} older lines were left out: {LONGEST_BYTES // 1024} KiB of each log]"
            for line in self._lines:
                yield _VALKEY.sub(_told_alike, line, count=1)

        return found


def moment(line: str) -> datetime | None:
    """When a line was written, as it says itself; None where it says nothing."""
    head = line[:_HEAD]
    if iso := _ISO.search(head):
        zone = "+00:00" if iso[3] in {None, "Z", "UTC"} else iso[3]
        return _parsed(f"{iso[1]}T{iso[2]}{zone}")
    if epoch := _EPOCH.search(head):
        return datetime.fromtimestamp(float(epoch[1]), UTC)
    if own := _VALKEY.match(head):
        return datetime.strptime(f"{own[2]} +0000", "%d %b %Y %H:%M:%S %z")
    return None


def _parsed(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _told_alike(found: re.Match[str]) -> str:
    """Valkey's `24 Nov 2026` beside a number reads as a birth date, and would be taken out."""
    at = datetime.strptime(f"{found[2]} +0000", "%d %b %Y %H:%M:%S %z")
    return f"{at:%Y-%m-%dT%H:%M:%S}.{found[3]}Z {found[1]}"


def _failing(error: Exception) -> Callable[[Subject], Pieces]:
    async def pieces(_: Subject) -> Pieces:
        raise error
        yield ""  # makes it a generator, as all pieces are

    return pieces
