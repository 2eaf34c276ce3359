"""What the supervisor is told to run, and what it answers about it; both survive a trip through JSON.

Clients build a `ProcessSpec`; the daemon keeps it in its state file and starts processes from it.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

INSTANCE_VARIABLE: Final = "XIONG_INSTANCE"
"""The environment variable by which a process is recognised as ours."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PROBES: Final = ("none", "tcp", "http")
_RESTARTS: Final = ("always", "never")


@dataclass(frozen=True)
class Probe:
    """How a process is found ready.

    Attributes:
        kind: `http`, `tcp`, or `none` (ready as soon as it runs).
        url: for `http`: plain `http://host:port/path`.
        status: for `http`: the status expected.
        json_equals: for `http`: fields of the JSON body and what each must be, e.g. the release.
        host: for `tcp`.
        port: for `tcp`.
    """

    kind: str = "none"
    url: str = ""
    status: int = 200
    json_equals: Mapping[str, Any] = field(default_factory=dict)
    host: str = "127.0.0.1"
    port: int = 0

    def __post_init__(self) -> None:
        if self.kind not in _PROBES:
            raise ValueError(f"probe kind {self.kind!r}: expected one of {', '.join(_PROBES)}")
        if self.kind == "http" and urlsplit(self.url).scheme != "http":
            raise ValueError(f"probe url {self.url!r}: expected http://host:port/path")
        if self.kind == "tcp" and not 0 < self.port < 65536:
            raise ValueError(f"probe port {self.port}: expected 1 to 65535")


@dataclass(frozen=True)
class ProcessSpec:
    """One process that should run.

    Attributes:
        name: unique in its state folder, e.g. `api-2`.
        service: what it is one of, e.g. `api`.
        argv: the program and its arguments; the program is an absolute path or found on env's PATH.
        log_path: absolute; stdout and stderr are appended to it.
        cwd: absolute.
        env: the complete environment; nothing is inherited.
        user: (uid, gid) to run as; None keeps the supervisor's own.
        ready: how it is found ready.
        ready_timeout_s: after it, a process that is still not ready says so in its detail.
        stop_signal: the signal that asks it to end.
        stop_grace_s: how long it may take to end before it is killed.
        lock_file: absolute; the program's own lock file, whose first line is its pid. One left by a
            process that is dead, or by a pid that now names another program, is removed before the
            start: where nobody reaps orphans, a zombie would hold the lock for ever.
        restart: `always`, or `never` for what may end.
        max_restarts: so many restarts are made within `within_s`; the next death is a failure.
        within_s: see `max_restarts`; seconds.
        log_max_bytes: the log is rotated above this size; three old ones are kept.
        release_id: the release it runs, or None.
        labels: whatever the client wants to find again; `url` is where it answers.
    """

    name: str
    service: str
    argv: tuple[str, ...]
    log_path: str
    cwd: str = "/"
    env: Mapping[str, str] = field(default_factory=dict)
    user: tuple[int, int] | None = None
    ready: Probe = field(default_factory=Probe)
    ready_timeout_s: float = 30.0
    stop_signal: int = int(signal.SIGTERM)
    stop_grace_s: float = 10.0
    lock_file: str = ""
    restart: str = "always"
    max_restarts: int = 5
    within_s: float = 60.0
    log_max_bytes: int = 16 * 1024 * 1024
    release_id: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.argv, str):
            raise ValueError(f"{self.name}: argv must be a list of strings, not one string")
        # Callers may pass lists; equality and the round trip want tuples.
        object.__setattr__(self, "argv", tuple(self.argv))
        object.__setattr__(self, "user", tuple(self.user) if self.user is not None else None)
        for wrong in _faults(self):
            raise ValueError(f"{self.name}: {wrong}")

    def same_process(self, other: ProcessSpec) -> bool:
        """Whether a process started from `other` is what this spec would start.

        Probe, grace, restart policy and labels may change under a running process.
        """
        return all(getattr(self, name) == getattr(other, name) for name in _IDENTITY)

    def to_json(self) -> dict[str, Any]:
        """A document that `from_json` takes back."""
        document = asdict(self)
        document["argv"] = list(self.argv)
        document["user"] = list(self.user) if self.user is not None else None
        return document

    @classmethod
    def from_json(cls, document: object) -> ProcessSpec:
        """The spec in a document.

        Raises:
            ValueError: it is none.
        """
        if not isinstance(document, dict):
            raise ValueError("a process spec must be a JSON object")
        known = {f.name for f in fields(cls)}
        values = {key: value for key, value in document.items() if key in known}
        try:
            values["ready"] = Probe(**values.get("ready", {}))
            return cls(**values)
        except (TypeError, AttributeError) as error:
            raise ValueError(f"not a process spec: {error}") from error


def _faults(spec: ProcessSpec) -> Iterator[str]:
    """What keeps a spec from being run, in words."""
    if not _NAME.fullmatch(spec.name):
        yield f"process name {spec.name!r}: letters, digits, `.`, `_` and `-`, up to 64"
    if not isinstance(spec.service, str):
        yield "service must be a string"
    if not spec.argv or not all(isinstance(part, str) for part in spec.argv):
        yield "argv must be a list of strings that names a program"
    if spec.restart not in _RESTARTS:
        yield f"restart {spec.restart!r}: expected {' or '.join(_RESTARTS)}"
    if not spec.log_path.startswith("/") or not spec.cwd.startswith("/"):
        yield "log_path and cwd must be absolute"
    for name in ("env", "labels"):
        if not all(isinstance(part, str) for pair in getattr(spec, name).items() for part in pair):
            yield f"{name} must map strings to strings"
    if spec.user is not None and [type(part) for part in spec.user] != [int, int]:
        yield "user must be a numeric user and group"
    for name, least, most in _RANGES:
        value = getattr(spec, name)
        kinds = (float, int) if name.endswith("_s") else (int, signal.Signals)
        if type(value) not in kinds or not least <= value <= most:
            yield f"{name} {value!r}: expected {least} to {most}"


_RANGES: Final = (
    ("ready_timeout_s", 0, 10**7),
    ("stop_grace_s", 0, 10**7),
    ("within_s", 0, 10**7),
    ("stop_signal", 1, 64),
    ("max_restarts", 0, 10**6),
    ("log_max_bytes", 1, 2**62),
)
_IDENTITY: Final = ("service", "argv", "log_path", "cwd", "env", "user", "release_id")


class ChildState(StrEnum):
    """Where a supervised process stands."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"
    BACKOFF = "backoff"


@dataclass(frozen=True)
class ChildStatus:
    """A supervised process as the supervisor sees it.

    Attributes:
        name: of the spec.
        service: of the spec.
        state: where it stands.
        pid: its process id, None while it does not run.
        create_time: when that process began, epoch seconds.
        restarts: how often the supervisor restarted it by itself since it was first ensured.
        release_id: of the spec.
        labels: of the spec.
        since: when it came into this state, epoch seconds.
        detail: the last thing worth knowing when it is not well.
        url: the label `url`, else the root of the http probe.
    """

    name: str
    service: str
    state: ChildState
    pid: int | None
    create_time: float | None
    restarts: int
    release_id: str | None
    labels: dict[str, str]
    since: float
    detail: str = ""
    url: str | None = None

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> ChildStatus:
        """The status in a document made by `asdict`."""
        return cls(**{**document, "state": ChildState(document["state"])})


def url_of(spec: ProcessSpec) -> str | None:
    """Where the process answers HTTP, as far as its spec tells."""
    if "url" in spec.labels:
        return spec.labels["url"]
    if spec.ready.kind != "http":
        return None
    parts = urlsplit(spec.ready.url)
    return f"{parts.scheme}://{parts.netloc}"
