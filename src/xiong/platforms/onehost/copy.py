"""What both platforms of one machine do alike with a copy's state folder: records, lease, secrets."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from xiong.config.secrets import Secret
from xiong.config.settings import Settings
from xiong.errors import PlatformError
from xiong.model.lease import Lease
from xiong.model.volume import Volume
from xiong.platforms.onehost import leading, volumes
from xiong.platforms.onehost.layout import layout_for
from xiong.platforms.onehost.lease import FileLease
from xiong.platforms.onehost.records import FileRecords
from xiong.platforms.onehost.secrets import PASSWORDS, HostSecrets
from xiong.tools.clock import Clock


class OneHostCopy:
    """Part of `Platform` over one state folder; a platform is built on it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._layout = layout_for(settings.state)
        self._records = FileRecords(self._layout.records)
        self._lease = FileLease(self._layout.root)
        self._secrets = HostSecrets(self._layout.secrets)

    @property
    def records(self) -> FileRecords:
        return self._records

    def lead(self, part: str, clock: Clock) -> AbstractAsyncContextManager[None]:
        self._layout.make()
        return leading.lead(self._layout.root / f"{part}.lock", clock)

    async def volumes(self) -> list[Volume]:
        return volumes.volumes(self._layout)

    async def secret(self, name: str) -> Secret:
        if name not in PASSWORDS:
            raise PlatformError(f"no secret {name} is kept here: expected one of {', '.join(PASSWORDS)}")
        return self._secrets.get(name)

    async def kept_secret(self, name: str) -> Secret | None:
        return self._secrets.kept(name)

    async def keep_secret(self, name: str, value: Secret) -> None:
        self._layout.make()
        self._secrets.keep(name, value)

    async def drop_secret(self, name: str) -> None:
        self._secrets.drop(name)

    async def secrets(self) -> list[Secret]:
        return self._secrets.everything()

    async def take_lease(self, wanted: Lease) -> Lease:
        self._layout.make()
        return self._lease.take(wanted)

    async def read_lease(self) -> Lease | None:
        return self._lease.read()

    async def drop_lease(self, token: str) -> None:
        if self._layout.root.is_dir():  # a purge has deleted it with everything else
            self._lease.drop(token)
