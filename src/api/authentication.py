"""Which application is calling: a bearer token, looked up by its hash in a list held in memory.

Works with every dependency down. Used by the routes through `state`. The file with the list is
reread when it changes; a broken new list is reported and the old one stays in force.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from pathlib import Path

from api.logs import Log
from api.settings import Settings, SettingsError

CHAT_SCOPE = "chat"
SYNTHETIC_SCOPE = "synthetic"
PAGES_SCOPE = "pages"
CARE_SCOPE = "care"


@dataclass(frozen=True)
class Application:
    """A calling application."""

    name: str
    scopes: frozenset[str]


@dataclass(frozen=True)
class _Entry:
    digest: bytes
    application: Application


class TokenBook:
    """The known tokens."""

    def __init__(self, settings: Settings, log: Log) -> None:
        self._path = settings.api_tokens_file
        self._log = log
        self._stamp: tuple[int, int, int] | None = None
        self._entries: tuple[_Entry, ...] = ()
        if self._path is None:
            self._entries = parse_tokens(settings.api_tokens.reveal())
        else:
            self._stamp = _stamp(self._path)
            self._entries = parse_tokens(self._path.read_text(encoding="utf-8"))

    def identify(self, authorization: str | None) -> Application | None:
        """Returns who sent this Authorization header, None for nobody we know."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return None
        digest = hashlib.sha256(token.strip().encode("utf-8", "surrogateescape")).digest()
        found = None
        for entry in self._current():
            if hmac.compare_digest(entry.digest, digest):
                found = entry.application
        return found

    def _current(self) -> tuple[_Entry, ...]:
        if self._path is None:
            return self._entries
        try:
            stamp = _stamp(self._path)
            if stamp != self._stamp:
                self._stamp = stamp
                self._entries = parse_tokens(self._path.read_text(encoding="utf-8"))
        except (OSError, SettingsError) as error:
            self._log.error("the token list cannot be read", action="tokens.kept", error=error)
        return self._entries


def _stamp(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino


def parse_tokens(text: str) -> tuple[_Entry, ...]:
    """Reads the JSON list of `{application, scopes, sha256}`."""
    try:
        rows = json.loads(text or "[]")
        if not isinstance(rows, list):
            raise TypeError
        return tuple(_entry(row) for row in rows)
    except (ValueError, KeyError, TypeError):
        raise SettingsError("API_TOKENS is not a list of {application, scopes, sha256}") from None


def _entry(row: dict[str, object]) -> _Entry:
    name, scopes, digest = row["application"], row["scopes"], row["sha256"]
    if not (isinstance(name, str) and name and isinstance(scopes, list) and isinstance(digest, str)):
        raise TypeError
    raw = bytes.fromhex(digest)
    if len(raw) != hashlib.sha256().digest_size:
        raise ValueError
    return _Entry(raw, Application(name, frozenset(str(scope) for scope in scopes)))
