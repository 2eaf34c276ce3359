"""Other people's exceptions and answers in our words. Used by every channel.

An exception of a library quotes what a server said, the address, or even the secret that it could not
encode. So nothing of it goes on but its kind, and the channels raise the ChannelError outside the
handler: not even its context leads back.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from api.pager.channels.base import ChannelError

# a page cannot wait longer for one channel, whatever the server asks
LONGEST_RETRY_AFTER_S = 300.0

# the first kind that fits counts: a certificate's error is an OSError too
_KINDS: tuple[tuple[type[BaseException], str, str], ...] = (
    (ssl.SSLCertVerificationError, "certificate", "the server's certificate is not to be trusted"),
    (TimeoutError, "timeout", "the server did not answer in time"),
    (ConnectionRefusedError, "refused", "nobody accepts connections there"),
    (ssl.SSLError, "broken", "no secure connection came about"),
    (ConnectionError, "broken", "the connection ended before the server confirmed"),
    (OSError, "unreachable", "the server cannot be reached"),
)


def of_exception(error: BaseException) -> ChannelError:
    """Returns what to raise instead of an exception from below."""
    if isinstance(error, ChannelError):
        return error
    if isinstance(error, TimeoutError):
        return ChannelError("timeout", "the server did not answer in time")
    causes = tuple(_causes(error))
    for kind, reason, message in _KINDS:
        if any(isinstance(cause, kind) for cause in causes):
            return ChannelError(reason, message)
    return ChannelError("broken", "the exchange with the server went wrong")


def of_status(status: int, retry_after: str | None = None) -> ChannelError:
    """Returns what to raise after an HTTP answer that does not accept the message."""
    wait = seconds_to_wait(retry_after)
    if status == 429 or (status == 503 and wait is not None):
        return ChannelError("throttled", f"the server wants us to wait ({status})", wait)
    if status in (401, 403):
        return ChannelError("authentication", f"the server does not accept our secret ({status})", wait)
    if 300 <= status < 400:
        return ChannelError(
            "rejected", f"the server points elsewhere ({status}), which is not followed", wait
        )
    if 400 <= status < 500:
        return ChannelError("rejected", f"the server does not take the message ({status})", wait)
    return ChannelError("broken", f"the server failed ({status})", wait)


def seconds_to_wait(retry_after: str | None, now: datetime | None = None) -> float | None:
    """Reads Retry-After, seconds or a date; None where it is absent or makes no sense."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdecimal():
        return float(min(int(text[:9]), LONGEST_RETRY_AFTER_S))
    try:
        at = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    left = (at - (now or datetime.now(UTC))).total_seconds()
    return min(max(left, 0.0), LONGEST_RETRY_AFTER_S)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The exception, those in its group, and what it came from."""
    for _ in range(10):
        if error is None:
            return
        yield error
        if isinstance(error, BaseExceptionGroup):
            yield from error.exceptions
        error = error.__cause__ or error.__context__
