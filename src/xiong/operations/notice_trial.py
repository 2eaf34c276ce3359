"""`xiong notices test`: whether a notice would reach operators, tried at each address at once."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from xiong.config.secrets import Secret
from xiong.config.settings import Settings
from xiong.errors import ConfigurationError
from xiong.platforms.base import Platform
from xiong.tools import host, notices

_TITLE = "雄i聊：通知測試 / test of notices"


@dataclass(frozen=True)
class TriedAddress:
    """What became of a trial at one address.

    Attributes:
        address: its kind and a short digest, since the address itself is a secret.
        taken: whether the other side took it.
        seconds: how long that took.
        error: why it did not, or empty.
    """

    address: str
    taken: bool
    seconds: float
    error: str


@dataclass(frozen=True)
class Trial:
    """What became of a trial.

    Attributes:
        ok: whether every address took it.
        addresses: in the order of the file.
    """

    ok: bool
    addresses: tuple[TriedAddress, ...]


async def try_addresses(platform: Platform, settings: Settings) -> Trial:
    """Sends to all at once; nothing is recorded, and nothing is tried again.

    Raises:
        ConfigurationError: notices.urls_file is not set, cannot be read or holds no address.
    """
    file = settings.notices.urls_file
    if file is None:
        raise ConfigurationError(
            "notices.urls_file is not set: notices are only recorded", hint="xiong notices list"
        )
    body = (
        "這是一則測試，請不必處理。收到即表示通知能送達。\n"
        "This is a test, nothing needs to be done.\n\n"
        f"{settings.service.environment}, {platform.name}, {host.actor()}"
    )
    seconds = settings.notices.timeout_seconds
    tried = await asyncio.gather(*(_try(a, body, seconds) for a in notices.read_addresses(file)))
    return Trial(all(one.taken for one in tried), tuple(tried))


async def _try(address: Secret, body: str, timeout_seconds: float) -> TriedAddress:
    begun = time.monotonic()
    error = await notices.send(address, _TITLE, body, timeout_seconds=timeout_seconds)
    return TriedAddress(notices.label(address), error is None, time.monotonic() - begun, error or "")
