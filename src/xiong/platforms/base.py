"""What a platform can do: the primitives from which operations build every verb.

Each method is small enough to be written for plain processes, Compose and Kubernetes alike. None
decides anything: no rollback, no gate, no retry policy lives here. `tests/contract` runs one test
body over every platform that `registry` names.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from xiong.config.secrets import Secret
from xiong.model.endpoint import Endpoint as Endpoint
from xiong.model.endpoint import PlannedCommand as PlannedCommand
from xiong.model.instance import Instance, ReplicaEvent
from xiong.model.lease import Lease
from xiong.model.memory import MemoryUse
from xiong.model.release import Release
from xiong.model.task import Task, TaskResult
from xiong.model.volume import Surplus, Volume
from xiong.platforms.faults import Faults
from xiong.platforms.records import RecordStore as RecordStore
from xiong.platforms.stores import Stores
from xiong.tools.clock import Clock

Progress = Callable[[str], None]
"""Told one short line for people whenever a long step moves on."""


class Platform(Protocol):
    """A place where the service runs."""

    name: str

    @property
    def records(self) -> RecordStore:
        """Where what must be remembered lies."""
        ...

    @property
    def faults(self) -> Faults:
        """What can be broken here on purpose, by a drill."""
        ...

    @property
    def stores(self) -> Stores:
        """The data stores' files and tools, for backup and restore."""
        ...

    async def preflight(self) -> list[str]:
        """Reasons, in words, why nothing can run here now; empty when it can."""
        ...

    async def plan(self, release: Release | None, replicas: int) -> list[PlannedCommand]:
        """The commands that bringing this release up would run; nothing is run. For `--dry-run`."""
        ...

    async def start_services(self, progress: Progress) -> None:
        """Brings up what the service needs (database, cache, proxy); safe to repeat.

        Raises:
            PlatformError: one of them does not come up.
        """
        ...

    async def stage(self, source: Path | str, progress: Progress) -> Release:
        """Makes a release from a source tree (Path), or fetches one by reference (str).

        Raises:
            PlatformError: it cannot be built or fetched; nothing is left of it.
        """
        ...

    async def releases(self) -> list[Release]:
        """What is staged here, oldest first."""
        ...

    async def discard(self, release_id: str) -> None:
        """Forgets a staged release; its records stay."""
        ...

    def apply(self, release: Release, replicas: int) -> AsyncGenerator[ReplicaEvent, None]:
        """Makes `replicas` replicas run `release` and none run another, one at a time.

        Each new replica is started, found ready with that release id, and admitted before an old
        one is drained and stopped. The generator goes no further than it is asked to, so the caller
        may observe a new replica before the next old one goes; closing it leaves what stands, and
        another `apply` converges from there.

        Raises:
            RolloutError: a new replica died, never got ready or names another release. Old ones
                that were not yet drained still serve.
        """
        ...

    async def instances(self, service: str | None = None) -> list[Instance]:
        """All running copies, of one service or of all."""
        ...

    async def restart(self, instance: str, *, grace_seconds: float | None = None) -> None:
        """Stops one copy and starts it again with the same release; returns when it is ready.

        Args:
            instance: its name.
            grace_seconds: how long it may take to end before it is killed; None is the service's own,
                and a replica that serves is drained first.

        Raises:
            PlatformError: no such copy, or it does not get ready again.
        """
        ...

    async def start(self, instance: str) -> None:
        """Starts one copy that does not run, also one that was given up; one that runs is left alone.

        Returns when it is ready.

        Raises:
            PlatformError: no such copy, or it does not get ready.
        """
        ...

    def replace(
        self, instance: str, release: Release, *, grace_seconds: float | None = None
    ) -> AsyncGenerator[ReplicaEvent, None]:
        """Puts a new replica of `release` in the place of one that is ill, by the steps of `apply`.

        The new one is started, ready and admitted before the old one goes; one that does not run goes
        first. `grace_seconds` is how long the old one may take to end before it is killed.

        Raises:
            PlatformError: no such replica.
            RolloutError: the new one does not get ready; the old one was not touched.
        """
        ...

    async def admit(self, instance: str) -> None:
        """Lets the proxy send to a replica that was held back; returns once it had time to see that.

        Raises:
            PlatformError: no such replica.
        """
        ...

    async def kill(self, instance: str, signal: int) -> None:
        """Sends a signal to one copy."""
        ...

    async def start_monitoring(self, progress: Progress) -> None:
        """Brings up what watches the service, as far as it is there; safe to repeat.

        The service runs without it, so a part that does not come up is told and is no error.
        """
        ...

    def lead(self, part: str, clock: Clock) -> AbstractAsyncContextManager[None]:
        """Waits until no other process leads this part (`watch`), and leads while the context is open."""
        ...

    async def announce(self) -> None:
        """Tells whoever collects metrics where each copy answers; nothing where that is found without us."""
        ...

    async def volumes(self) -> list[Volume]:
        """How full the file systems are that the service writes on."""
        ...

    async def memory(self) -> MemoryUse | None:
        """How much memory is left where the service runs; None where that is not told here."""
        ...

    async def reclaim(
        self, keep: Collection[str], volumes: Collection[str], *, dry_run: bool
    ) -> list[Surplus]:
        """Deletes staged releases that are not among `keep`, and rotated logs; never data.

        Nothing where the platform looks after that by itself.

        Args:
            keep: ids of releases.
            volumes: names of the volumes that need room; what lies on others stays.
            dry_run: delete nothing.

        Returns:
            What was, or would be, deleted.
        """
        ...

    async def stop(self, *, purge: bool, progress: Progress) -> None:
        """Stops everything gracefully; with `purge`, deletes all data too."""
        ...

    async def survive_reboot(self) -> str:
        """Makes the machine bring this copy up by itself after a reboot; returns what was done, in words.

        Raises:
            PlatformError: it cannot be arranged here.
        """
        ...

    def logs(self, service: str | None, *, follow: bool) -> AsyncIterator[tuple[str, bytes]]:
        """(instance, line) of what the copies print; with `follow`, goes on as they print."""
        ...

    async def run_task(self, release: Release, task: Task) -> TaskResult:
        """Runs a module of that release once, beside the service."""
        ...

    async def run_store_tool(self, store: str, argv: Sequence[str], stdin: bytes = b"") -> TaskResult:
        """Runs a client tool of a data store (`psql`, `pg_dump` …) beside it, as its superuser.

        Args:
            store: `postgres` or `valkey`.
            argv: the tool's name and arguments; where the server is and the password are added.
            stdin: what it reads.
        """
        ...

    async def secret(self, name: str) -> Secret:
        """A secret of this copy by name, e.g. `database-app`; made at first use where it may be."""
        ...

    async def kept_secret(self, name: str) -> Secret | None:
        """A secret that `keep_secret` kept; None where there is none."""
        ...

    async def keep_secret(self, name: str, value: Secret) -> None:
        """Keeps one that cannot just be made up, e.g. a private key; a new value replaces the old."""
        ...

    async def drop_secret(self, name: str) -> None:
        """Forgets one that `keep_secret` kept; not an error where there is none."""
        ...

    async def publish_secrets(self) -> None:
        """Writes what the service and its cache read of the secrets kept here.

        Running copies follow the list of tokens at once; everything else is read at a copy's next start.
        """
        ...

    async def store_url(self, store: str) -> Secret:
        """Where this process reaches `postgres` or `valkey`; the former as a role that reads no messages.

        Raises:
            PlatformError: no such store, or it cannot be reached from here.
        """
        ...

    async def secrets(self) -> list[Secret]:
        """Every secret that this copy keeps, so that what leaves it can be searched for them."""
        ...

    async def versions(self) -> dict[str, str]:
        """{program that the platform runs: what it says of its version, or why it says nothing}."""
        ...

    async def endpoint(self) -> Endpoint:
        """Where the service is reached."""
        ...

    async def take_lease(self, wanted: Lease) -> Lease:
        """Takes or renews the lease if it is free, expired, its holder is dead, or it is ours.

        Returns:
            The lease that now stands: `wanted` itself, or the one that another holds.
        """
        ...

    async def read_lease(self) -> Lease | None:
        """The lease that stands, if any."""
        ...

    async def drop_lease(self, token: str) -> None:
        """Gives the lease back; not an error when it is no longer ours."""
        ...
