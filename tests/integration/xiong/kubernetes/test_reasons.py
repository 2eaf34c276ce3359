"""Pods that are ill on purpose: what a real cluster tells of them is told in words."""

from __future__ import annotations

import pytest

import cluster as clusters
from xiong.platforms.kubernetes import reasons
from xiong.tools.clock import SystemClock, wait_for

pytestmark = pytest.mark.kubernetes
ABSENT = {"secretKeyRef": {"name": "absent", "key": "x"}}
EATS = "x=a; while :; do x=$x$x$x$x; done"


async def told(cluster, wanted, words: str) -> str:
    """Why the pod is not well, once that says so."""
    await cluster.create(wanted)
    name, last = wanted["metadata"]["name"], ""

    async def said() -> str | None:
        nonlocal last
        found = await cluster.get("Pod", name)
        events = reasons.by_pod(await cluster.list("Event"))
        last = reasons.why(found, events.get(found["metadata"]["uid"], []))
        return last if words in last else None

    try:
        return await wait_for(said, what=f"{words!r} of {name}", seconds=60, clock=SystemClock(), every=0.5)
    except Exception as error:
        raise AssertionError(f"expected {words!r}, the last words were {last!r}") from error


def one(*command: str, policy: str = "Always", **container):
    wanted = clusters.pod("one", list(command))
    wanted["spec"]["restartPolicy"] = policy
    wanted["spec"]["containers"][0] |= container
    return wanted


async def test_an_image_that_is_not_there(cluster):
    image = "localhost:5000/xiong-test/absent:1"

    words = await told(cluster, one("true", image=image), "cannot be had (ImagePullBackOff)")
    assert f"image {image}" in words
    assert "Failed to pull image" in words


async def test_a_program_that_ends_again_and_again_with_its_last_words(cluster):
    command = ["sh", "-c", "echo call 0912-345-678; exit 3"]
    words = await told(cluster, one(*command), "CrashLoopBackOff")

    assert words.startswith("it ended with exit code 3; it ended")
    explained = await reasons.explain(cluster, await cluster.get("Pod", "one"))
    assert explained.endswith("\n  call [PHONE_MOBILE]")


async def test_a_program_that_ends_for_good(cluster):
    await told(cluster, one("sh", "-c", "exit 4", policy="Never"), "it ended with exit code 4")


async def test_a_program_that_needs_too_much_memory(cluster):
    limits = {"limits": {"memory": "16Mi"}}

    await told(
        cluster, one("sh", "-c", EATS, policy="Never", resources=limits), "more memory than its limit of 16Mi"
    )


async def test_a_pod_that_no_node_takes(cluster):
    wanted = one("true", resources={"requests": {"cpu": "1000"}})

    assert "Insufficient cpu" in await told(cluster, wanted, "no node takes it (Unschedulable)")


async def test_a_secret_that_is_not_there(cluster):
    wanted = one("true", env=[{"name": "X", "valueFrom": ABSENT}])

    await told(cluster, wanted, 'container main cannot begin (CreateContainerConfigError): secret "absent"')


async def test_a_volume_whose_secret_is_not_there(cluster):
    wanted = one("true", volumeMounts=[{"name": "v", "mountPath": "/v"}])
    wanted["spec"]["volumes"] = [{"name": "v", "secret": {"secretName": "absent"}}]

    assert 'secret "absent" not found' in await told(cluster, wanted, "it cannot begin (FailedMount)")


async def test_a_probe_that_fails(cluster):
    probe = {"exec": {"command": ["sh", "-c", "echo not yet; exit 1"]}, "periodSeconds": 1}

    assert "not yet" in await told(
        cluster, one("sleep", "1000", readinessProbe=probe), "Readiness probe failed"
    )
