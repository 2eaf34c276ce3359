"""Every setting, with its unit, default and reason; `xiong.example.toml` is generated from here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from xiong.config.backup import BackupSettings
from xiong.config.compose import ComposeSettings
from xiong.config.healing import DrillsSettings, HealthSettings, NoticesSettings, RecoverySettings
from xiong.config.kubernetes import KubernetesSettings
from xiong.config.section import Section as Section


class ServiceSettings(Section):
    """The deployed service."""

    replicas: int = Field(2, ge=1, le=64, description="Replicas of the service; two, so that one may go.")
    max_replicas: int = Field(
        8,
        ge=1,
        le=64,
        description="Most replicas that `scale` allows. The local proxy holds one slot for each and one "
        "for a roll; more means a restart of the proxy.",
    )
    environment: Literal["development", "staging", "production"] = Field(
        "development", description="What the service calls its environment."
    )
    rate_limit: str = Field(
        "30/minute", description="Messages of one person; a message in crisis is never held back."
    )
    database_pool: int = Field(
        5,
        ge=1,
        description="Database connections of one replica; times replicas must fit the server's limit.",
    )
    retention_days: int = Field(
        365,
        ge=1,
        description="Days that messages are kept; then they are deleted, and what the audit needs stays.",
    )
    source: Path | None = Field(
        None, description="Source tree that `up` builds the first release from; empty is the current folder."
    )


class ModelSettings(Section):
    """The language model; without a key the service answers offline."""

    api_key: SecretStr | None = Field(
        None,
        description="Key of an OpenAI-compatible endpoint; better in XIONG_MODEL__API_KEY than in a file.",
    )
    base_url: str = Field("https://api.openai.com/v1", description="Its address.")
    name: str = Field("gpt-4o-mini", description="The model that writes replies.")
    embeddings: bool = Field(False, description="Whether the endpoint embeds the knowledge base too.")
    daily_tokens: int = Field(
        2_000_000, ge=0, description="Tokens a day (Asia/Taipei); beyond them the offline responder answers."
    )


class ProxySettings(Section):
    """The one address that people reach."""

    bind: str = Field(
        "127.0.0.1", description="Address the proxy listens on; 0.0.0.0 opens it to the network."
    )
    port: int = Field(8080, ge=0, le=65535, description="Its port; 0 picks a free one and keeps it.")
    host: str = Field(
        "", description="Host name; when set, the proxy serves HTTPS for it on `port` and nothing in clear."
    )
    certificate: Path | None = Field(
        None, description="Certificate chain (PEM) for `host`; empty means ACME."
    )
    key: Path | None = Field(None, description="Private key (PEM) of `certificate`.")
    acme_directory: str = Field(
        "https://acme-v02.api.letsencrypt.org/directory", description="Where a certificate is asked for."
    )
    acme_email: str = Field("", description="Contact that the certificate authority may write to.")
    authority: Path | None = Field(
        None, description="CA file by which the tool checks `certificate`; empty is the system's."
    )
    acme_root: Path | None = Field(
        None, description="CA file to trust the ACME server by; empty is the system's."
    )

    @model_validator(mode="after")
    def _whole(self) -> ProxySettings:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key belong together: one of them is missing")
        if self.certificate is not None and not self.host:
            raise ValueError("a certificate needs the host name that it is for")
        return self


class DatabaseSettings(Section):
    """PostgreSQL; the local platform brings its own unless a URL is given."""

    port: int = Field(
        0, ge=0, le=65535, description="Port of the local server; 0 picks a free one and keeps it."
    )
    max_connections: int = Field(100, ge=20, description="Limit of the local server.")
    user: str = Field(
        "", description="System user that runs the local server when we are root; empty picks or makes one."
    )
    url: SecretStr | None = Field(
        None, description="postgresql:// URL of an external server, as the service."
    )
    owner_url: SecretStr | None = Field(None, description="The same, as the owner who migrates.")


class CacheSettings(Section):
    """Valkey; the local platform brings its own unless a URL is given."""

    port: int = Field(
        0, ge=0, le=65535, description="Port of the local server; 0 picks a free one and keeps it."
    )
    max_memory: str = Field(
        "128mb", description="Memory limit; beyond it writes are refused, nothing is evicted."
    )
    url: SecretStr | None = Field(None, description="redis:// URL of an external server.")


class DeploySettings(Section):
    """A rollout, its gate and its drain."""

    ready_seconds: float = Field(60, gt=0, description="How long a new replica may take to get ready.")
    propagation_seconds: float = Field(
        0.8,
        ge=0,
        description="How long the proxy may take to see that a replica drains (checks every 0.2 s).",
    )
    drain_seconds: float = Field(30, gt=0, description="How long requests in flight may take to end.")
    gate_requests: int = Field(
        40,
        ge=5,
        description="Least requests to a new replica before it is judged; the probe sends what lacks.",
    )
    gate_seconds: float = Field(
        30, gt=0, description="Longest time to gather them; beyond it the gate refuses."
    )
    gate_error_share: float = Field(0.02, ge=0, le=1, description="Most answers of 5xx.")
    gate_safe_share: float = Field(
        0.1, ge=0, le=1, description="Most replies by the safe text beyond the old release's share."
    )
    gate_latency_ratio: float = Field(
        2.0, ge=1, description="p95 of the new release over the old one's, at most."
    )
    gate_latency_floor: float = Field(
        0.5,
        ge=0,
        description="Seconds of p95 that are never too slow, so that 2 ms against 1 ms is no reason.",
    )
    probe_per_second: float = Field(
        10, gt=0, le=1000, description="Requests of the probe while a deploy runs."
    )
    keep_releases: int = Field(5, ge=2, description="Releases kept for a rollback.")
    lease_seconds: float = Field(30, gt=1, description="How long a lease outlives a holder that fell silent.")
    disk_free_mb: int = Field(500, ge=0, description="Least free disk space before a deploy begins.")


class PagingSettings(Section):
    """Who is called when somebody is in danger; the file is the service's own."""

    file: Path | None = Field(
        None,
        description="Contacts, rota, channels and escalation policy; without it pages are only shown, and "
        "outside development `status` says so.",
    )
    public_url: str = Field(
        "",
        description="Address under which people on call reach the proxy, for the links in pages; empty is "
        "the proxy's own.",
    )
    patience_minutes: float = Field(
        5,
        gt=0,
        description="How long a page of somebody in immediate danger may wait before `status` is unhealthy.",
    )


class ConsoleSettings(Section):
    """The web page for operators."""

    enabled: bool = Field(True, description="Whether `up` starts it.")
    bind: str = Field(
        "127.0.0.1",
        description="Address it listens on; it speaks plain HTTP, so that anything beyond this machine "
        "belongs behind a proxy with HTTPS.",
    )
    port: int = Field(0, ge=0, le=65535, description="Its port; 0 picks a free one and keeps it.")
    address: str = Field(
        "",
        pattern=r"^(https?://\S+)?$",
        description="Where operators open it, as `up` tells them; empty is `bind` and `port`.",
    )
    public_url: str = Field(
        "",
        pattern=r"^(https?://\S+)?$",
        description="Address under which people on call reach it; the sheet behind a page's link then leads "
        "to the case. Empty: the sheet says so in words.",
    )
    public_status: bool = Field(
        False, description="Whether /status tells everybody, without a login, how the service is."
    )


class WatchSettings(Section):
    """`xiong watch`, the daemon that looks after a copy."""

    enabled: bool = Field(True, description="Whether `up` starts it.")
    port: int = Field(0, ge=0, le=65535, description="Port of its metrics; 0 picks a free one and keeps it.")
    bind: str = Field(
        "127.0.0.1",
        description="Address its metrics are shown on; in a container all, since nothing is published there.",
    )
    cycle_seconds: float = Field(5, ge=0.2, description="Time from one look at everything to the next.")
    heartbeat_url: SecretStr | None = Field(
        None,
        description="Address that `watch` asks once a minute while it goes round; whoever stands behind it "
        "raises the alarm when it stays silent.",
    )


class MonitoringSettings(Section):
    """Prometheus and Alertmanager beside the local platform."""

    enabled: bool = Field(True, description="Whether `up` starts them where they are on PATH.")
    alertmanager_file: Path | None = Field(
        None,
        description="Alertmanager configuration of your own; empty takes the shipped routes, and every "
        "receiver is `xiong watch`, which logs and counts.",
    )
    runbooks_url: str = Field(
        "",
        description="Address under which people read docs/runbooks; each alert links to its page there. "
        "Empty: alerts have no link, and messages name the file, since a link that leads nowhere costs time.",
    )

    @field_validator("runbooks_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        """Without the slash at its end; Prometheus would replace a $ in it."""
        if value and not re.fullmatch(r"https?://[^\s/?#$][^\s?#$]*", value):
            raise ValueError("expected an address that begins with https:// or http://, without ?, # and $")
        return value.rstrip("/")


class Settings(Section):
    """Everything that can be set."""

    platform: Literal["local", "compose", "kubernetes"] = Field(
        "local",
        description="Where the service runs: plain processes, containers of a Docker engine, or a cluster.",
    )
    state: Path = Field(
        Path(".xiong"), description="Folder of a copy on this machine; another folder, another copy."
    )
    service: ServiceSettings = ServiceSettings()
    model: ModelSettings = ModelSettings()
    proxy: ProxySettings = ProxySettings()
    database: DatabaseSettings = DatabaseSettings()
    cache: CacheSettings = CacheSettings()
    compose: ComposeSettings = ComposeSettings()
    kubernetes: KubernetesSettings = KubernetesSettings()
    paging: PagingSettings = PagingSettings()
    deploy: DeploySettings = DeploySettings()
    watch: WatchSettings = WatchSettings()
    monitoring: MonitoringSettings = MonitoringSettings()
    console: ConsoleSettings = ConsoleSettings()
    health: HealthSettings = HealthSettings()
    recovery: RecoverySettings = RecoverySettings()
    notices: NoticesSettings = NoticesSettings()
    drills: DrillsSettings = DrillsSettings()
    backup: BackupSettings = BackupSettings()

    @property
    def streams_log(self) -> bool:
        """Whether the write-ahead log is received: of our own database, and where `watch` takes it away."""
        return self._log_leaves and self.backup.wal in {"stream", "synchronous"}

    @property
    def archives_log(self) -> bool:
        """Whether the server copies its log's segments away by itself."""
        return self._log_leaves and self.backup.wal == "archive"

    @property
    def _log_leaves(self) -> bool:
        ours = self.database.url is None and self.platform != "kubernetes"  # whose volumes are not ours
        return ours and self.watch.enabled and self.backup.enabled
