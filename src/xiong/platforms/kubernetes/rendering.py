"""The shipped manifests as this copy's own: with its settings, and a release put in; for the adapter."""

from __future__ import annotations

import copy

from xiong.config.settings import Settings
from xiong.errors import PlatformError
from xiong.platforms.kubernetes import manifests, objects
from xiong.platforms.kubernetes.cluster import Cluster, Object
from xiong.platforms.kubernetes.objects import Running
from xiong.platforms.kubernetes.secrets import ClusterSecrets

_AUTOSCALER = "xiongichat-api-hpa"
_SERVERS_OWN = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid")


class Rendering:
    """Makes the objects of one copy; reads the manifests once."""

    def __init__(self, settings: Settings, cluster: Cluster, secrets: ClusterSecrets) -> None:
        self._settings = settings
        self._cluster = cluster
        self._secrets = secrets
        self._found: list[Object] = []

    def shipped(self) -> list[Object]:
        """Every object, before a release is put in."""
        if not self._found:
            data = manifests.config_data(self._settings, self._cluster.namespace)
            own = manifests.without_stores(manifests.load(self._settings.kubernetes), self._elsewhere())
            found = manifests.configured(own, data)
            if "drain_seconds" in self._settings.deploy.model_fields_set:
                found = manifests.drained(found, self._settings.deploy.drain_seconds)
            self._found = found
        return copy.deepcopy(self._found)

    def _elsewhere(self) -> list[str]:
        """The data stores that the settings say are somebody else's."""
        urls = {"postgres": self._settings.database.url, "valkey": self._settings.cache.url}
        return [store for store, url in urls.items() if url is not None]

    def autoscaler(self) -> Object | None:
        """The service's, if there is one."""
        named = (o for o in self.shipped() if o["metadata"]["name"] == _AUTOSCALER)
        return next(named, None)

    async def release(self, release_id: str, image: str) -> tuple[Object, Object]:
        """The Deployments of the pager and of the service with that release."""
        if self._cluster.inside:
            return await self._live("pager", release_id, image), await self._live("api", release_id, image)
        running = Running(release_id, image, await self._secrets.publish())
        pager, api = (manifests.deployment(self.shipped(), name) for name in ("pager", "api"))
        return objects.released(pager, running), objects.released(api, running)

    async def _live(self, component: str, release_id: str, image: str) -> Object:
        """Inside, where the secrets are not known: what stands, and only the release changes.

        Raises:
            PlatformError: nothing stands.
        """
        name = f"xiongichat-{component}"
        found = await self._cluster.get("Deployment", name)
        if found is None:
            raise PlatformError(f"there is no Deployment {name}", hint="xiong up   (from outside)")
        standing: Object = {k: v for k, v in found.items() if k != "status"}
        standing["metadata"] = {k: v for k, v in found["metadata"].items() if k not in _SERVERS_OWN}
        labels = found["spec"]["template"]["metadata"]["labels"]
        if labels.get("xiong.release") == release_id:
            standing["spec"] = {k: v for k, v in standing["spec"].items() if k != "replicas"}
            return standing
        return objects.released(standing, Running(release_id, image, "kept"))
