"""How rows get their ids, so that the same request gives the same rows on every replica.

Used by `chat` and by the relay of spooled messages: a retry, on any replica and through any way,
meets the rows of the first try instead of making its own.
"""

from __future__ import annotations

import hashlib
import uuid

_NAMESPACE = uuid.UUID("5a1c6b57-6a3e-5d0c-9a44-8f3a4f0f9d11")


def message_id(application: str, person: str, key: str | None) -> uuid.UUID:
    """Returns the id of a person's message: by its Idempotency-Key where there is one, else a new one."""
    if key is None:
        return uuid.uuid4()
    return uuid.uuid5(_NAMESPACE, f"{application}\x00{person}\x00{key}")


def reply_id(message: uuid.UUID) -> uuid.UUID:
    """Returns the id of the reply to `message`."""
    return uuid.uuid5(message, "reply")


def risk_event_id(message: uuid.UUID) -> uuid.UUID:
    """Returns the id of the risk event of `message`."""
    return uuid.uuid5(message, "risk")


def conversation_id(message: uuid.UUID) -> uuid.UUID:
    """Returns the id of the conversation that `message` opens."""
    return uuid.uuid5(message, "conversation")


def displaced_id(message: uuid.UUID, digest: bytes) -> uuid.UUID:
    """Returns the id for a spooled message whose key another text had taken meanwhile."""
    return uuid.uuid5(message, digest.hex())


def content_digest(conversation: uuid.UUID | None, text: str) -> bytes:
    """Returns what tells a retry from another request that reuses its key."""
    return hashlib.sha256(f"{conversation or ''}\x00{text}".encode()).digest()
