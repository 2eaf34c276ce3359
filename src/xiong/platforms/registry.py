"""The one place that knows every platform by name."""

from __future__ import annotations

from importlib import import_module

from xiong.config.settings import Settings
from xiong.errors import UsageError
from xiong.platforms.base import Platform

PLATFORMS = {
    "local": "xiong.platforms.local.adapter:LocalPlatform",
    "compose": "xiong.platforms.compose.adapter:ComposePlatform",
    "kubernetes": "xiong.platforms.kubernetes.adapter:KubernetesPlatform",
}
"""{name: module and class}. Read only where it is used: a cluster's client takes as long as all the rest."""


def platform_for(settings: Settings) -> Platform:
    """The platform that the settings name.

    Raises:
        UsageError: there is none of that name.
    """
    named = PLATFORMS.get(settings.platform)
    if named is None:
        raise UsageError(f"no platform {settings.platform}: expected one of {', '.join(sorted(PLATFORMS))}")
    module, _, name = named.partition(":")
    made: Platform = getattr(import_module(module), name)(settings)
    return made
