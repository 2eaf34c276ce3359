"""How a check says numbers and finds what all of them need; used by the checks only."""

from __future__ import annotations

from xiong.model.health import Finding, Verdict

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def size(number: float) -> str:
    """Bytes for people: `71.3 GiB`."""
    power = 0
    while number >= 1024 and power < len(_UNITS) - 1:
        number, power = number / 1024, power + 1
    return f"{number:.0f} {_UNITS[power]}" if power < 2 else f"{number:.1f} {_UNITS[power]}"


def span(seconds: float) -> str:
    """A time for people, in its largest fitting unit: `45 s`, `3 min`, `5.2 h`, `12 days`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.0f} days"


def not_run(check: str, why: str) -> Finding:
    """It could not be looked at here."""
    return Finding(check, Verdict.NOT_RUN, why)


def nothing_here(check: str) -> Finding:
    """A copy that was never brought up has nothing to look at."""
    return not_run(check, "nothing was ever started here")
