"""One running copy of something: a process, a container, a pod."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class InstanceState(StrEnum):
    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True)
class Instance:
    """One process, container or pod of a service.

    Attributes:
        name: unique on the platform, e.g. `api-2`.
        service: what it is one of: `api`, `postgres`, `valkey`, `proxy`.
        release_id: the release it runs; None for what is not released by us.
        state: as the platform sees it.
        url: where it answers HTTP directly (never through the proxy), or None.
        identity: the platform's own name of this very run (pid@start, container id, pod uid).
        restarts: how often the platform restarted it.
        detail: the last thing worth knowing when it is not well.
    """

    name: str
    service: str
    release_id: str | None
    state: InstanceState
    url: str | None
    identity: str
    restarts: int = 0
    detail: str = ""


class ReplicaStep(StrEnum):
    """The steps of one replica's replacement, in order (`observed` is the caller's)."""

    STARTED = "started"
    READY = "ready"
    ADMITTED = "admitted"
    OBSERVED = "observed"
    DRAINED = "drained"
    STOPPED = "stopped"


@dataclass(frozen=True)
class ReplicaEvent:
    """Something that `Platform.apply` has just done to one replica.

    Attributes:
        step: what was done.
        instance: to which replica.
        seconds: how long the step took.
    """

    step: ReplicaStep
    instance: Instance
    seconds: float
