"""`xiong watch` in the cluster: its image, its settings, its Deployment. Called by the adapter.

A copy serves without it, so none of its faults stops `up`.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xiong.config.dump import to_toml
from xiong.config.settings import Settings
from xiong.errors import XiongError
from xiong.platforms.base import Progress
from xiong.platforms.kubernetes import manifests, objects, services
from xiong.platforms.kubernetes.cluster import Cluster, Object
from xiong.platforms.kubernetes.images import ReleaseImages
from xiong.platforms.kubernetes.objects import Running

NAME, PORT = "xiongichat-watch", 9108
_FOLDER = "/run/xiong/settings"
_STATE = Path("/var/lib/xiong/state")
_READY_SECONDS = 120.0
_OPERATORS_OWN = (("kubernetes", "kubeconfig"), ("proxy", "certificate"), ("proxy", "key"))
"""Files that the pod must not have: it asks the cluster by an account of its own, and ends no TLS."""
_EVERYWHERE = "0.0.0.0"  # noqa: S104 - of its own pod


async def start(
    cluster: Cluster, found: list[Object], images: ReleaseImages, settings: Settings, progress: Progress
) -> None:
    """Starts it, makes it anew where something changed, or removes it where it should not run."""
    if not settings.watch.enabled:
        await cluster.delete("Deployment", NAME)
        return
    try:
        await _start(cluster, found, images, settings, progress)
        progress("watch runs")
    except XiongError as error:
        progress(f"watch does not come up, the service runs without it: {error.message}")


async def _start(
    cluster: Cluster, found: list[Object], images: ReleaseImages, settings: Settings, progress: Progress
) -> None:
    image = await images.operations(settings.service.source or Path(), progress)
    given = files(settings)
    digest = hashlib.sha256(repr(sorted(given.items())).encode()).hexdigest()[:10]
    name = f"{NAME}-settings-{digest}"
    await cluster.apply(objects.secret(name, given))
    shipped = reading(manifests.deployment(found, "watch"), name)
    release = f"watch-{image.rpartition(':')[2][:12]}"
    await cluster.apply(objects.released(shipped, Running(release, image, digest)))
    await services.await_up(cluster, NAME, kind="Deployment", seconds=_READY_SECONDS)
    for old in await cluster.list("Secret", {"app.kubernetes.io/part-of": "xiongichat"}):
        earlier = old["metadata"]["name"]
        if earlier.startswith(f"{NAME}-settings-") and earlier != name:
            await cluster.delete("Secret", earlier)


def reading(shipped: Object, secret: str) -> Object:
    """The Deployment whose settings come from that Secret, since they may hold passwords."""
    found = copy.deepcopy(shipped)
    volume = {"name": "settings", "secret": {"secretName": secret, "defaultMode": 0o440}}
    pod = found["spec"]["template"]["spec"]
    pod["volumes"] = [volume if one["name"] == "settings" else one for one in pod["volumes"]]
    return found


def files(settings: Settings) -> dict[str, bytes]:
    """The copy's settings as `watch` reads them in its pod, with each file that they name beside them."""
    beside: dict[str, bytes] = {}
    said = settings.model_dump(exclude_unset=True)
    for part, name in _OPERATORS_OWN:
        said.get(part, {}).pop(name, None)
    document = _seen(said, beside)
    document["watch"] = {**document.get("watch", {}), "bind": _EVERYWHERE, "port": PORT}
    document["kubernetes"] = {**document.get("kubernetes", {}), "context": ""}
    own = Settings.model_validate({**document, "platform": "kubernetes", "state": _STATE})
    return {**beside, "settings.toml": to_toml(own).encode()}


def _seen(document: Mapping[str, Any], beside: dict[str, bytes]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, Mapping):
            found[name] = _seen(value, beside)
        elif isinstance(value, Path):
            if value.is_file():
                mark = hashlib.sha256(str(value.absolute()).encode()).hexdigest()[:8]
                beside[f"{mark}-{value.name}"] = value.read_bytes()
                found[name] = Path(_FOLDER) / f"{mark}-{value.name}"
        else:
            found[name] = value
    return found
