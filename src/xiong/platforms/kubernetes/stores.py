"""The data stores' files where the cluster keeps them: out of the tool's reach, so that it says so in words.

A copy of data in a cluster is saved by a Job beside the volumes, which is not built yet. The promise is in
`platforms/stores.py`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from xiong.config.secrets import Secret
from xiong.errors import PlatformError
from xiong.platforms.stores import KeptStore
from xiong.tools.store_access import StoreAccess

_WHY = (
    "data in a cluster is saved by a Job beside its volume, and that Job is not built yet: save it by the "
    "means of the storage (VolumeSnapshots), of the operator or of the managed service"
)


class ClusterStores:
    """`Stores`, none of whose files are ours."""

    async def lacks(self, store: str) -> str | None:
        return f"{store}: {_WHY}"

    async def access(self, store: str, *, superuser: bool = False) -> StoreAccess:
        raise _refused(store)

    async def wal_spool(self) -> Path:
        raise _refused("postgres")

    async def receive_log(self, progress: Callable[[str], None]) -> None:
        """No receiver runs in a cluster; settings ask for none there."""

    async def hold_log(self) -> None:
        """None runs."""

    async def named_secrets(self) -> dict[str, Secret]:
        raise _refused("the secrets' backup")

    async def default_repository(self) -> str:
        raise _refused("the repository")

    async def folder(self, store: str) -> Path:
        raise _refused(store)

    async def free_bytes(self) -> int:
        raise _refused("the room beside the data")

    async def place(self, store: str, name: str) -> Path:
        raise _refused(store)

    async def initialise(self, folder: Path) -> None:
        raise _refused("postgres")

    async def sweep(self, name: str) -> None:
        """There are no places."""

    async def hand_over(self, store: str, folder: Path) -> None:
        raise _refused(store)

    @asynccontextmanager
    async def scratch(
        self, store: str, folder: Path, options: Mapping[str, str]
    ) -> AsyncIterator[StoreAccess]:
        raise _refused(store)
        yield

    async def gate(self, *, closed: bool) -> None:
        raise _refused("the gate of a restore")

    async def stop(self, store: str) -> None:
        raise _refused(store)

    async def start(self, store: str) -> None:
        raise _refused(store)

    async def exchange(self, store: str, folder: Path, name: str) -> None:
        raise _refused(store)

    async def kept(self) -> list[KeptStore]:
        return []

    async def forget(self, kept: KeptStore) -> None:
        raise _refused(kept.store)

    @asynccontextmanager
    async def trial_service(
        self, release: str, postgres: StoreAccess, valkey: StoreAccess
    ) -> AsyncIterator[str]:
        raise _refused(f"a trial of {release}")
        yield


def _refused(what: str) -> PlatformError:
    return PlatformError(f"{what}: {_WHY}", hint="docs/how-to/run-on-kubernetes.md")
