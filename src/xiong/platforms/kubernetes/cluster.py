"""The API server, as far as this platform asks it: objects, logs, a command in a pod, a port of a pod.

kr8s finds the account and its certificates; what is said beyond that is plain HTTP, so that no second client
(`kubectl`) is needed. Used by everything in this folder.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import weakref
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from xiong.config.kubernetes import KubernetesSettings
from xiong.platforms.kubernetes.channels import Forward, execute
from xiong.platforms.kubernetes.kinds import kind_of
from xiong.platforms.kubernetes.session import ConflictError as ConflictError
from xiong.platforms.kubernetes.session import MissingError as MissingError
from xiong.platforms.kubernetes.session import Session, refused

Object = dict[str, Any]
_PAGE = 200
_READ_OF_EVENT = frozenset(
    ("kind", "metadata", "involvedObject", "reason", "message", "eventTime", "lastTimestamp")
)
_UNREAD_OF_POD = ("volumes", "tolerations", "affinity", "topologySpreadConstraints")
_UNREAD_OF_CONTAINER = ("env", "volumeMounts", "lifecycle", "startupProbe", "livenessProbe", "readinessProbe")
_OWNER = "xiong"
_MANY_FORWARDS = 32
_MERGE, _APPLY = "application/merge-patch+json", "application/apply-patch+yaml"
_OWN_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


class Cluster:
    """One namespace of a cluster."""

    def __init__(self, settings: KubernetesSettings) -> None:
        """Opens nothing yet."""
        self._settings = settings
        self._session = Session(settings, at_end=self.close)
        self._forwards: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, int], Forward]]
        self._forwards = weakref.WeakKeyDictionary()

    @property
    def inside(self) -> bool:
        """Whether we run in a pod of this very namespace, by its account."""
        named = self._settings.kubeconfig is not None or "KUBECONFIG" in os.environ
        if named or not _OWN_NAMESPACE.is_file():
            return False
        return _OWN_NAMESPACE.read_text().strip() == self.namespace

    @property
    def namespace(self) -> str:
        """Where the copy lives."""
        return self._settings.namespace

    async def version(self) -> tuple[int, int]:
        """Major and minor of the API server."""
        told = await self._session.ask("GET", "/version", "asking the cluster for its version")
        return int(told["major"]), int(told["minor"].rstrip("+"))

    async def get(self, kind: str, name: str) -> Object | None:
        """The object; None where it is not there."""
        path = kind_of(kind).path(self.namespace, name)
        return await self._session.ask("GET", path, f"reading {kind} {name}", gone=True) or None

    async def list(self, kind: str, labels: Mapping[str, str] | None = None) -> list[Object]:
        """All of a kind, or those with these labels; of a pod what tells how it is (see `_lean`)."""
        chosen = ",".join(f"{name}={value}" for name, value in (labels or {}).items())
        parameters = {"limit": str(_PAGE)} | ({"labelSelector": chosen} if chosen else {})
        path, items = kind_of(kind).path(self.namespace), []
        while True:
            found = await self._session.ask("GET", path, f"listing {kind}", parameters=parameters)
            items += [_lean({"kind": kind, **item}) for item in found["items"]]
            parameters["continue"] = found.get("metadata", {}).get("continue", "")
            if not parameters["continue"]:
                return items

    async def apply(self, wanted: Object, *, dry_run: bool = False) -> Object:
        """Server-side apply: what `wanted` names becomes ours, everything else stays.

        Raises:
            PlatformError: the API server refuses it; its reason is in the message.
        """
        name = wanted["metadata"]["name"]
        parameters = {"fieldManager": _OWNER, "force": "true"}
        if dry_run:
            parameters["dryRun"] = "All"
        what = f"applying {wanted['kind']} {name}"
        path = self._path(wanted, name)
        return await self._session.ask("PATCH", path, what, body=wanted, media=_APPLY, parameters=parameters)

    async def create(self, wanted: Object) -> Object:
        """Makes it, and the namespace where that is missing: what `up` notes first comes before all else.

        Raises:
            ConflictError: it is there.
        """
        path = self._path(wanted)
        what = f"creating {wanted['kind']} {wanted['metadata']['name']}"
        parameters = {"fieldManager": _OWNER}
        for first in (True, False):
            try:
                return await self._session.ask("POST", path, what, body=wanted, parameters=parameters)
            except MissingError:
                if not first or f"/namespaces/{self.namespace}/" not in path:
                    raise
            with contextlib.suppress(ConflictError):
                await self.create(
                    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}}
                )
        raise AssertionError("the second round returns or raises")

    async def replace(self, wanted: Object) -> Object:
        """Puts it in the place of the one whose resourceVersion it names.

        Raises:
            ConflictError: that was changed meanwhile.
        """
        name = wanted["metadata"]["name"]
        path = self._path(wanted, name)
        return await self._session.ask("PUT", path, f"replacing {wanted['kind']} {name}", body=wanted)

    async def patch(self, kind: str, name: str, change: Object, *, subresource: str = "") -> Object:
        """A JSON merge patch: only what `change` names is changed."""
        path = kind_of(kind).path(self.namespace, name, subresource)
        return await self._session.ask("PATCH", path, f"changing {kind} {name}", body=change, media=_MERGE)

    async def delete(self, kind: str, name: str, *, grace_seconds: int | None = None) -> None:
        """Asks for its end, and of what belongs to it; not an error where it is gone."""
        body: Object = {"propagationPolicy": "Background"}
        if grace_seconds is not None:
            body["gracePeriodSeconds"] = grace_seconds
        path = kind_of(kind).path(self.namespace, name)
        await self._session.ask("DELETE", path, f"deleting {kind} {name}", body=body, gone=True)

    async def log(
        self,
        pod: str,
        *,
        container: str | None = None,
        follow: bool = False,
        tail: int | None = None,
        previous: bool = False,
    ) -> AsyncIterator[bytes]:
        """The lines that a container printed; none where the pod is gone or has not begun."""
        wanted = {"container": container, "tailLines": None if tail is None else str(tail)}
        flags = {"follow": follow, "previous": previous}
        parameters = {name: value for name, value in wanted.items() if value is not None}
        parameters |= {name: "true" for name, value in flags.items() if value}
        path, what = kind_of("Pod").path(self.namespace, pod, "log"), f"reading the log of {pod}"
        async with self._session.read(path, what, parameters, endless=follow) as answer:
            if answer.is_error:
                await answer.aread()
                if answer.status_code in {httpx.codes.BAD_REQUEST, httpx.codes.NOT_FOUND}:
                    return
                raise refused(what, answer)
            kept = b""
            async for chunk in answer.aiter_bytes():
                *lines, kept = (kept + chunk).split(b"\n")
                for line in lines:
                    yield line
            if kept:
                yield kept

    async def execute(
        self, pod: str, container: str, argv: Sequence[str], stdin: bytes = b""
    ) -> tuple[int, bytes, bytes]:
        """Runs a command in a container; returns exit code, stdout, stderr. For operators alone."""
        path = kind_of("Pod").path(self.namespace, pod, "exec")
        return await execute(await self._session.api(), path, container, argv, stdin)

    async def forward(self, pod: str, port: int) -> int:
        """A port of the loopback that leads to a pod's, as long as this process asks through it."""
        api = await self._session.api()
        known = self._forwards.setdefault(asyncio.get_running_loop(), {})
        if (pod, port) not in known:
            if len(known) >= _MANY_FORWARDS:
                await self._forget_the_gone(known)
            path = kind_of("Pod").path(self.namespace, pod, "portforward")
            known[pod, port] = Forward(api, path, port)
        return await known[pod, port].opened()

    async def _forget_the_gone(self, known: dict[tuple[str, int], Forward]) -> None:
        """Whoever runs for weeks sees many pods, and each holds a port here."""
        there = {found["metadata"]["name"] for found in await self.list("Pod")}
        for key in [key for key in known if key[0] not in there]:
            await known.pop(key).close()

    async def close(self) -> None:
        """Ends what is open in this loop; whatever is asked next opens it again."""
        for forward in self._forwards.pop(asyncio.get_running_loop(), {}).values():
            await forward.close()
        await self._session.close()

    async def allowed(self, verb: str, resource: str, name: str = "", group: str = "") -> bool:
        """Whether we may, by the API server's own word."""
        attributes = {
            "namespace": self.namespace,
            "verb": verb,
            "resource": resource.partition("/")[0],
            "subresource": resource.partition("/")[2],
            "name": name,
            "group": group,
        }
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        told = await self._session.ask("POST", path, f"asking whether we may {verb} {resource}", body=review)
        return bool(told["status"].get("allowed"))

    def _path(self, wanted: Object, name: str = "") -> str:
        """In the namespace that it names, or in ours."""
        room = wanted["metadata"].get("namespace") or self.namespace
        return kind_of(wanted["kind"], wanted["apiVersion"]).path(room, name)


def _lean(item: Object) -> Object:
    """Without what nobody looks at, which is most of it: of many pods all are kept while they are told."""
    item.get("metadata", {}).pop("managedFields", None)
    if item["kind"] == "Event":
        return {name: told for name, told in item.items() if name in _READ_OF_EVENT}
    if item["kind"] == "Pod":
        for name in _UNREAD_OF_POD:
            item["spec"].pop(name, None)
        for container in item["spec"].get("containers", ()):
            for name in _UNREAD_OF_CONTAINER:
                container.pop(name, None)
    return item
