"""The keys of backups: who can open them, and who wrote them. Made at first use.

Two private keys open every object: the copy's own, and an offline one, which is written once to a file that
people take away from this machine. Losing either one loses nothing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from xiong.config.secrets import Secret
from xiong.config.settings import Settings
from xiong.errors import ConfigurationError
from xiong.platforms.base import Platform
from xiong.tools import age, signing

IDENTITY, SIGNING = "backup-identity", "backup-signing"
OFFLINE, OFFLINE_RECIPIENT = "backup-offline-key", "backup-offline-recipient"
MORE_IDENTITIES = "XIONG_BACKUP_IDENTITY_FILE"
"""Names a file with further private keys and trusted signers: the offline file, on a new machine."""

_TRUSTED = "signed-by:"
_WORDS = """\
# The offline key of this copy's backups. With it, and a repository, everything can be restored on a new
# machine: XIONG_BACKUP_IDENTITY_FILE=THIS_FILE xiong restore newest
# Take it away from this machine (a safe, a password store of two people), then delete it here.
"""


@dataclass(frozen=True)
class Keys:
    """What this copy has.

    Attributes:
        recipients: public keys that every object is sealed for, at least two.
        identities: private keys that we can open with.
        signing: our own; None where only reading is possible.
        trusted: public keys whose manifests we believe.
        offline_here: the offline key has not been taken away yet.
    """

    recipients: tuple[str, ...]
    identities: tuple[Secret, ...]
    signing: Secret
    trusted: tuple[str, ...]
    offline_here: bool


async def keys_of(platform: Platform, settings: Settings) -> Keys:
    """This copy's keys, made now where there are none.

    Raises:
        ConfigurationError: a key is damaged, or the named file cannot be read.
    """
    identity = await _made(platform, IDENTITY, age.new_identity)
    signer = await _made(platform, SIGNING, signing.new_key)
    offline = await _offline(platform, signer)
    further, trusted = _further()
    left_here = await platform.kept_secret(OFFLINE)
    found, _ = _read(left_here.reveal()) if left_here else ((), ())
    return Keys(
        recipients=tuple(dict.fromkeys((age.recipient_of(identity), offline, *settings.backup.recipients))),
        identities=(identity, *found, *further),
        signing=signer,
        trusted=(signing.public(signer), *trusted),
        offline_here=left_here is not None,
    )


async def _made(platform: Platform, name: str, make: object) -> Secret:
    found = await platform.kept_secret(name)
    if found is None:
        found = make()  # type: ignore[operator]
        await platform.keep_secret(name, found)
    return found


async def _offline(platform: Platform, signer: Secret) -> str:
    known = await platform.kept_secret(OFFLINE_RECIPIENT)
    if known is not None:
        return known.reveal()
    identity = age.new_identity()
    text = f"{_WORDS}{identity.reveal()}\n{_TRUSTED} {signing.public(signer)}\n"
    await platform.keep_secret(OFFLINE, Secret(text))
    await platform.keep_secret(OFFLINE_RECIPIENT, Secret(age.recipient_of(identity)))
    return age.recipient_of(identity)


def _further() -> tuple[tuple[Secret, ...], tuple[str, ...]]:
    named = os.environ.get(MORE_IDENTITIES)
    if not named:
        return (), ()
    try:
        return _read(Path(named).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            f"{MORE_IDENTITIES} names no readable file: {named}", hint=f"ls -l {named}"
        ) from error


def _read(text: str) -> tuple[tuple[Secret, ...], tuple[str, ...]]:
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    trusted = tuple(line.removeprefix(_TRUSTED).strip() for line in lines if line.startswith(_TRUSTED))
    return tuple(Secret(line) for line in lines if not line.startswith(_TRUSTED)), trusted
