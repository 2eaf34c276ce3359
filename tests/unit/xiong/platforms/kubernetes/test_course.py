"""Between two looks at the pods, the steps that happened are told in their order, and none twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pod_objects
from pod_objects import leaving, pod, waiting
from xiong.model.instance import ReplicaStep
from xiong.platforms.kubernetes.course import Course, failed_to_create

STARTED, READY, ADMITTED = ReplicaStep.STARTED, ReplicaStep.READY, ReplicaStep.ADMITTED
DRAINED, STOPPED = ReplicaStep.DRAINED, ReplicaStep.STOPPED
WALL = datetime(2026, 3, 1, 8, tzinfo=UTC)


def steps(course: Course, pods: list, now: float) -> list[tuple[str, ReplicaStep]]:
    changes = course.look(pods, now, WALL + timedelta(seconds=now))
    return [(change.pod["metadata"]["name"], change.step) for change in changes]


def made(wanted: int = 1, **status: int) -> pod_objects.Object:
    told = {"observedGeneration": 1, "replicas": wanted, "updatedReplicas": wanted} | status
    return pod_objects.deployment(replicas=wanted) | {"status": told}


def as_ready(found: pod_objects.Object) -> pod_objects.Object:
    return found | {"status": pod()["status"]}


def test_what_stands_before_is_not_told():
    pods = [pod(), pod(setup="old"), pod(setup="old", ready=False)]

    assert steps(Course("new", 2, pods, 0), pods, 1) == []


def test_a_new_pod_is_admitted_when_it_was_ready_as_long_as_the_cluster_wants():
    course, new = Course("new", 2, [], 0), pod("n", ready=False)

    assert steps(course, [new], 1) == [("n", STARTED)]
    assert steps(course, [as_ready(new)], 4) == [("n", READY)]
    assert steps(course, [as_ready(new)], 5) == []
    assert not course.ended(made(), 1)
    assert steps(course, [as_ready(new)], 6) == [("n", ADMITTED)]
    assert course.ended(made(), 1)
    assert course.admitted_anew()


def test_one_that_gets_unready_again_before_that_is_not_admitted():
    course, new = Course("new", 2, [], 0), pod("n", ready=False)
    steps(course, [as_ready(new)], 1)

    assert steps(course, [new], 2) == []
    assert steps(course, [as_ready(new)], 3) == [("n", READY)]
    assert steps(course, [as_ready(new)], 4) == []


def test_what_the_cluster_counts_on_is_admitted_before_the_old_one_is_drained():
    old, new = pod("o", setup="old"), pod("n")
    course = Course("new", 60, [old], 0)

    assert steps(course, [old, new], 1) == [("n", STARTED), ("n", READY)]
    assert steps(course, [leaving(old), new], 2) == [("n", ADMITTED), ("o", DRAINED)]
    assert not course.ended(made(), 1)
    assert steps(course, [new], 3) == [("o", STOPPED)]
    assert course.ended(made(), 1)


def test_one_that_is_gone_between_two_looks_was_drained_and_stopped():
    old = pod("o", setup="old")

    assert steps(Course("new", 2, [old], 0), [], 1) == [("o", DRAINED), ("o", STOPPED)]


def test_one_on_a_lost_node_is_drained_and_nobody_waits_for_its_end():
    old, new = pod("o", setup="old"), pod("n")
    course = Course("new", 0, [old, new], 0)

    assert steps(course, [leaving(old, lost=True), new], 1) == [("o", DRAINED)]
    assert course.ended(made(), 1)
    assert course.rid_of(old["metadata"]["uid"])


def test_one_that_outlasts_its_grace_is_given_up_and_one_within_it_is_not():
    old, new = pod("o", setup="old"), pod("n")
    course = Course("new", 0, [old, new], 0)
    later = leaving(old, at="2026-03-01T18:00:00Z")  # a clock that is not ours

    steps(course, [later, new], 1)
    steps(course, [later, new], 60)
    assert not course.ended(made(), 1)
    steps(course, [later, new], 62)
    assert course.ended(made(), 1)


def test_one_that_left_long_before_the_roll_is_given_up_at_once():
    old = leaving(pod(setup="old"), at="2026-03-01T07:00:00Z")
    course = Course("new", 0, [old, pod()], 0)
    new = pod()
    steps(course, [old, new], 1)

    assert course.ended(made(), 1)


def test_a_roll_is_not_over_before_the_controller_saw_it_or_while_it_holds_another_template():
    course = Course("new", 0, [pod()], 0)

    assert not course.ended(made(observedGeneration=0), 1)
    assert not course.ended(made(updatedReplicas=0), 1)
    assert not course.ended(made(2), 2)
    assert course.ended(made(), 1)


def test_more_than_wanted_is_not_over_unless_the_deployment_wants_them():
    course = Course("new", 0, [pod(), pod(), pod()], 0)

    assert not course.ended(made(2, replicas=3, updatedReplicas=3), 2)
    assert course.ended(made(3), 2)


def test_one_in_vain_is_found_but_not_an_old_one_nor_a_spared_one():
    ill, old = (
        pod(ready=False, **waiting("CrashLoopBackOff")),
        pod(setup="old", **waiting("CrashLoopBackOff")),
    )
    course = Course("new", 0, [ill, old], 0)

    assert course.hopeless() == ill
    assert course.hopeless({ill["metadata"]["uid"]}) is None


def test_the_time_to_get_ready_begins_when_the_image_is_there():
    course, coming = Course("new", 0, [], 0), pod("n", ready=False, **waiting("ContainerCreating"))
    begun = coming | {"status": pod(ready=False)["status"]}
    steps(course, [coming], 0)
    assert course.late(61, 60) is not None

    steps(course, [begun], 50)
    assert course.late(109, 60) is None
    assert course.late(111, 60) == begun


def test_why_no_pod_is_made_is_told():
    refused = {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"}

    assert failed_to_create({"status": {"conditions": [refused]}}) == "exceeded quota"
    assert failed_to_create({"status": {"conditions": [refused | {"status": "False"}]}}) == ""
    assert failed_to_create({}) == ""
