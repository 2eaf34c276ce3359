"""The lease as an object of the cluster; whoever writes over an older look of it is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson

from xiong.model.lease import Lease
from xiong.platforms.holding import from_document, holds, to_document
from xiong.platforms.kubernetes.cluster import Cluster, ConflictError, Object

NAME = "xiongichat"
_TOLD = "xiong.io/lease"


class ClusterLease:
    """Takes, reads and drops the one lease of a namespace."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    async def take(self, wanted: Lease) -> Lease:
        """The lease that stands afterwards; see `Platform.take_lease`."""
        while True:
            there = await self._cluster.get("Lease", NAME)
            standing = _standing(there)
            if standing is not None and standing.token != wanted.token and holds(standing):
                return standing
            try:
                if there is None:
                    await self._cluster.create(_object(wanted))
                else:
                    version = there["metadata"]["resourceVersion"]
                    await self._cluster.replace(_object(wanted, version))
            except ConflictError:
                continue  # somebody was first: look again
            return wanted

    async def read(self) -> Lease | None:
        """The lease that stands; an expired one or a dead holder's is none."""
        standing = _standing(await self._cluster.get("Lease", NAME))
        return standing if standing is not None and holds(standing) else None

    async def drop(self, token: str) -> None:
        there = await self._cluster.get("Lease", NAME)
        standing = _standing(there)
        if there is None or standing is None or standing.token != token:
            return
        try:
            await self._cluster.replace(
                {**_frame(there["metadata"]["resourceVersion"]), "spec": {"holderIdentity": None}}
            )
        except ConflictError:
            return  # it had run out, and another has it


def _object(lease: Lease, version: str = "") -> Object:
    seconds = max(1, int((lease.expires_at - lease.acquired_at).total_seconds()))
    frame = _frame(version)
    frame["metadata"]["annotations"] = {_TOLD: orjson.dumps(to_document(lease)).decode()}
    frame["spec"] = {
        "holderIdentity": lease.holder,
        "acquireTime": moment(lease.acquired_at),
        "renewTime": moment(datetime.now(UTC)),
        "leaseDurationSeconds": seconds,
    }
    return frame


def _frame(version: str) -> Object:
    metadata = {"name": NAME, **({"resourceVersion": version} if version else {})}
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata}


def moment(at: datetime) -> str:
    """As the API's MicroTime has it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _standing(there: Object | None) -> Lease | None:
    told = ((there or {}).get("metadata", {}).get("annotations") or {}).get(_TOLD)
    return from_document(orjson.loads(told)) if told else None
