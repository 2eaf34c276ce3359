"""The proxy's configuration: fixed slots with active checks, so that a roll never reloads it.

A reload closes idle keep-alive connections and loses requests; slots that are up or down do not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from xiong.config.settings import ProxySettings

CHECK_SECONDS = 0.2
_LARGEST_BODY = 1024 * 1024
_HOTLINES = [
    {"name": "安心專線", "number": "1925"},
    {"name": "生命線", "number": "1995"},
    {"name": "警察", "number": "110"},
    {"name": "保護專線", "number": "113"},
]
_SAFE_BODY = orjson.dumps(
    {
        "error": {"code": "unavailable", "message": "the service does not answer now; try again"},
        "reply": "我現在暫時沒辦法回覆你，但你不是一個人。如果你正在危險中，請立刻撥打 110；"
        "想找人說說話，1925 安心專線與 1995 生命線 24 小時都有人接；遇到暴力請撥 113。",
        "hotlines": _HOTLINES,
    }
).decode()


@dataclass(frozen=True)
class Front:
    """What the proxy stands before.

    Attributes:
        listen: its own address.
        slots: the address of each replica that may ever run.
        deployment_id: what a replica of this copy calls its deployment.
        certificates: where it keeps what it fetches by ACME.
        path_of: where it finds a file of ours.
        console: address of the operators' page, where it stands before that too.
        console_listen: its own address for it.
    """

    listen: str
    slots: Sequence[str]
    deployment_id: str
    certificates: Path
    path_of: Callable[[Path], str] = lambda path: str(path.absolute())
    console: str = ""
    console_listen: str = ""


def configuration(settings: ProxySettings, front: Front) -> dict[str, Any]:
    """The whole configuration as Caddy's JSON."""
    server: dict[str, Any] = {
        "listen": [front.listen],
        "protocols": ["h1", "h2"],
        "automatic_https": {"disable": True},
        "routes": [_hidden("/metrics"), _forward(front)],
        "errors": {"routes": [{"handle": [_safe_answer()]}]},
    }
    apps: dict[str, Any] = {"http": {"grace_period": "30s", "servers": {"service": server}}}
    if front.console:
        apps["http"]["servers"]["console"] = _console(front)
    if settings.host:
        server["tls_connection_policies"] = [{}]
        apps["tls"] = _tls(settings, front)
        if not settings.certificate:
            server["automatic_https"] = {"disable_redirects": True}
            server["routes"][-1]["match"] = [{"host": [settings.host]}]
    return {
        "admin": {"disabled": True, "config": {"persist": False}},
        "storage": {"module": "file_system", "root": str(front.certificates)},
        "logging": {"logs": {"default": {"level": "WARN", "encoder": {"format": "json"}}}},
        "apps": apps,
    }


def _hidden(path: str) -> dict[str, Any]:
    """Metrics are for the scraper, never for the outside."""
    answer = {"handler": "static_response", "status_code": "404"}
    return {"match": [{"path": [path, f"{path}/*"]}], "handle": [answer], "terminal": True}


def _forward(front: Front) -> dict[str, Any]:
    proxy = {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": address} for address in front.slots],
        # Only a refused connection is tried again with another slot, never a request that was sent.
        "load_balancing": {
            "selection_policy": {"policy": "round_robin"},
            "try_duration": "3s",
            "try_interval": "50ms",
        },
        "health_checks": {
            "active": {
                "uri": "/api/v1/ready",
                "interval": f"{int(CHECK_SECONDS * 1000)}ms",
                "timeout": "1s",
                "expect_status": 200,
                # Somebody else's replica on a port of ours must not get our people's messages.
                "expect_body": f'"deployment":"{front.deployment_id}"',
            }
        },
        "transport": {
            "protocol": "http",
            "dial_timeout": "1s",
            "response_header_timeout": "60s",
            # Shorter than the replica's own 75 s, so that it never closes under our hands.
            "keep_alive": {"idle_timeout": "60s", "max_idle_conns_per_host": 128},
        },
    }
    return {"handle": [{"handler": "request_body", "max_size": _LARGEST_BODY}, proxy]}


def _console(front: Front) -> dict[str, Any]:
    """The operators' page, which speaks plain HTTP: for this machine alone, or behind a proxy with HTTPS."""
    forward = {"handler": "reverse_proxy", "upstreams": [{"dial": front.console}]}
    return {
        "listen": [front.console_listen],
        "automatic_https": {"disable": True},
        "routes": [{"handle": [forward]}],
    }


def _safe_answer() -> dict[str, Any]:
    return {
        "handler": "static_response",
        "status_code": "{http.error.status_code}",
        "headers": {"Content-Type": ["application/json; charset=utf-8"], "Retry-After": ["2"]},
        "body": _SAFE_BODY,
    }


def _tls(settings: ProxySettings, front: Front) -> dict[str, Any]:
    if settings.certificate and settings.key:
        # The tag changes with the file, so that `up` sees a renewed certificate as a new configuration.
        tag = hashlib.sha256(settings.certificate.read_bytes()).hexdigest()[:16]
        pair = {
            "certificate": front.path_of(settings.certificate),
            "key": front.path_of(settings.key),
            "tags": [tag],
        }
        return {"certificates": {"load_files": [pair]}}
    issuer: dict[str, Any] = {"module": "acme", "ca": settings.acme_directory, "email": settings.acme_email}
    if settings.acme_root:
        issuer["trusted_roots_pem_files"] = [front.path_of(settings.acme_root)]
    return {"automation": {"policies": [{"subjects": [settings.host], "issuers": [issuer]}]}}
