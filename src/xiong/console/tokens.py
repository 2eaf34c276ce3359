"""Tokens that open the console: made by `xiong console token`, kept as sha256, read at login and after it."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from xiong.config.secrets import Secret
from xiong.console.roles import Role
from xiong.errors import UsageError
from xiong.model.documents import from_document, to_document
from xiong.platforms.base import RecordStore

_KIND = "console-tokens"
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,64}")  # what the service records as who took a page over


@dataclass(frozen=True)
class Holder:
    """Somebody who may log in.

    Attributes:
        name: who acts, as it stands in the records.
        role: what the token allows.
        sha256: of the token; the token itself is kept nowhere.
        made_at: UTC.
        made_by: user@host.
    """

    name: str
    role: Role
    sha256: str
    made_at: datetime
    made_by: str

    @property
    def key(self) -> str:
        """Names the record, whatever characters the name holds."""
        return key_of(self.name)


class Tokens:
    """The tokens of one platform."""

    def __init__(self, records: RecordStore) -> None:
        self._records = records

    async def make(self, name: str, role: Role, *, by: str, at: datetime) -> Secret:
        """A new token in that name; one that the name had before opens nothing from now on.

        Raises:
            UsageError: the name cannot be recorded.
        """
        if not _NAME.fullmatch(name) or name != name.strip():
            raise UsageError(f"{name!r} cannot be a name: expected 1 to 64 printable characters")
        token = f"xc_{secrets.token_urlsafe(32)}"
        holder = Holder(name, role, _digest(token), at, by)
        await self._records.write(_KIND, holder.key, to_document(holder))
        return Secret(token)

    async def revoke(self, name: str) -> bool:
        """Makes the token of that name worthless, and every login by it; False where there is none."""
        known = await self.get(key_of(name)) is not None
        await self._records.delete(_KIND, key_of(name))
        return known

    async def all(self) -> list[Holder]:
        """Everybody who may log in, by name."""
        found = [await self.get(key) for key in await self._records.names(_KIND)]
        return sorted((holder for holder in found if holder), key=lambda holder: holder.name)

    async def get(self, key: str) -> Holder | None:
        """The holder whose record has that name."""
        document: dict[str, Any] | None = await self._records.read(_KIND, key)
        return from_document(Holder, document) if document else None

    async def holder_of(self, token: str) -> Holder | None:
        """Whose token this is."""
        digest, found = _digest(token.strip()), None
        for holder in await self.all():
            if hmac.compare_digest(holder.sha256, digest):
                found = holder
        return found


def key_of(name: str) -> str:
    """The name of the record of somebody."""
    return hashlib.sha256(name.encode()).hexdigest()[:24]


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
