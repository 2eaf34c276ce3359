"""A long list comes page by page, and of each object only what is looked at is kept."""

from __future__ import annotations

import pod_objects
from xiong.config.kubernetes import KubernetesSettings
from xiong.platforms.kubernetes.cluster import Cluster


class Pages:
    """Answers with one page after another, and remembers what was asked."""

    def __init__(self, *pages: list[pod_objects.Object]) -> None:
        self.pages = pages
        self.asked: list[dict[str, str]] = []

    async def ask(self, method, path, what, *, parameters):
        number = int(parameters.get("continue", 0))
        self.asked.append(dict(parameters))
        more = {"continue": str(number + 1)} if number + 1 < len(self.pages) else {}
        return {"metadata": more, "items": self.pages[number]}


def listing(*pages: list[pod_objects.Object]) -> tuple[Cluster, Pages]:
    cluster, told = Cluster(KubernetesSettings()), Pages(*pages)
    cluster._session = told
    return cluster, told


async def test_all_pages_are_asked_for_with_the_same_labels():
    cluster, told = listing([pod_objects.pod("a")], [pod_objects.pod("b")], [pod_objects.pod("c")])

    found = await cluster.list("Pod", {"x": "y"})

    assert [one["metadata"]["name"] for one in found] == ["a", "b", "c"]
    assert [one.get("continue") for one in told.asked] == [None, "1", "2"]
    assert {one["labelSelector"] for one in told.asked} == {"x=y"}


async def test_what_is_looked_at_is_kept_and_the_rest_is_not():
    pod = pod_objects.pod("a")
    pod["metadata"]["managedFields"] = [{"manager": "kubelet"}]
    pod["spec"]["containers"][0]["env"] = [{"name": "A", "value": "B"}]
    event = pod_objects.event(pod, "Pulled", "there") | {"source": {"host": "node"}}
    kept = {"image", "name", "ports", "resources"}

    (found,) = await listing([pod])[0].list("Pod")
    (told,) = await listing([event])[0].list("Event")

    assert set(found["spec"]["containers"][0]) == kept
    assert "managedFields" not in found["metadata"]
    assert found["status"] == pod["status"]
    assert "source" not in told
    assert told["involvedObject"]["uid"] == pod["metadata"]["uid"]
