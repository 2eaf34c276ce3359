"""`api`: each replica by itself answers, runs the committed release and is ready; and there are enough."""

from __future__ import annotations

from collections.abc import Sequence

from xiong.model.health import Figure, Finding, Verdict
from xiong.model.instance import InstanceState
from xiong.operations.health.check import Check
from xiong.operations.health.checks.replicas import Replica, replicas
from xiong.operations.health.checks.stores import first_line
from xiong.operations.health.scene import ANSWER_SECONDS, Scene
from xiong.operations.journal import Committed, Rollout
from xiong.tools.http import Silence

_NAME = "api"
_ENDED = {InstanceState.FAILED, InstanceState.STOPPED}
_GRAVEST = ("crash-loop", "down", "hung", "wrong-release", "not-ready")


async def look(scene: Scene) -> Finding:
    """Asks every replica directly."""
    committed = await scene.committed()
    if committed is None:
        words = "nothing was ever started here"
        return Finding(_NAME, Verdict.UNHEALTHY, words, hint="xiong up")
    return judge(await replicas(scene), committed, await scene.rollout())


def judge(seen: Sequence[Replica], committed: Committed, rollout: Rollout | None = None) -> Finding:
    """One ill replica of several is DEGRADED, none that serves is UNHEALTHY.

    While a rollout is under way, replicas of its release serve too, and those that come or go are left out.
    """
    allowed = {committed.release, rollout.target} if rollout else {committed.release}
    faults = {r.instance.name: (cause, words) for r in seen for cause, words in [_fault(r, allowed)] if cause}
    if rollout:
        moving = {r.instance.name for r in seen if r.instance.state is not InstanceState.READY}
        faults = {name: fault for name, fault in faults.items() if name not in moving}
    well = sum(r.ready and r.release in allowed and r.instance.name not in faults for r in seen)
    of = max(committed.replicas, len(seen)) if rollout is None else committed.replicas
    figures = (
        Figure("replicas ready", well, limit=committed.replicas),
        Figure("slowest answer", max((r.seconds for r in seen), default=0.0), "s", ANSWER_SECONDS),
        Figure("restarts", sum(r.instance.restarts for r in seen)),
    )
    if not faults and well >= committed.replicas:
        words = f"{well} of {committed.replicas} replicas ready with release {committed.release}"
        return Finding(_NAME, Verdict.HEALTHY, words, figures=figures, of=of)
    cause = _cause(seen, faults)
    ill = sorted(faults, key=lambda name: _GRAVEST.index(faults[name][0]))
    words = f"{well} of {committed.replicas} replicas ready"
    words += "".join(f"; {name} {faults[name][1]}" for name in ill)
    verdict = Verdict.DEGRADED if well else Verdict.UNHEALTHY
    hint = "xiong up" if cause == "too-few" else f"xiong recover {_NAME}"
    return Finding(
        _NAME, verdict, words, hint=hint, figures=figures, ill=tuple(ill), of=max(of, len(ill)), cause=cause
    )


def _cause(seen: Sequence[Replica], faults: dict[str, tuple[str, str]]) -> str:
    """The gravest; that most were given up says more of the release than of any one replica."""
    given_up = sum(r.instance.state is InstanceState.FAILED for r in seen)
    if given_up and given_up >= max(min(2, len(seen)), (len(seen) + 1) // 2):
        return "crash-loop"
    found = {cause for cause, _ in faults.values()}
    return next((cause for cause in _GRAVEST if cause in found), "too-few")


def _fault(replica: Replica, allowed: set[str]) -> tuple[str, str]:
    """(cause, what is wrong with it in words); empty when it is well."""
    instance = replica.instance
    why = first_line(instance)
    if instance.state in _ENDED:
        return "down", f"is {instance.state}{f': {why}' if why else ''}"
    if replica.silence is Silence.TIMED_OUT:
        return "hung", f"runs and gives no answer within {ANSWER_SECONDS:g} s"
    if replica.silence is not None:
        if instance.state is InstanceState.STARTING:
            return "not-ready", f"is starting{f': {why}' if why else ''}"
        return "down", "does not listen" if replica.silence is Silence.REFUSED else "breaks off its answer"
    if replica.status != 200:
        return "not-ready", f"answers {replica.status}"
    if replica.release not in allowed:
        return "wrong-release", f"runs release {replica.release}, committed is {' or '.join(sorted(allowed))}"
    return ("", "") if replica.ready else ("not-ready", f"is not ready: {replica.reason}")


_LADDER = ("restart-replica", "replace-replica", "roll-back")

API = Check(
    _NAME,
    look,
    timeout_seconds=4,
    depends_on=("database", "cache", "memory", "disk"),
    allows=(
        ("down", _LADDER),
        ("hung", _LADDER),
        ("not-ready", _LADDER),
        ("wrong-release", ("replace-replica",)),
        ("crash-loop", ("roll-back",)),
        ("too-few", ("replace-replica",)),
    ),
)
