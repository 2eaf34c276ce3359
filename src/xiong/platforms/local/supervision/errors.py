"""What can go wrong between a client and the supervisor; each travels over the socket by its class name."""

from __future__ import annotations

from typing import Final

from xiong.errors import ExitCode, PlatformError


class SupervisorNotRunningError(PlatformError):
    """Nobody serves that state folder."""

    retryable = True


class SupervisorStartError(PlatformError):
    """The supervisor was started and did not come up."""


class AlreadySupervisedError(PlatformError):
    """Another supervisor serves that state folder."""

    exit_code = ExitCode.LEASE_HELD


class StateCorruptError(PlatformError):
    """Neither the state file nor the copy of the one before it can be read."""


class UnknownProcessError(PlatformError):
    """No process of that name is supervised."""


class ProcessFailedError(PlatformError):
    """The process died, or cannot be started."""


class SupervisorTimeoutError(PlatformError):
    """What was asked did not happen in the time it was given; it may still happen."""

    exit_code = ExitCode.DEADLINE
    retryable = True


class RequestError(PlatformError):
    """The request itself is wrong: an unknown operation, a spec that cannot be."""

    exit_code = ExitCode.USAGE


_TRAVELLING: Final = {
    kind.__name__: kind
    for kind in (
        UnknownProcessError,
        ProcessFailedError,
        SupervisorTimeoutError,
        RequestError,
        PlatformError,
    )
}


def to_wire(error: PlatformError) -> dict[str, str | None]:
    """The error as the control socket sends it."""
    return {"kind": type(error).__name__, "message": error.message, "hint": error.hint}


def from_wire(document: dict[str, str | None]) -> PlatformError:
    """The error that `to_wire` described; an unknown kind becomes a plain PlatformError."""
    kind = _TRAVELLING.get(document.get("kind") or "", PlatformError)
    return kind(document.get("message") or "the supervisor gave no reason", hint=document.get("hint"))
