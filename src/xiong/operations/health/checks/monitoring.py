"""`monitoring`: Prometheus and Alertmanager answer, where they run."""

from __future__ import annotations

from xiong.model.health import Figure, Finding, Verdict
from xiong.model.instance import Instance, InstanceState
from xiong.operations.health.check import Check
from xiong.operations.health.checks.stores import first_line
from xiong.operations.health.checks.wording import not_run
from xiong.operations.health.scene import ANSWER_SECONDS, Scene
from xiong.tools.http import Http, Silence

_NAME = "monitoring"
_SERVICES = ("prometheus", "alertmanager")


async def look(scene: Scene) -> Finding:
    """Both say by themselves whether they are ready."""
    if not scene.settings.monitoring.enabled:
        return not_run(_NAME, "monitoring.enabled is off")
    found = [instance for service in _SERVICES for instance in await scene.instances(service)]
    if not found:
        return not_run(_NAME, "neither Prometheus nor Alertmanager runs here")
    return judge([instance.name for instance in found], {i.name: f for i in found if (f := await _fault(i))})


def judge(names: list[str], faults: dict[str, tuple[str, str]]) -> Finding:
    """The service runs without them, so at worst DEGRADED."""
    figures = (Figure("ready", len(names) - len(faults), limit=len(names)),)
    if not faults:
        return Finding(_NAME, Verdict.HEALTHY, f"{' and '.join(names)} ready", figures=figures, of=len(names))
    words = "; ".join(f"{name} {words}" for name, (_, words) in faults.items())
    return Finding(
        _NAME,
        Verdict.DEGRADED,
        f"{words}: alerts may not come",
        hint="xiong recover monitoring",
        figures=figures,
        ill=tuple(faults),
        of=len(names),
        cause=next(cause for cause, _ in faults.values()),
    )


async def _fault(instance: Instance) -> tuple[str, str] | None:
    if instance.state in {InstanceState.FAILED, InstanceState.STOPPED}:
        return "down", f"is {instance.state}: {first_line(instance)}"
    async with Http(instance.url or "", timeout_seconds=ANSWER_SECONDS) as http:
        answer = await http.ask("GET", "/-/ready")
    if answer is Silence.TIMED_OUT:
        return "hung", f"gives no answer within {ANSWER_SECONDS:g} s"
    if isinstance(answer, Silence):
        return "down", "does not listen"
    return None if answer.status == 200 else ("not-ready", f"answers {answer.status}")


MONITORING = Check(
    _NAME,
    look,
    timeout_seconds=6,
    depends_on=("disk",),
    allows=(("down", ("restart-process",)), ("hung", ("restart-process",))),
)
