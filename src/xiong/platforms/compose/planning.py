"""Which commands bringing a release up would run, for `--dry-run`; nothing is run or written."""

from __future__ import annotations

from xiong.model.release import Release
from xiong.platforms.base import PlannedCommand
from xiong.platforms.compose.composing import Composer


def plan(composer: Composer, release: Release | None, replicas: int) -> list[PlannedCommand]:
    """In the order in which they would be run."""
    settings = composer.project.settings
    started = ["proxy", *(["postgres"] if settings.database.url is None else [])]
    started += ["valkey"] if settings.cache.url is None else []
    up = ["up", "--detach", "--no-deps", "--no-build"]
    image = composer.image(release.id) if release else "RELEASE"
    migrate = ["docker", "run", "--rm", image, "python", "-m", "api.migrate", "upgrade", "--phase", "expand"]
    names = ["pager-0", *(f"api-{slot}" for slot in range(replicas))]
    watching = ["alertmanager", "prometheus"] if settings.monitoring.enabled else []
    watching += ["watch"] if settings.watch.enabled else []
    watching += ["console"] if settings.console.enabled else []
    return [
        PlannedCommand("services", composer.argv(*up, *started)),
        PlannedCommand("migrate", migrate),
        *(PlannedCommand(name, composer.argv(*up, name)) for name in (*names, *watching)),
    ]
