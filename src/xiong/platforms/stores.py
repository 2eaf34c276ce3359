"""What backup and restore need of a platform: how a store's tools reach it, room beside it, and an exchange.

Only `operations/backup`, `operations/restore` and `operations/drill` use it. Nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from xiong.config.secrets import Secret
from xiong.tools.store_access import StoreAccess as StoreAccess


@dataclass(frozen=True)
class KeptStore:
    """Data that a restore replaced, kept until somebody confirms.

    Attributes:
        store: `postgres` or `valkey`.
        name: as `exchange` got it.
        folder: where it lies.
        size_bytes: how much room it takes.
    """

    store: str
    name: str
    folder: Path
    size_bytes: int


class Stores(Protocol):
    """The data stores of one copy, as far as their files are ours."""

    async def lacks(self, store: str) -> str | None:
        """Why this store has no files of ours (an external one), in words; None where it has."""
        ...

    async def access(self, store: str, *, superuser: bool = False) -> StoreAccess:
        """How to reach the running store: as the role that makes backups, or as its superuser.

        Raises:
            PlatformError: no such store.
        """
        ...

    async def wal_spool(self) -> Path:
        """The folder into which the write-ahead log is streamed or archived; outside the data folder."""
        ...

    async def receive_log(self, progress: Callable[[str], None]) -> None:
        """Starts the receiver of the write-ahead log where one should run, and stops it where not.

        Called by `up` once the database has its roles and its slot, before anybody writes.
        """
        ...

    async def hold_log(self) -> None:
        """Ends the receiver until `receive_log`, since no more should lie here; the server keeps the log."""
        ...

    async def named_secrets(self) -> dict[str, Secret]:
        """{name: secret} of what a new machine needs to go on with this data; no key that opens backups."""
        ...

    async def default_repository(self) -> str:
        """The URL of the repository that is used where none is set."""
        ...

    async def folder(self, store: str) -> Path:
        """The live data folder; it may be missing after a disaster."""
        ...

    async def free_bytes(self) -> int:
        """How much room there is where data folders lie."""
        ...

    async def place(self, store: str, name: str) -> Path:
        """A new, empty folder beside the live data; an old one of that name goes."""
        ...

    async def initialise(self, folder: Path) -> None:
        """Makes the empty database of a server of this copy's version in a folder that `place` gave.

        Raises:
            PlatformError: it cannot be made.
        """
        ...

    async def sweep(self, name: str) -> None:
        """Deletes every place of that name or with more behind it; what an exchange keeps stays."""
        ...

    async def hand_over(self, store: str, folder: Path) -> None:
        """Makes the store's server the owner of everything in a folder."""
        ...

    def scratch(
        self, store: str, folder: Path, options: Mapping[str, str]
    ) -> AbstractAsyncContextManager[StoreAccess]:
        """A second server on that folder, on a free port of the loopback, while the context is open.

        Entered once the process runs; whether it answers is for the caller to wait for.

        Args:
            store: `postgres` or `valkey`.
            folder: its data.
            options: further settings of the server by name.

        Raises:
            PlatformError: it ended at once; its last words are in the error.
        """
        ...

    async def gate(self, *, closed: bool) -> None:
        """Closed, the proxy answers 503 with Retry-After and the hotlines, also after a `kill -9` of us."""
        ...

    async def stop(self, store: str) -> None:
        """Stops the live store gracefully; not an error where it is down."""
        ...

    async def start(self, store: str) -> None:
        """Starts the live store; returns when it listens. Where the whole copy is down, `up` starts it.

        Raises:
            PlatformError: it does not come up.
        """
        ...

    async def exchange(self, store: str, folder: Path, name: str) -> None:
        """Puts `folder` in the place of the live data, which is kept under `name`; the store must be stopped.

        Safe to repeat after a crash: what is done already is left.
        """
        ...

    async def kept(self) -> list[KeptStore]:
        """What earlier exchanges keep, oldest first."""
        ...

    async def forget(self, kept: KeptStore) -> None:
        """Deletes it."""
        ...

    def trial_service(
        self, release: str, postgres: StoreAccess, valkey: StoreAccess
    ) -> AbstractAsyncContextManager[str]:
        """The real service of a release on other stores, on a free port; gives its URL once it is ready.

        It calls nobody: no pager runs beside it, and nothing of it is reachable through the proxy.

        Raises:
            PlatformError: it does not get ready; its last words are in the error.
        """
        ...
