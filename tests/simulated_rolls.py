"""A copy of the service on the simulated cluster, and what its rolls do there."""

from __future__ import annotations

import pod_objects
from simulated_cluster import SimulatedCluster
from xiong.config.settings import Settings
from xiong.model.instance import ReplicaStep
from xiong.platforms.kubernetes.rollout import API, AUTOSCALER, Roller

SCALER = {
    "apiVersion": "autoscaling/v2",
    "kind": "HorizontalPodAutoscaler",
    "metadata": {"name": AUTOSCALER},
    "spec": {"minReplicas": 3, "maxReplicas": 10},
}


class Copy:
    """Rolls over one simulated cluster."""

    def __init__(self) -> None:
        self.cluster = SimulatedCluster()
        self.roller = Roller(self.cluster, Settings(), self.cluster.clock)
        self.fewest = 99
        self.trials: list[str] = []
        self.cluster.meanwhile = self._count

    def _count(self) -> None:
        self.fewest = min(self.fewest, len(self.cluster.serving()))

    def applying(self, setup: str = "new", replicas: int = 2, scaler=None):
        pager = pod_objects.deployment("pager", setup=setup, replicas=1)
        return self.roller.apply(pager, pod_objects.deployment(setup=setup), scaler, replicas)

    async def apply(
        self, setup: str = "new", replicas: int = 2, scaler=None
    ) -> tuple[list[str | None], list[ReplicaStep]]:
        """Who did what: releases or `trial`, and their steps."""
        self.cluster.calls.clear()
        self.fewest = 99
        events = [(e.instance, e.step) async for e in self.applying(setup, replicas, scaler)]
        return ["trial" if "trial" in one.name else one.release_id for one, _ in events], [
            step for _, step in events
        ]

    def setups(self) -> list[str]:
        return [p["metadata"]["annotations"]["xiong.setup"] for p in self.cluster.serving()]

    @property
    def live(self):
        return self.cluster.objects["Deployment", API]


def scalings(copied: Copy) -> list[str]:
    return [call for call in copied.cluster.calls if call.startswith("patch")]


def pods(copied: Copy):
    return list(copied.cluster.pods.items())
