"""What ships with the tool beside its code: the monitoring configuration, the files for Docker, the
manifests.

One source of truth: `deployment/` of a clone; the wheel carries a copy of it inside the package.
Read by the platforms, by `xiong watch`, `xiong prove` and `xiong init`. Also makes the
receivers and links of the monitoring a copy's own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import yaml

import xiong
from xiong.errors import ConfigurationError

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PACKAGE = Path(xiong.__file__).parent


def folder() -> Path:
    """Where the monitoring files lie.

    Raises:
        ConfigurationError: neither the package nor a clone around it has them.
    """
    return _folder("monitoring", "prometheus/rules")


def docker() -> Path:
    """Where compose.yaml and the Dockerfile lie.

    Raises:
        ConfigurationError: neither the package nor a clone around it has them.
    """
    return _folder("docker", "compose.yaml")


def kubernetes() -> Path:
    """Where the manifests lie that Kustomize has put together, one file for each overlay.

    Raises:
        ConfigurationError: neither the package nor a clone around it has them.
    """
    return _folder("kubernetes/rendered", "production.yaml")


def by_hand(platform: str) -> tuple[Path, ...]:
    """The files by which people run a platform without `xiong`; none where they cannot.

    Raises:
        ConfigurationError: neither the package nor a clone around it has them.
    """
    return (docker() / "compose.yaml", docker() / ".env.example") if platform == "compose" else ()


def _folder(name: str, holds: str) -> Path:
    for found in (_PACKAGE / name, _PACKAGE.parents[1] / "deployment" / name):
        if (found / holds).exists():
            return found
    raise ConfigurationError(
        f"the files of {name} are missing: neither {_PACKAGE}/{name} nor a clone has them",
        hint="install the wheel again, or run it from a clone",
    )


def rule_files() -> list[Path]:
    """Recording and alerting rules."""
    return sorted((folder() / "prometheus" / "rules").glob("*.yml"))


def groups() -> list[dict[str, Any]]:
    """All rule groups."""
    return [group for file in rule_files() for group in load(file)["groups"]]


def alert_names() -> list[str]:
    """Each alert's name once, sorted."""
    return sorted({rule["alert"] for group in groups() for rule in group["rules"] if "alert" in rule})


@cache
def load(file: Path) -> Any:
    """A YAML file, read once; nobody changes what it gives."""
    return yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - both are safe loaders


def with_runbooks(document: dict[str, Any], url: str) -> dict[str, Any]:
    """A Prometheus configuration whose alerts link to their runbooks below that address; empty, to none."""
    whole = document["global"]
    labels = {**whole["external_labels"], "runbooks": url}
    return {**document, "global": {**whole, "external_labels": labels}}


def with_receivers(document: dict[str, Any], url_of: Callable[[str], str]) -> dict[str, Any]:
    """An Alertmanager configuration whose routes are as they were, and whose receivers are webhooks.

    Args:
        document: a whole configuration.
        url_of: gives the address for the name of a receiver.
    """
    kept = {key: value for key, value in document.items() if key not in {"global", "templates", "receivers"}}
    receivers = [_webhook(receiver, url_of) for receiver in document["receivers"]]
    return {**kept, "receivers": receivers}


def _webhook(receiver: dict[str, Any], url_of: Callable[[str], str]) -> dict[str, Any]:
    """One webhook in place of all ways of a receiver; it hears of the end where any of them did."""
    ways = [way for key, ways in receiver.items() if key.endswith("_configs") for way in ways]
    resolved = any(way.get("send_resolved", True) for way in ways)
    name = receiver["name"]
    return {"name": name, "webhook_configs": [{"url": url_of(name), "send_resolved": resolved}]}
