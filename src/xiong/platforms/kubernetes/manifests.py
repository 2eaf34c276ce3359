"""The shipped manifests, or the user's own, as a copy's: its namespace, its host, its settings.

Kustomize has put them together already (`python -m deployment.kubernetes`); everything here is a function of
objects and settings, and asks nobody. Used by `rendering` and by what applies a part of them.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import orjson
import yaml

from xiong.config.kubernetes import KubernetesSettings
from xiong.config.settings import Settings
from xiong.errors import ConfigurationError
from xiong.platforms import shipped
from xiong.platforms.kubernetes.cluster import Object
from xiong.platforms.kubernetes.kinds import kind_of
from xiong.platforms.onehost import servers

CONFIG = "xiongichat-config"
PAGING = "/run/xiong/config/paging.yaml"
_ROLLED = frozenset({"xiongichat-api", "xiongichat-pager", "xiongichat-watch"})
_ORDER = (
    "Namespace",
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "ConfigMap",
    "PersistentVolumeClaim",
    "Service",
)
_FILES_OF = {"postgres": "xiongichat-database"}
_BEFORE_STOP_SECONDS, _AFTER_DRAIN_SECONDS = 5, 10
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load(settings: KubernetesSettings) -> list[Object]:
    """Every object, in this copy's namespace.

    Raises:
        ConfigurationError: the file is no list of objects.
    """
    file = settings.manifests or shipped.kubernetes() / f"{settings.overlay}.yaml"
    found = _read(file)
    was = _namespace(found)
    for one in found:
        _move(one, was=was, now=settings.namespace)
        _fit(one, settings)
    return found


def services(found: list[Object]) -> list[Object]:
    """What is applied before any release: all but the three Deployments that a roll or `watch` owns."""
    rolled = {("Deployment", name) for name in _ROLLED}
    wanted = [one for one in found if (one["kind"], one["metadata"]["name"]) not in rolled]
    return sorted(wanted, key=lambda one: _ORDER.index(one["kind"]) if one["kind"] in _ORDER else len(_ORDER))


def deployment(found: list[Object], component: str) -> Object:
    """The Deployment `xiongichat-COMPONENT`.

    Raises:
        ConfigurationError: there is none.
    """
    name = f"xiongichat-{component}"
    for one in found:
        if (one["kind"], one["metadata"]["name"]) == ("Deployment", name):
            return one
    raise ConfigurationError(
        f"the manifests have no Deployment {name}",
        hint="kustomize build OVERLAY > FILE   (an overlay of base/; kubernetes.manifests names FILE)",
    )


def config_data(settings: Settings, deployment_id: str) -> dict[str, str]:
    """What of the settings the service reads, as far as somebody set it; else the manifests' own stands.

    Raises:
        ConfigurationError: the paging file cannot be read.
    """
    environment = servers.service_environment(
        settings,
        {},
        deployment_id=deployment_id,
        spool="",
        paging_file=PAGING if settings.paging.file else "",
        release_id="",
        public_url=f"https://{settings.kubernetes.host}" if settings.kubernetes.host else "",
    )
    wanted = {name for name, (part, field) in _SET_BY.items() if field in _set(settings, part)}
    wanted |= {name for name in ("PUBLIC_URL", "CONSOLE_URL", "PAGING_FILE") if environment.get(name)}
    data = {name: value for name, value in environment.items() if name in wanted}
    if settings.paging.file is not None:
        data["paging.yaml"] = _text(settings.paging.file)
    return data


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"paging.file cannot be read: {error}", hint="set paging.file") from error


_SET_BY = {
    "ENVIRONMENT": ("service", "environment"),
    "RATE_LIMIT": ("service", "rate_limit"),
    "RETENTION_DAYS": ("service", "retention_days"),
    "DATABASE_POOL_SIZE": ("service", "database_pool"),
    "OPENAI_BASE_URL": ("model", "base_url"),
    "OPENAI_MODEL": ("model", "name"),
    "OPENAI_EMBEDDINGS": ("model", "embeddings"),
    "MODEL_DAILY_TOKENS": ("model", "daily_tokens"),
}


def _set(settings: Settings, part: str) -> set[str]:
    return set(getattr(settings, part).model_fields_set)


def configured(found: list[Object], data: Mapping[str, str]) -> list[Object]:
    """The same with this data in the service's ConfigMap, named anew by its content; references follow.

    Raises:
        ConfigurationError: there is none, so that nothing of the data would reach the service.
    """
    whole = copy.deepcopy(found)
    if not data:
        return whole
    for one in whole:
        name = one["metadata"]["name"]
        if one["kind"] == "ConfigMap" and name.startswith(CONFIG):
            one["data"] = {**(one.get("data") or {}), **data}
            told = orjson.dumps(one["data"], option=orjson.OPT_SORT_KEYS)
            renamed = f"{CONFIG}-{hashlib.sha256(told).hexdigest()[:10]}"
            return [_renamed(other, name, renamed) for other in whole]
    raise ConfigurationError(
        f"the manifests have no ConfigMap {CONFIG}: expected one for {', '.join(sorted(data))}",
        hint="keep the configMapGenerator of base/ in your overlay",
    )


def without_stores(found: list[Object], stores: Collection[str]) -> list[Object]:
    """The same without these data stores (`postgres`, `valkey`), which run elsewhere."""
    names = {name for store in stores for name in (store, _FILES_OF.get(store, store))}
    return [one for one in found if not _is_of_store(one, names)]


def _is_of_store(one: Object, names: Collection[str]) -> bool:
    kind, name = one["kind"], one["metadata"]["name"]
    if kind == "ConfigMap":  # a hash follows
        name = name.rpartition("-")[0]
    return kind in {"ConfigMap", "NetworkPolicy", "Service", "StatefulSet"} and name in names


def drained(found: list[Object], seconds: float) -> list[Object]:
    """The same, where a replica has so many seconds for what is in flight."""
    whole = copy.deepcopy(found)
    pod = deployment(whole, "api")["spec"]["template"]["spec"]
    container = pod["containers"][0]
    container["args"] = [
        f"--timeout-graceful-shutdown={max(1, int(seconds))}"
        if word.startswith("--timeout-graceful")
        else word
        for word in container["args"]
    ]
    pod["terminationGracePeriodSeconds"] = round(seconds) + _BEFORE_STOP_SECONDS + _AFTER_DRAIN_SECONDS
    return whole


def _read(file: Path) -> list[Object]:
    try:
        text = file.read_text(encoding="utf-8")
        documents = [one for one in yaml.load_all(text, Loader=_LOADER) if one]
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(
            f"{file} cannot be read: {error}", hint="kustomize build OVERLAY > FILE"
        ) from error
    for one in documents:
        if not isinstance(one, dict) or not {"apiVersion", "kind", "metadata"} <= one.keys():
            raise ConfigurationError(
                f"{file} holds what is no object of Kubernetes; expected: the output of `kustomize build`"
            )
    return documents


def _namespace(found: list[Object]) -> str:
    """In which the manifests were put together."""
    named = [one["metadata"]["name"] for one in found if one["kind"] == "Namespace"]
    placed = [one["metadata"].get("namespace", "") for one in found if one["kind"] == "Deployment"]
    return str(next((name for name in (*named, *placed) if name), ""))


def _move(one: Object, *, was: str, now: str) -> None:
    """From the manifests' namespace to the copy's; what lies in a third one stays there."""
    metadata = one["metadata"]
    if one["kind"] == "Namespace":
        metadata["name"] = now if metadata["name"] == was else metadata["name"]
    elif "namespace" in metadata or kind_of(one["kind"], one["apiVersion"]).namespaced:
        metadata["namespace"] = _moved(metadata.get("namespace"), was, now)
    for subject in one.get("subjects") or ():
        if subject["kind"] == "ServiceAccount":  # users and groups are in none
            subject["namespace"] = _moved(subject.get("namespace"), was, now)
    if one["kind"] == "APIService" and "service" in one["spec"]:
        service = one["spec"]["service"]
        service["namespace"] = _moved(service.get("namespace"), was, now)


def _moved(namespace: str | None, was: str, now: str) -> str:
    return now if namespace in {None, "", was} else str(namespace)


def _fit(one: Object, settings: KubernetesSettings) -> None:
    if one["kind"] == "Ingress":
        _place_ingress(one["spec"], settings)
    elif one["kind"] == "StatefulSet":
        _place_set(one, settings)


def _place_ingress(spec: Object, settings: KubernetesSettings) -> None:
    if settings.ingress_class:
        spec["ingressClassName"] = settings.ingress_class
    if settings.host:
        for rule in spec["rules"]:
            rule["host"] = settings.host
        for tls in spec.get("tls", ()):
            tls["hosts"] = [settings.host]


def _place_set(one: Object, settings: KubernetesSettings) -> None:
    if settings.storage_class:
        for claim in one["spec"].get("volumeClaimTemplates", ()):
            claim["spec"]["storageClassName"] = settings.storage_class
    if settings.database_user and one["metadata"]["name"] == "postgres":
        user = dict.fromkeys(("runAsUser", "runAsGroup", "fsGroup"), settings.database_user)
        one["spec"]["template"]["spec"]["securityContext"] |= user


def _renamed(value: Any, name: str, renamed: str) -> Any:
    """The same with another name wherever it stands as a whole."""
    if isinstance(value, dict):
        return {key: _renamed(inner, name, renamed) for key, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, name, renamed) for inner in value]
    return renamed if value == name else value
