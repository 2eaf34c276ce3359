"""Everything the service reads from its environment, once, at start.

Used by `main` (the server) and by the commands (`migrate`, `knowledge`). Each NAME may also come as
NAME_FILE, a path whose stripped content is the value; NAME_FILE wins, so that secrets can be mounted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal, cast

Environment = Literal["development", "staging", "production"]
DEFAULT_MODEL_URL = "https://api.openai.com/v1"


class SettingsError(ValueError):
    """A setting is missing or unusable; names the setting, never its value."""


class Secret:
    """A value that prints as [REDACTED]; only `reveal` gives it away."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Returns the value itself."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "[REDACTED]"

    __str__ = __repr__


@dataclass(frozen=True)
class Settings:
    """The service's settings.

    Attributes:
        database_url: PostgreSQL, as libpq writes it; may carry a password.
        redis_url: Valkey or Redis; may carry a password.
        openai_api_key: empty means that replies come from the built-in offline responder.
        openai_base_url: any endpoint that speaks the OpenAI chat API.
        openai_model: name sent to that endpoint.
        openai_embeddings: whether that endpoint also embeds (else the offline embedder does).
        secret_key: signs links; nothing in the chat path needs it.
        secret_keys_also: further keys whose links and digests are taken, as `api.keys` reads them.
        environment: printed in logs.
        port: where a runner should listen; the server itself is told by uvicorn.
        release_id: which release this process belongs to, shown by healthz and ready.
        api_tokens: JSON list of token entries, where no file is given.
        api_tokens_file: file with the same list, reread when it changes.
        spool_dir: folder on storage that outlives the process, for messages the database cannot take.
        deployment_id: which deployment this replica belongs to, shown by ready, so that a proxy never takes
            another's replica on a port of ours for its own.
        paging_file: who is called for help, by which channels and in which order; None calls nobody.
        public_url: where people reach the service through its proxy; links in pages begin with it.
        console_url: where the console is reached; a page's link leads from there to its case. Empty: unsaid.
        pager_port: where the pager shows its metrics; 0 is any free port.
        pager_bind: on which address; in a container all, since nothing is published there.
        hold_path: while this file exists the replica is started but not ready: not yet admitted.
        log_level: least level that is written.
        model_daily_tokens: budget of model tokens a day, 0 for no limit.
        retention_days: how long messages are kept.
        rate_limit: messages per person, as the library `limits` writes it.
        database_pool_size: connections this replica may hold; 2 replicas during a roll hold twice that.
        reply_deadline_s: longest a person waits for a reply before the safe one is given.
    """

    database_url: Secret = field(default_factory=lambda: Secret(""))
    redis_url: Secret = field(default_factory=lambda: Secret(""))
    openai_api_key: Secret = field(default_factory=lambda: Secret(""))
    openai_base_url: str = DEFAULT_MODEL_URL
    openai_model: str = "gpt-4o-mini"
    openai_embeddings: bool = False
    secret_key: Secret = field(default_factory=lambda: Secret(""))
    secret_keys_also: Secret = field(default_factory=lambda: Secret(""))
    environment: Environment = "development"
    port: int = 8000
    release_id: str = "dev"
    api_tokens: Secret = field(default_factory=lambda: Secret("[]"))
    api_tokens_file: Path | None = None
    spool_dir: Path = Path("spool")
    deployment_id: str = ""
    hold_path: Path | None = None
    paging_file: Path | None = None
    public_url: str = "http://127.0.0.1:8000"
    console_url: str = ""
    pager_port: int = 0
    pager_bind: str = "127.0.0.1"
    log_level: str = "INFO"
    model_daily_tokens: int = 0
    retention_days: int = 365
    rate_limit: str = "30/minute"
    database_pool_size: int = 10
    reply_deadline_s: float = 45.0

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Reads the settings; DATABASE_URL is the only one without a default."""
        read = _Reader(environ)
        database_url = read.text("DATABASE_URL", "")
        if not database_url:
            raise SettingsError("DATABASE_URL (or DATABASE_URL_FILE) is not set")
        tokens_file = environ.get("API_TOKENS_FILE", "").strip()
        return cls(
            database_url=Secret(database_url),
            redis_url=Secret(read.text("REDIS_URL", "redis://127.0.0.1:6379/0")),
            openai_api_key=Secret(read.text("OPENAI_API_KEY", "")),
            openai_base_url=read.text("OPENAI_BASE_URL", DEFAULT_MODEL_URL).rstrip("/"),
            openai_model=read.text("OPENAI_MODEL", "gpt-4o-mini"),
            openai_embeddings=read.number("OPENAI_EMBEDDINGS", 0) != 0,
            secret_key=Secret(read.text("SECRET_KEY", "")),
            secret_keys_also=Secret(read.text("SECRET_KEYS_ALSO", "")),
            environment=read.environment(),
            port=read.number("PORT", 8000),
            release_id=read.text("RELEASE_ID", "dev"),
            api_tokens=Secret("[]" if tokens_file else read.text("API_TOKENS", "[]")),
            api_tokens_file=Path(tokens_file) if tokens_file else None,
            spool_dir=Path(read.text("SPOOL_DIR", "spool")),
            deployment_id=read.text("DEPLOYMENT_ID", ""),
            hold_path=Path(hold) if (hold := read.text("HOLD_PATH", "")) else None,
            paging_file=Path(paging) if (paging := environ.get("PAGING_FILE", "").strip()) else None,
            public_url=read.text("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/"),
            console_url=read.text("CONSOLE_URL", "").rstrip("/"),
            pager_port=read.number("PAGER_PORT", 0),
            pager_bind=read.text("PAGER_BIND", "127.0.0.1"),
            log_level=read.log_level(),
            model_daily_tokens=read.number("MODEL_DAILY_TOKENS", 0),
            retention_days=max(1, read.number("RETENTION_DAYS", 365)),
            rate_limit=read.text("RATE_LIMIT", "30/minute"),
            database_pool_size=max(1, read.number("DATABASE_POOL_SIZE", 10)),
        )


class _Reader:
    """Reads one name after the other, from the environment or the file that NAME_FILE names."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str, default: str) -> str:
        path = self._environ.get(f"{name}_FILE", "").strip()
        if path:
            try:
                return Path(path).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise SettingsError(f"{name}_FILE cannot be read: {error.strerror}") from error
        return self._environ.get(name, "").strip() or default

    def number(self, name: str, default: int) -> int:
        text = self.text(name, str(default))
        try:
            return int(text)
        except ValueError:
            raise SettingsError(f"{name} is not a whole number") from None

    def environment(self) -> Environment:
        text = self.text("ENVIRONMENT", "development")
        if text not in ("development", "staging", "production"):
            raise SettingsError("ENVIRONMENT is none of development, staging, production")
        return cast("Environment", text)

    def log_level(self) -> str:
        text = self.text("LOG_LEVEL", "INFO").upper()
        if text not in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
            raise SettingsError("LOG_LEVEL is none of DEBUG, INFO, WARNING, ERROR, CRITICAL")
        return text


def service_version() -> str:
    """Returns the version of the installed package, 0.0.0 where it runs from a plain folder."""
    try:
        return version("xiong")
    except PackageNotFoundError:
        return "0.0.0"
