"""The one place that knows every platform by name."""

from __future__ import annotations

from collections.abc import Callable

from xiong.config.settings import Settings
from xiong.errors import UsageError
from xiong.platforms.base import Platform
from xiong.platforms.compose.adapter import ComposePlatform
from xiong.platforms.kubernetes.adapter import KubernetesPlatform
from xiong.platforms.local.adapter import LocalPlatform

PLATFORMS: dict[str, Callable[[Settings], Platform]] = {
    "local": LocalPlatform,
    "compose": ComposePlatform,
    "kubernetes": KubernetesPlatform,
}


def platform_for(settings: Settings) -> Platform:
    """The platform that the settings name.

    Raises:
        UsageError: there is none of that name.
    """
    make = PLATFORMS.get(settings.platform)
    if make is None:
        raise UsageError(f"no platform {settings.platform}: expected one of {', '.join(sorted(PLATFORMS))}")
    return make(settings)
