"""What bringing a release up would ask the API server for, for `--dry-run`; nothing is asked or written."""

from __future__ import annotations

from xiong.config.settings import Settings
from xiong.model.release import Release
from xiong.platforms.base import PlannedCommand
from xiong.platforms.kubernetes import manifests
from xiong.platforms.kubernetes.cluster import Object
from xiong.platforms.kubernetes.kinds import kind_of

_APPLY = ("PATCH", "application/apply-patch+yaml")


def plan(
    found: list[Object], settings: Settings, release: Release | None, replicas: int
) -> list[PlannedCommand]:
    """In the order in which it would be asked."""
    namespace = settings.kubernetes.namespace
    wanted = manifests.services(found)
    planned = [PlannedCommand("services", [*_APPLY, path(one, namespace)]) for one in wanted]
    job = kind_of("Job").path(namespace)
    name = release.id if release else "RELEASE"
    planned.append(PlannedCommand("migrate", ["POST", job, "python -m api.migrate upgrade --phase expand"]))
    for component in ("pager", "api"):
        where = path(manifests.deployment(found, component), namespace)
        planned.append(PlannedCommand(component, [*_APPLY, where, name]))
    scale = f"{path(manifests.deployment(found, 'api'), namespace)}/scale"
    planned.append(PlannedCommand("replicas", ["PATCH", scale, str(replicas)]))
    if settings.watch.enabled:
        planned.append(
            PlannedCommand("watch", [*_APPLY, path(manifests.deployment(found, "watch"), namespace)])
        )
    return planned


def path(one: Object, namespace: str) -> str:
    """Where the API server keeps an object."""
    return kind_of(one["kind"], one["apiVersion"]).path(namespace, one["metadata"]["name"])
