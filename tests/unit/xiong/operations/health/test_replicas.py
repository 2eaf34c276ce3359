"""What is said of the replicas: who is ill, of what, and how grave it is for the whole."""

from datetime import UTC, datetime

import pytest

from repo import tree
from xiong.model.health import Finding, Verdict
from xiong.model.instance import Instance, InstanceState
from xiong.operations.health.checks import api
from xiong.operations.health.checks.replicas import Replica
from xiong.operations.journal import Committed, Rollout
from xiong.tools.http import Silence

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
NEW, OLD = "0.2.0-bb", "0.1.0-aa"
READY, STARTING, DRAINING, FAILED = (
    InstanceState.READY,
    InstanceState.STARTING,
    InstanceState.DRAINING,
    InstanceState.FAILED,
)


LISTED = {(row[0], row[1]) for row in tree.tables(tree.read("docs/reference/health.md")) if len(row) == 4}


def replica(
    number: int,
    state: InstanceState = READY,
    *,
    release: str = NEW,
    silence: Silence | None = None,
    reason: str = "",
) -> Replica:
    instance = Instance(f"api-{number}", "api", release, state, "http://127.0.0.1:1", "1@1", detail="")
    if silence or state in {FAILED, InstanceState.STOPPED}:
        return Replica(instance, silence=silence or Silence.REFUSED)
    return Replica(instance, None, 200, release, ready=not reason, reason=reason, seconds=0.01)


def judged(*seen: Replica, wanted: int = 2, rollout: Rollout | None = None) -> Finding:
    found = api.judge(seen, Committed(NEW, wanted, NOW), rollout)
    assert found.cause == "" or ("`api`", f"`{found.cause}`") in LISTED
    return found


def test_enough_ready_replicas_of_the_committed_release_are_healthy():
    found = judged(replica(0), replica(1))

    assert (found.verdict, found.cause, found.ill, found.of) == (Verdict.HEALTHY, "", (), 2)


@pytest.mark.parametrize(
    ("ill", "cause"),
    [
        (replica(1, FAILED), "down"),
        (replica(1, InstanceState.STOPPED), "down"),
        (replica(1, silence=Silence.REFUSED), "down"),
        (replica(1, silence=Silence.BROKEN), "down"),
        (replica(1, silence=Silence.TIMED_OUT), "hung"),
        (replica(1, STARTING, silence=Silence.REFUSED), "not-ready"),
        (replica(1, reason="schema lacks 0002"), "not-ready"),
        (replica(1, DRAINING, reason="draining"), "not-ready"),
        (replica(1, release=OLD), "wrong-release"),
    ],
)
def test_one_ill_replica_of_two_is_degraded_and_named(ill, cause):
    found = judged(replica(0), ill)

    assert (found.verdict, found.cause, found.ill, found.of) == (Verdict.DEGRADED, cause, ("api-1",), 2)
    assert found.summary.startswith("1 of 2 replicas ready; api-1 ")


def test_when_none_serves_it_is_unhealthy():
    hung = [replica(n, silence=Silence.TIMED_OUT) for n in range(2)]

    found = judged(*hung)

    assert (found.verdict, found.cause, found.ill) == (Verdict.UNHEALTHY, "hung", ("api-0", "api-1"))


def test_the_gravest_of_several_faults_comes_first():
    found = judged(replica(0, reason="held"), replica(1, FAILED), replica(2), wanted=3)

    assert (found.cause, found.ill) == ("down", ("api-1", "api-0"))


@pytest.mark.parametrize(
    ("given_up", "running", "cause"),
    [
        (1, 1, "down"),
        (2, 0, "crash-loop"),
        (2, 1, "crash-loop"),
        (1, 2, "down"),
        (2, 2, "crash-loop"),
        (1, 0, "crash-loop"),
    ],
)
def test_that_most_were_given_up_says_something_of_the_release(given_up, running, cause):
    numbers = iter(range(9))
    seen = [replica(next(numbers), FAILED) for _ in range(given_up)]
    seen += [replica(next(numbers)) for _ in range(running)]

    assert judged(*seen, wanted=given_up + running).cause == cause


def test_too_few_that_are_all_well_is_a_fault_of_its_own():
    found = judged(replica(0), wanted=2)

    assert (found.verdict, found.cause, found.ill, found.of) == (Verdict.DEGRADED, "too-few", (), 2)
    assert judged(wanted=2).verdict is Verdict.UNHEALTHY


def test_while_a_rollout_is_under_way_those_that_come_and_go_are_left_out():
    rollout = Rollout("1", "deploy", NEW, 2, OLD, 2, NOW, "a@b")
    committed = Committed(OLD, 2, NOW)
    seen = (
        replica(0, release=OLD),
        replica(1, DRAINING, release=OLD, reason="draining"),
        replica(2),
        replica(3, STARTING, silence=Silence.REFUSED),
    )

    assert api.judge(seen, committed, rollout).verdict is Verdict.HEALTHY
    assert api.judge(seen, committed, None).cause == "wrong-release"


def test_a_rollout_hides_no_replica_that_hangs():
    rollout = Rollout("1", "deploy", NEW, 2, OLD, 2, NOW, "a@b")

    found = judged(replica(0), replica(1, silence=Silence.TIMED_OUT), rollout=rollout)

    assert (found.verdict, found.cause) == (Verdict.DEGRADED, "hung")
