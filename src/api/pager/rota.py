"""Who is on call: a weekly rota in Asia/Taipei time, and overrides that beat it.

Read by `configuration`; asked by the policy at every step and by `python -m api.pager check`. At every
minute of the week exactly one contact is on call: a gap or an overlap is an error when the file is read.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import groupby, pairwise

from api.pager.places import ConfigurationError, Part

# Taiwan has kept UTC+8 without summer time since 1979; a pager must not fail for want of a zone database
TAIPEI = timezone(timedelta(hours=8), "Asia/Taipei")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = 24 * 60
WEEK = 7 * _DAY
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")


@dataclass(frozen=True)
class Turn:
    """A part of every week.

    Attributes:
        start: first minute, counted from Monday 00:00.
        end: the minute after the last; beyond the week's end it goes on in the next.
    """

    start: int
    end: int
    contact: str


@dataclass(frozen=True)
class Override:
    """A time in which somebody else is on call than the rota says."""

    start: datetime
    end: datetime
    contact: str


@dataclass(frozen=True)
class Shift:
    """A time in which one contact is on call, as it comes out of rota and overrides."""

    start: datetime
    end: datetime
    contact: str
    override: bool


@dataclass(frozen=True)
class Rota:
    """The rota as read: turns cover the week exactly and are sorted, as are the overrides."""

    turns: tuple[Turn, ...]
    overrides: tuple[Override, ...] = ()

    def on_call(self, at: datetime) -> str:
        """Returns the contact who is on call at that moment, which must have a time zone."""
        return self._at(at).contact

    def shifts(self, start: datetime, end: datetime) -> Iterator[Shift]:
        """Yields who is on call from `start` to `end`, one after the other without a gap."""
        while start < end:
            shift = self._at(start)
            until = min(shift.end, end)
            yield Shift(start.astimezone(TAIPEI), until.astimezone(TAIPEI), shift.contact, shift.override)
            start = until

    def contacts(self) -> set[str]:
        """Returns everybody who may be on call."""
        return {turn.contact for turn in self.turns} | {other.contact for other in self.overrides}

    def _at(self, at: datetime) -> Shift:
        """The shift that holds the moment; it may be cut off by an override before its turn ends."""
        if at.tzinfo is None:
            raise ValueError("a time without a zone says not who is on call")
        for other in self.overrides:
            if other.start <= at < other.end:
                return Shift(other.start, other.end, other.contact, override=True)
        local = at.astimezone(TAIPEI)
        minute = _minute_of_week(local)
        turn, left = self._turn(minute)
        end = local.replace(second=0, microsecond=0) + timedelta(minutes=left)
        coming = [other.start for other in self.overrides if at < other.start < end]
        return Shift(at, min(coming, default=end), turn.contact, override=False)

    def _turn(self, minute: int) -> tuple[Turn, int]:
        """The turn of a minute of the week and the minutes until it ends."""
        place = bisect_right(self.turns, minute, key=lambda turn: turn.start) - 1
        turn = self.turns[place]  # -1: the last one, which began in the week before
        return turn, (turn.end - minute) % WEEK


def read_rota(entries: Part, overrides: Part | None, contacts: Collection[str]) -> Rota:
    """Reads both lists of the file; raises ConfigurationError for a gap or an overlap."""
    turns = [turn for entry in entries.items() for turn in _read_entry(entry, contacts)]
    faults = coverage_faults(turns)
    if faults:
        raise entries.wrong("; ".join(faults))
    read = [_read_override(part, contacts) for part in overrides.items()] if overrides else []
    ordered = sorted(read, key=lambda other: other.start)
    for one, two in pairwise(ordered):
        if two.start < one.end:
            when = f"{two.start:%Y-%m-%d %H:%M}"
            raise ConfigurationError(f"overrides: {one.contact} and {two.contact} both from {when} on")
    return Rota(tuple(sorted(turns, key=lambda turn: turn.start)), tuple(ordered))


def coverage_faults(turns: Iterable[Turn]) -> list[str]:
    """Returns the times of the week with nobody or with several, in words."""
    held: list[tuple[str, ...]] = [()] * WEEK
    for turn in turns:
        for minute in range(turn.start, turn.end):
            held[minute % WEEK] += (turn.contact,)
    found = []
    for contacts, group in groupby(range(WEEK), key=lambda minute: held[minute]):
        minutes = list(group)
        if len(contacts) != 1:
            who = " and ".join(contacts) + " at once" if contacts else "nobody"
            found.append(f"{who} from {_words(minutes[0])} to {_words(minutes[-1] + 1)}")
    return found


def _words(minute: int) -> str:
    day, rest = divmod(minute, _DAY)
    if day == len(DAYS):
        return f"{DAYS[-1]} 24:00"
    return f"{DAYS[day]} {rest // 60:02}:{rest % 60:02}"


def _minute_of_week(local: datetime) -> int:
    return local.weekday() * _DAY + local.hour * 60 + local.minute


def _read_entry(entry: Part, contacts: Collection[str]) -> list[Turn]:
    fields = entry.fields(("days", "from", "to", "contact"))
    contact = known_contact(fields["contact"], contacts)
    days = [DAYS.index(day.one_of(*DAYS)) for day in fields["days"].items()]
    start, end = _clock(fields["from"]), _clock(fields["to"])
    if start == _DAY:
        raise fields["from"].wrong("a day begins at 00:00")
    # the same time twice is a whole day
    length = end - start if end > start else end - start + _DAY
    return [Turn(day * _DAY + start, day * _DAY + start + length, contact) for day in days]


def _clock(part: Part) -> int:
    text = part.text()
    match = _CLOCK.fullmatch(text)
    if not match:
        raise part.wrong(f"'{text}' is no time of day such as 08:00")
    return int(match[1]) * 60 + int(match[2]) if match[1] else _DAY


def _read_override(part: Part, contacts: Collection[str]) -> Override:
    fields = part.fields(("from", "to", "contact"))
    start, end = _moment(fields["from"]), _moment(fields["to"])
    if end <= start:
        raise part.wrong("ends before it begins")
    return Override(start, end, known_contact(fields["contact"], contacts))


def _moment(part: Part) -> datetime:
    text = part.text()
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=TAIPEI)
    except ValueError:
        raise part.wrong(f"'{text}' is no time such as 2026-12-24 20:00") from None


def known_contact(part: Part, contacts: Collection[str]) -> str:
    """Returns the name that stands there, which must be a contact's."""
    name = part.text()
    if name not in contacts:
        raise part.wrong(f"no contact '{name}'; there are {', '.join(contacts)}")
    return name
