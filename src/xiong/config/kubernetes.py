"""Settings of the Kubernetes platform."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from xiong.config.section import Section


class KubernetesSettings(Section):
    """One namespace of a cluster, 1.30 or newer."""

    kubeconfig: Path | None = Field(
        None,
        description="Who asks the cluster; empty is KUBECONFIG, ~/.kube/config, or the pod's own account.",
    )
    context: str = Field("", description="Which context of it; empty is its current one.")
    namespace: str = Field(
        "xiongichat",
        pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$",
        description="Where the copy lives; another namespace, another copy.",
    )
    overlay: Literal["staging", "production"] = Field(
        "staging",
        description="The shipped manifests: with stores of their own and 1 to 2 replicas, or with managed "
        "stores and 3 to 10.",
    )
    manifests: Path | None = Field(
        None, description="Manifests of your own in their place: what `kustomize build` printed."
    )
    host: str = Field("", description="Name under which people reach the ingress; empty is the manifests'.")
    address: str = Field(
        "",
        pattern=r"^(https?://[^\s/]+)?$",
        description="Where this tool reaches the ingress controller, e.g. http://192.0.2.7; empty is what "
        "the Ingress says of itself.",
    )
    ingress_class: str = Field("", description="Which controller takes the Ingress; empty is the default.")
    registry: str = Field(
        "",
        description="Where built images are pushed, e.g. registry.example.org/xiong; nodes pull from there.",
    )
    operations_image: str = Field(
        "", description="Image of the tool for `watch`, by digest; empty builds it from `service.source`."
    )
    storage_class: str = Field("", description="For the volumes of the stores; empty is the default class.")
    database_user: int = Field(
        0, ge=0, description="User id of PostgreSQL in its image; 0 is the manifests' (999)."
    )
