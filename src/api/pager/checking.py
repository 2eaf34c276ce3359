"""What `python -m api.pager check FILE` prints: who is on call next, what each step does, what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from api.pager.channels.addresses import file_of
from api.pager.channels.settings import secret_files
from api.pager.configuration import Configuration, load
from api.pager.rota import DAYS, Shift

_AHEAD = timedelta(days=7)


def check(path: Path, now: datetime | None = None) -> list[str]:
    """Reads the file and returns lines about it.

    Raises:
        ConfigurationError: the file cannot be used; the message names the place.
    """
    configuration = load(path)
    start = now or datetime.now(UTC)
    shifts = configuration.rota.shifts(start, start + _AHEAD)
    return [
        "On call over the next 7 days (Asia/Taipei):",
        *(f"  {_shift(shift)}" for shift in shifts),
        f"Steps, gone through {configuration.policy.repeat} times; then the last one repeats:",
        *(f"  {line}" for line in _steps(configuration)),
        *_canary(configuration),
        *_unreadable(configuration),
    ]


def _shift(shift: Shift) -> str:
    start, end = (f"{DAYS[at.weekday()]} {at:%Y-%m-%d %H:%M}" for at in (shift.start, shift.end))
    return f"{start} to {end}  {shift.contact}{' (override)' if shift.override else ''}"


def _steps(configuration: Configuration) -> Iterator[str]:
    for number, step in enumerate(configuration.policy.steps, 1):
        channels = ", ".join(step.channels) if step.channels else "all their channels"
        yield f"{number}. {', '.join(step.notify)} by {channels}; next after {step.acknowledge_minutes:g} min"


def _canary(configuration: Configuration) -> Iterator[str]:
    canary = configuration.canary
    if canary is None:
        yield "No canary: nobody would notice a path that stopped working."
    else:
        yield f"Canary every {canary.every_minutes:g} min to {', '.join(canary.recipients)}."


def _unreadable(configuration: Configuration) -> Iterator[str]:
    for place, path in _files(configuration):
        try:
            path.read_bytes()
        except OSError as error:
            yield f"Not readable here: {place}: {path}: {error.strerror}"


def _files(configuration: Configuration) -> Iterator[tuple[str, Path]]:
    """Every file that is read when something is sent."""
    for name, settings in configuration.channels.items():
        for setting, path in secret_files(settings).items():
            yield f"channels.{name}.{setting}", path
    for contact, addresses in configuration.contacts.items():
        for channel, address in addresses.items():
            if (path_of_address := file_of(address)) is not None:
                yield f"contacts.{contact}.{channel}", path_of_address
    if configuration.canary and configuration.canary.heartbeat_url_file:
        yield "canary.heartbeat_url_file", configuration.canary.heartbeat_url_file
