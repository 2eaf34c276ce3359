"""Settings of the Compose platform."""

from __future__ import annotations

from pydantic import Field

from xiong.config.section import Section


class ComposeSettings(Section):
    """Containers of one Docker engine."""

    subnet: str = Field(
        "",
        description="The copy's own network, a /24; empty picks a free one in 10.200 to 10.223 and keeps it.",
    )
    operations_image: str = Field(
        "",
        description="Image of the tool (proxy, watch, console), by digest; empty builds it from "
        "`service.source`.",
    )
    postgres_image: str = Field(
        "pgvector/pgvector:pg17",
        description="PostgreSQL with the vector extension; another major version needs a restore.",
    )
    valkey_image: str = Field("valkey/valkey:8-alpine", description="The cache.")
    prometheus_image: str = Field("prom/prometheus:v3.5.0", description="Prometheus.")
    alertmanager_image: str = Field("prom/alertmanager:v0.28.1", description="Alertmanager.")
    python_image: str = Field(
        "python:3.13-slim", description="What a built image stands on; a digest keeps it from moving."
    )
    build_timeout_seconds: float = Field(900, gt=0, description="How long building an image may take.")
    service_cpus: float = Field(1.0, gt=0, description="Processors of one replica, at most.")
    service_memory: str = Field("512m", description="Memory of one replica; more ends it.")
