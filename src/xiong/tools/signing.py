"""Signs documents so that a change, or another writer, is seen (Ed25519); for manifests of backups."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from xiong.config.secrets import Secret
from xiong.errors import XiongError

ALGORITHM = "Ed25519"


class SignatureError(XiongError):
    """A document is not as somebody we trust wrote it."""


def new_key() -> Secret:
    """A private key, 64 hexadecimal digits."""
    return Secret(Ed25519PrivateKey.generate().private_bytes_raw().hex())


def public(key: Secret) -> str:
    """Its public half, 64 hexadecimal digits."""
    return _private(key).public_key().public_bytes_raw().hex()


def sign(key: Secret, document: Any) -> dict[str, str]:
    """The signature over a JSON document, with the public key that checks it."""
    value = _private(key).sign(_canonical(document)).hex()
    return {"algorithm": ALGORITHM, "key": public(key), "value": value}


def check(trusted: Collection[str], document: Any, signature: Any) -> None:
    """Returns when one of the trusted public keys signed this very document.

    Raises:
        SignatureError: none did, or it was changed since.
    """
    try:
        algorithm, key, value = (str(signature[name]) for name in ("algorithm", "key", "value"))
        if algorithm != ALGORITHM:
            raise SignatureError(f"its signature is {algorithm[:20]!r}, expected {ALGORITHM}")
        if value != value.lower():
            raise SignatureError("its signature is damaged")
        if key not in trusted:
            raise SignatureError(f"it is signed by {key[:16]}, whom this copy does not trust")
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(
            bytes.fromhex(value), _canonical(document)
        )
    except InvalidSignature as error:
        raise SignatureError("it was changed after it was signed") from error
    except (KeyError, TypeError, ValueError) as error:
        raise SignatureError("its signature is damaged") from error


def _private(key: Secret) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key.reveal()))


def _canonical(document: Any) -> bytes:
    """Keys sorted, no blanks."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
