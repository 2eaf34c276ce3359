"""The copy's own secrets: made once, each a file for us alone, handed on as NAME_FILE."""

from __future__ import annotations

import hashlib
import json
import secrets as random_source
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from xiong.config.secrets import Secret
from xiong.config.settings import Settings
from xiong.errors import PlatformError
from xiong.platforms.onehost.addresses import Addresses
from xiong.tools import files

PASSWORDS = (
    "database-superuser",
    "database-owner",
    "database-app",
    "database-backup",
    "database-monitor",
    "cache",
    "drill-report",
)
OPERATOR_SCOPES = ("chat", "synthetic", "pages")
CARE_SCOPES = ("care",)


class HostSecrets:
    """Makes, reads and renders the secrets below one folder."""

    def __init__(
        self, folder: Path, *, published: Path | None = None, reader: tuple[int, int] | None = None
    ) -> None:
        """Reads nothing yet.

        Args:
            folder: where they are kept.
            published: where the service finds what it reads of them; None: in `folder` too.
            reader: (uid, gid) that the service runs as, where that is another user; needs root.
        """
        self._folder = folder
        self._published = published or folder
        self._reader = reader

    @property
    def operator_token(self) -> Path:
        """The bearer token that `up` and the probe use."""
        return self._folder / "operator-token"

    @property
    def care_token(self) -> Path:
        """The bearer token by which the console opens cases, for those whom it lets."""
        return self._folder / "care-token"

    def get(self, name: str) -> Secret:
        """The secret of that name, made now if there is none yet."""
        file = self._folder / name
        if not file.is_file():
            files.write_atomic(file, random_source.token_urlsafe(32).encode())
        return Secret(file.read_text().strip())

    def kept(self, name: str) -> Secret | None:
        """What `keep` kept."""
        file = self._folder / name
        return Secret(file.read_text().strip()) if file.is_file() else None

    def keep(self, name: str, value: Secret) -> None:
        """Writes one that cannot just be made up."""
        files.write_atomic(self._folder / name, value.reveal().encode())

    def drop(self, name: str) -> None:
        """Forgets what `keep` kept."""
        (self._folder / name).unlink(missing_ok=True)

    def beside(self, name: str) -> tuple[Secret, ...]:
        """What is valid beside a secret while it is rotated: the one to come, and the one before it."""
        found = (self.kept(f"{name}.next"), self.kept(f"{name}.old"))
        return tuple(secret for secret in found if secret is not None)

    def named(self) -> dict[str, Secret]:
        """{name: secret} of all that was made here, but the keys that open backups."""
        names = {
            *PASSWORDS,
            "secret-key",
            "secret-keys-earlier",
            self.operator_token.name,
            self.care_token.name,
            "applications.json",
        }
        kept = {name: self.kept(name) for name in sorted(names)}
        return {name: secret for name, secret in kept.items() if secret is not None}

    def everything(self) -> list[Secret]:
        """Every secret that lies here, whatever file it stands in; none is made."""
        words = {
            word
            for file in self._folder.glob("*")
            for line in file.read_text().splitlines()
            for word in _secret_words(line.strip())
        }
        return [Secret(word) for word in sorted(words)]

    def service_files(self, settings: Settings, stores: Addresses) -> dict[str, Path]:
        """Writes what the service reads; returns {environment name: file}."""
        app = settings.database.url or self._app_url(stores)
        cache = settings.cache.url or _redis_url(self.get("cache"), stores)
        values = {
            "DATABASE_URL": _text(app),
            "REDIS_URL": _text(cache),
            "SECRET_KEY": self.get("secret-key").reveal(),
            "SECRET_KEYS_ALSO": self._further_keys(),
            "OPENAI_API_KEY": _text(settings.model.api_key) if settings.model.api_key else "",
            "API_TOKENS": self._token_list(),
        }
        return {name: self._put(self._published / name, value) for name, value in values.items()}

    @staticmethod
    def digest(service_files: Mapping[str, Path]) -> str:
        """Changes with every file that a process reads only at its start."""
        read_once = {n: f.read_text() for n, f in sorted(service_files.items()) if n != "API_TOKENS"}
        return hashlib.sha256(repr(read_once).encode()).hexdigest()

    def _app_url(self, stores: Addresses) -> Secret:
        """By the service's own login, or by the one that bridges a change of its password."""
        bridge = self.kept("database-app.next")
        if bridge is not None:
            return _postgres_url("app_bridge", bridge, stores)
        return _postgres_url("app", self.get("database-app"), stores)

    def _further_keys(self) -> str:
        """Keys whose links and digests are taken too: the one to come, and those of before."""
        found = (self.kept("secret-key.next"), self.kept("secret-keys-earlier"))
        return "\n".join(secret.reveal() for secret in found if secret is not None)

    def store_url(self, store: str, settings: Settings, stores: Addresses) -> Secret:
        """Where the tool itself reaches a data store; our own database as the role that reads no messages.

        Raises:
            PlatformError: there is no such store.
        """
        if store == "valkey":
            return Secret(_text(settings.cache.url or _redis_url(self.get("cache"), stores)))
        if store == "postgres":
            url = settings.database.url or _postgres_url("monitor", self.get("database-monitor"), stores)
            return Secret(_text(url))
        raise PlatformError(f"no data store {store}: expected postgres or valkey")

    def owner_file(self, settings: Settings, stores: Addresses) -> Path:
        """The DATABASE_URL of the owner who migrates."""
        url = settings.database.owner_url or _postgres_url("owner", self.get("database-owner"), stores)
        apart = self._published != self._folder
        file = (
            self._published.with_name("owner") / "DATABASE_URL"
            if apart
            else self._folder / "DATABASE_URL-owner"
        )
        return self._put(file, _text(url))

    def _token_list(self) -> str:
        operator = self._entries("operator", OPERATOR_SCOPES, self.operator_token.name)
        care = self._entries("care", CARE_SCOPES, self.care_token.name)
        more = files.read_json(self._folder / "applications.json") or []
        return json.dumps([*operator, *care, *more])

    def _entries(self, application: str, scopes: tuple[str, ...], name: str) -> list[dict[str, object]]:
        return [
            {
                "application": application,
                "scopes": list(scopes),
                "sha256": hashlib.sha256(secret.reveal().encode()).hexdigest(),
            }
            for secret in (self.get(name), *self.beside(name))
        ]

    def _put(self, file: Path, value: str) -> Path:
        if not file.is_file() or file.read_text() != value:
            files.write_atomic(file, value.encode(), owner=self._reader)
        return file


def _secret_words(line: str) -> list[str]:
    """A line that is one word is a secret, and of a URL the password in it too; others are configuration."""
    if not line or " " in line:
        return []
    password = urlsplit(line).password
    return [line, unquote(password)] if password else [line]


def _text(secret: object) -> str:
    reveal = getattr(secret, "reveal", None) or getattr(secret, "get_secret_value")  # noqa: B009
    return str(reveal())


def _postgres_url(role: str, password: Secret, stores: Addresses) -> Secret:
    word = quote(password.reveal(), safe="")
    host, port = stores.database
    return Secret(f"postgresql://xiongichat_{role}:{word}@{host}:{port}/xiongichat")


def _redis_url(password: Secret, stores: Addresses) -> Secret:
    host, port = stores.cache
    return Secret(f"redis://:{quote(password.reveal(), safe='')}@{host}:{port}/0")
