"""Where the API server keeps each kind of object that this platform asks for."""

from __future__ import annotations

from dataclasses import dataclass

from xiong.errors import PlatformError


@dataclass(frozen=True)
class Kind:
    """One kind.

    Attributes:
        version: its API group and version.
        plural: as the path names it.
        namespaced: whether it lies in a namespace.
    """

    version: str
    plural: str
    namespaced: bool = True

    def path(self, namespace: str, name: str = "", subresource: str = "") -> str:
        """Of one object, or of all of them."""
        base = f"/api/{self.version}" if "/" not in self.version else f"/apis/{self.version}"
        room = f"/namespaces/{namespace}" if self.namespaced else ""
        rest = "".join(f"/{part}" for part in (self.plural, name, subresource) if part)
        return f"{base}{room}{rest}"


_KINDS = {
    "APIService": Kind("apiregistration.k8s.io/v1", "apiservices", namespaced=False),
    "ConfigMap": Kind("v1", "configmaps"),
    "CronJob": Kind("batch/v1", "cronjobs"),
    "Deployment": Kind("apps/v1", "deployments"),
    "Event": Kind("v1", "events"),
    "HorizontalPodAutoscaler": Kind("autoscaling/v2", "horizontalpodautoscalers"),
    "Ingress": Kind("networking.k8s.io/v1", "ingresses"),
    "Job": Kind("batch/v1", "jobs"),
    "Lease": Kind("coordination.k8s.io/v1", "leases"),
    "Namespace": Kind("v1", "namespaces", namespaced=False),
    "NetworkPolicy": Kind("networking.k8s.io/v1", "networkpolicies"),
    "Node": Kind("v1", "nodes", namespaced=False),
    "PersistentVolume": Kind("v1", "persistentvolumes", namespaced=False),
    "PersistentVolumeClaim": Kind("v1", "persistentvolumeclaims"),
    "Pod": Kind("v1", "pods"),
    "PodDisruptionBudget": Kind("policy/v1", "poddisruptionbudgets"),
    "ReplicaSet": Kind("apps/v1", "replicasets"),
    "Role": Kind("rbac.authorization.k8s.io/v1", "roles"),
    "RoleBinding": Kind("rbac.authorization.k8s.io/v1", "rolebindings"),
    "Secret": Kind("v1", "secrets"),
    "Service": Kind("v1", "services"),
    "ServiceAccount": Kind("v1", "serviceaccounts"),
    "StatefulSet": Kind("apps/v1", "statefulsets"),
    "StorageClass": Kind("storage.k8s.io/v1", "storageclasses", namespaced=False),
}


def kind_of(name: str, version: str = "") -> Kind:
    """What is known of a kind; with a version, also one that is not in the table.

    Raises:
        PlatformError: it is not known.
    """
    known = _KINDS.get(name)
    if known is not None and version in {"", known.version}:
        return known
    if not version:
        raise PlatformError(f"no kind {name} is known here: expected one of {', '.join(_KINDS)}")
    ending = "ies" if name.endswith("y") else "es" if name.endswith("s") else "s"
    stem = name[:-1] if name.endswith("y") else name
    return Kind(
        version, (stem + ending).lower(), namespaced=name == "Cluster" or not name.startswith("Cluster")
    )
