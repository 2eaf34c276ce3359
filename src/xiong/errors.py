"""Every error that a verb can end with; `cli.main` turns it into text and an exit code."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the shell sees; listed in docs/reference/exit-codes.md."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    UNHEALTHY = 3
    LEASE_HELD = 4
    DEADLINE = 5


class XiongError(Exception):
    """Base of all errors of the tool.

    Attributes:
        message: the object, what was seen and what was expected.
        hint: the next command to type, or None.
        exit_code: what the process ends with.
        retryable: whether the same call may succeed later without a change.
    """

    exit_code: ExitCode = ExitCode.FAILED
    retryable: bool = False

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(XiongError):
    """The call itself is wrong: an unknown name, a value out of range."""

    exit_code = ExitCode.USAGE


class ConfigurationError(XiongError):
    """xiong.toml, the environment or a secret file holds something unusable."""

    exit_code = ExitCode.USAGE


class PreflightError(XiongError):
    """Something that must hold before a verb may begin does not: nothing was changed."""


class UnhealthyError(XiongError):
    """The service does not answer as it should."""

    exit_code = ExitCode.UNHEALTHY


class LeaseHeldError(XiongError):
    """Another verb is at work."""

    exit_code = ExitCode.LEASE_HELD
    retryable = True


class DeadlineError(XiongError):
    """Something did not happen in the time it was given."""

    exit_code = ExitCode.DEADLINE
    retryable = True


class StoppedError(XiongError):
    """Ctrl-C: the verb was stopped by whoever started it."""

    retryable = True


class RolloutError(XiongError):
    """A release was refused; the one before it serves."""


class RollbackRefusedError(XiongError):
    """No earlier release can live on the present schema."""


class PlatformError(XiongError):
    """A part of the platform (a process, the proxy, a data store) did not do what it was told."""

    @classmethod
    def of(cls, error: OSError) -> PlatformError:
        """What the system refused, in words: `/var/lib/x: Permission denied`."""
        return cls(": ".join(str(part) for part in (error.filename, error.strerror or error) if part))


class ReleaseNotFoundError(UsageError):
    """No such release is here."""
