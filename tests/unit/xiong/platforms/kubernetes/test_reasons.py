"""Every way in which a pod is not well is told in words that name the part and what was seen."""

from __future__ import annotations

import pytest

import pod_objects
from pod_objects import container, event, pod, waiting
from xiong.platforms.kubernetes import reasons

NO_IMAGE = 'Failed to pull image "registry.example.org/xiong/service": not found'
NOTHING_FITS = "0/2 nodes are available: 2 Insufficient memory."
PROBE = "Readiness probe failed: HTTP probe failed with statuscode: 503"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (waiting("ImagePullBackOff", "Back-off pulling image"), "cannot be had (ImagePullBackOff): Back-off"),
        (waiting("ErrImagePull", "denied"), "registry.example.org/xiong/service@sha256:new cannot be had"),
        (waiting("CrashLoopBackOff", before={"exitCode": 3}, restarts=4), "exit code 3; it ended 5 times"),
        (
            waiting("CrashLoopBackOff", before={"reason": "OOMKilled", "exitCode": 137}, restarts=1),
            "more memory than its limit of 512Mi (OOMKilled)",
        ),
        (
            waiting("CreateContainerConfigError", 'secret "xiongichat-secrets" not found'),
            'container api cannot begin (CreateContainerConfigError): secret "xiongichat-secrets" not found',
        ),
        (pod_objects.unschedulable(NOTHING_FITS), f"no node takes it (Unschedulable): {NOTHING_FITS}"),
        (pod_objects.evicted(), "Evicted: The node was low on resource: memory."),
        (
            {"phase": "Failed", "containerStatuses": [container(terminated={"exitCode": 2})]},
            "it ended with exit code 2",
        ),
        (
            {"containerStatuses": [container(restarts=1, before={"exitCode": 9})]},
            "it ended with exit code 9; it was started again and is not ready",
        ),
    ],
)
def test_what_the_cluster_tells_of_a_pod_is_told_in_words(status, words):
    assert words in reasons.why(pod(ready=False, **status), [])


@pytest.mark.parametrize(
    ("status", "reason", "message", "words"),
    [
        ({}, "Unhealthy", PROBE, PROBE),
        ({}, "NodeNotReady", "Node is not ready", "its node does not answer"),
        (waiting("ErrImagePull"), "Failed", NO_IMAGE, NO_IMAGE),
        (
            waiting("ContainerCreating"),
            "FailedMount",
            'secret "a" not found',
            "it cannot begin (FailedMount): s",
        ),
    ],
)
def test_an_event_says_what_the_pod_itself_does_not(status, reason, message, words):
    ill = pod(ready=False, **status)

    assert words in reasons.why(ill, [event(ill, reason, message)])


def test_an_old_failed_probe_is_no_reason_any_more():
    ill = pod(ready=False)

    assert reasons.why(ill, [event(ill, "Unhealthy", PROBE, at="2026-03-01T07:00:00Z")]) == ""


def test_a_pod_that_is_well_has_no_reason_and_one_on_a_lost_node_has_that():
    assert reasons.why(pod(), []) == ""
    assert reasons.why(pod_objects.leaving(pod(), lost=True), []).startswith("its node does not answer")


def test_personal_data_in_a_reason_is_taken_out():
    ill = pod(ready=False, **waiting("CrashLoopBackOff", before={"exitCode": 1, "message": "0912-345-678"}))

    assert "0912" not in reasons.why(ill, [])


def test_an_image_is_on_its_way_until_it_is_there_or_was_refused():
    coming = pod(ready=False, **waiting("ContainerCreating"))
    pulls, pulled = event(coming, "Pulling", "Pulling image"), event(coming, "Pulled", "Pulled image")

    assert reasons.pulling(coming, [pulls])
    assert not reasons.pulling(coming, [pulls, pulled])
    assert not reasons.pulling(coming, [])


def test_events_are_told_to_the_pod_they_are_of_oldest_first():
    one, two = pod(), pod()
    late, early = event(one, "B", "", at="2026-03-01T09:00:00Z"), event(one, "A", "")

    found = reasons.by_pod([late, event(two, "C", ""), early, {"metadata": {}, "reason": "of nothing"}])

    assert [e["reason"] for e in found[one["metadata"]["uid"]]] == ["A", "B"]
    assert [e["reason"] for e in found[two["metadata"]["uid"]]] == ["C"]
