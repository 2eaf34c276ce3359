"""Whatever happens, in whatever order: no limit is ever broken, no victim touched, no alarm repeated."""

from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from simulated_healing import ACTIONS, CHECKS, START, Simulation, policy
from xiong.config.healing import RecoverySettings
from xiong.model.health import Finding, Verdict
from xiong.model.recovery import Decision
from xiong.operations.recovery.diagnosis import upstream
from xiong.operations.recovery.guards import GUARDS
from xiong.operations.recovery.policy import Policy

CAUSES = ("down", "hung", "crash-loop", "disk-full", "idle-in-transaction", "skew")


def findings(names: list[str]) -> st.SearchStrategy[list[Finding]]:
    """Any faults of these checks."""
    replicas = st.integers(1, 4).flatmap(
        lambda of: st.tuples(st.just(of), st.integers(0, of)).map(
            lambda pair: (pair[0], tuple(f"api-{n}" for n in range(pair[1])))
        )
    )
    fault = st.tuples(
        st.sampled_from(names), st.sampled_from(list(Verdict)), st.sampled_from(CAUSES), replicas
    )
    made = fault.map(lambda f: Finding(f[0], f[1], "seen", ill=f[3][1], of=f[3][0], cause=f[2]))
    return st.lists(made, max_size=5, unique_by=lambda f: f.check)


SURROUNDINGS = st.fixed_dictionaries(
    {},
    optional={
        "lease": st.sampled_from(["deploy 1 by me", "heal: x by me"]),
        "paused_until": st.integers(0, 3600).map(lambda s: START + timedelta(seconds=s)),
        "resumed_at": st.integers(0, 3600).map(lambda s: START + timedelta(seconds=s)),
        "deployed_at": st.just(START),
        "acting": st.just("restart-replica api-0"),
    },
)
PHASES = st.lists(
    st.tuples(st.integers(1, 30), findings([c.name for c in CHECKS]), SURROUNDINGS), min_size=1, max_size=8
)
LIMITS = st.fixed_dictionaries(
    {
        "per_component": st.integers(0, 3),
        "global_actions": st.integers(0, 6),
        "window_seconds": st.sampled_from([0, 10, 30]),
        "cooldown_seconds": st.sampled_from([0, 20, 60]),
        "storm_actions": st.integers(1, 5),
    }
)


def lived(limits: dict[str, Any], phases: list[Any]) -> tuple[Simulation, list[tuple[float, Any, Decision]]]:
    """The run, and every decision with what was seen at its time."""
    run = Simulation(policy(**limits))
    seen: list[tuple[float, Any, Decision]] = []
    for cycles, faults, around in phases:
        for _ in range(cycles):
            seen += [(run.seconds, (faults, around), d) for d in run.cycle(*faults, **around)]
            run.seconds += 5
    return run, seen


@settings(deadline=None, max_examples=40)
@given(LIMITS, PHASES)
def test_no_cooldown_and_no_budget_is_ever_broken(limits, phases):
    run, _ = lived(limits, phases)
    rules: RecoverySettings = run.policy.limits

    for n, (at, decision) in enumerate(run.acts):
        before = run.acts[:n]
        assert all(at - earlier >= rules.window_seconds for earlier, _ in before)
        own = [t for t, d in before if d.check == decision.check]
        assert all(at - earlier >= rules.cooldown_seconds for earlier in own)
        assert sum(at - t < 60 * rules.per_component_minutes for t in own) < rules.per_component
        assert sum(at - t < 60 * rules.global_minutes for t, _ in before) < rules.global_actions


@settings(deadline=None, max_examples=40)
@given(LIMITS, PHASES)
def test_no_cycle_acts_twice_and_none_acts_on_a_victim_or_against_a_guard(limits, phases):
    _, seen = lived(limits, phases)
    acting = [(at, around, d) for at, around, d in seen if d.acts]

    assert max(Counter(at for at, _, _ in acting).values(), default=0) <= 1
    by_name = {c.name: c for c in CHECKS}
    for _, (faults, around), decision in acting:
        down = {f.check: f.verdict for f in faults}
        below = upstream(by_name[decision.check], CHECKS)
        assert not any(down.get(c.name) is Verdict.UNHEALTHY for c in below)
        assert [v.guard for v in decision.guards] == list(GUARDS)
        assert all(v.passed for v in decision.guards)
        assert not around.get("lease")
        assert not around.get("acting")


def passes(rules: Policy, finding: Finding) -> bool:
    """Whether the last finding of a check is no fault and no lack of sight."""
    by_name = {c.name: c for c in rules.checks}
    return finding.verdict is not Verdict.NOT_RUN and not rules.ill(by_name[finding.check], finding)


@settings(deadline=None, max_examples=40)
@given(LIMITS, PHASES)
def test_people_are_told_of_a_fault_once(limits, phases):
    run = Simulation(policy(**limits))
    told: dict[str, int] = {}
    passing: dict[str, float] = {}
    for cycles, faults, around in phases:
        for _ in range(cycles):
            decisions = run.cycle(*faults, **around)
            failing = {f.check for f in faults if not passes(run.policy, f)}
            for decision in decisions:
                told[decision.check] = told.get(decision.check, 0) + decision.escalates
                assert told[decision.check] <= 1
            for name in list(told):
                begun = passing.setdefault(name, run.seconds) if name not in failing else None
                if begun is None:
                    passing.pop(name, None)
                elif run.seconds - begun >= run.policy.limits.window_seconds:
                    told.pop(name)  # it was well for a full window: the next one is a fault of its own
            run.seconds += 5


@settings(deadline=None, max_examples=20)
@given(LIMITS, PHASES)
def test_the_same_looks_lead_to_the_same_decisions(limits, phases):
    one, other = lived(limits, phases)[1], lived(limits, phases)[1]

    assert one == other


@settings(deadline=None, max_examples=8)
@given(LIMITS, PHASES)
def test_what_is_remembered_does_not_grow_with_time(limits, phases):
    run, _ = lived(limits, phases)

    run.run(4000)

    assert run.memory.taken == ()
    assert len(run.memory.checks) == len(CHECKS)


def test_the_actions_of_the_simulation_are_those_of_the_policy():
    assert Policy(RecoverySettings(), CHECKS, ACTIONS) == policy()
