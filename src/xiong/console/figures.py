"""Numbers as people read them; the script in the browser writes them in the same way."""

from __future__ import annotations

_SIZES = ((2**30, "GB"), (2**20, "MB"), (2**10, "kB"))
NOTHING = "–"


def figure(value: float | None, unit: str) -> str:
    """A value of a chart with what it is measured in, as far as that is short."""
    if value is None:
        return NOTHING
    if unit == "bytes":
        return size(value)
    if unit == "seconds":
        return seconds(value)
    if unit == "percent":
        return f"{value:.1f} %"
    return f"{value:.0f}" if unit == "count" or value >= 100 else f"{value:.1f}"


def seconds(value: float) -> str:
    """A duration with as many digits as one looks at."""
    if value < 1:
        return f"{value * 1000:.0f} ms"
    return f"{value:.1f} s" if value < 100 else f"{value:.0f} s"


def size(value: float) -> str:
    """Bytes."""
    for least, name in _SIZES:
        if value >= least:
            return f"{value / least:.1f} {name}"
    return f"{value:.0f} B"


def percent(share: float | None, digits: int = 1) -> str:
    """A share; never rounded up to a whole that it is not."""
    if share is None:
        return NOTHING
    shown = f"{share * 100:.{digits}f}"
    if share < 1 and float(shown) >= 100:
        shown = f"{100 - 10**-digits:.{digits}f}"
    return f"{shown} %"
