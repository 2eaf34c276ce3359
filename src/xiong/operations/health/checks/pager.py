"""`pager`: somebody is there to call for help, and no page of somebody in immediate danger waits too long."""

from __future__ import annotations

from xiong.config.settings import Settings
from xiong.model.health import Figure, Finding, Verdict
from xiong.model.instance import Instance, InstanceState
from xiong.operations.front_door import operator_headers
from xiong.operations.health.check import Check
from xiong.operations.health.checks.replicas import replicas
from xiong.operations.health.checks.stores import first_line
from xiong.operations.health.checks.wording import nothing_here
from xiong.operations.health.scene import ANSWER_SECONDS, Scene
from xiong.operations.open_pages import OpenPages, open_pages
from xiong.tools.http import Http, Silence

_NAME = "pager"


async def look(scene: Scene) -> Finding:
    """Asks the process itself, and a replica for the pages that wait."""
    if await scene.committed() is None:
        return nothing_here(_NAME)
    pagers = await scene.instances(_NAME)
    ill = {p.name: fault for p in pagers if (fault := await _fault(p))}
    if len(ill) == len(pagers):
        return _absent(pagers, ill)
    return judge([p.name for p in pagers if p.name not in ill], await _waiting(scene), scene.settings)


def judge(well: list[str], waiting: OpenPages | None, settings: Settings) -> Finding:
    """A page that waits too long is UNHEALTHY: somebody is in danger now."""
    patience = settings.paging.patience_minutes
    oldest = (waiting.oldest_imminent_minutes or 0.0) if waiting else 0.0
    figures = (
        Figure("open of immediate danger", waiting.imminent if waiting else 0),
        Figure("open of high danger", waiting.high if waiting else 0),
        Figure("oldest of immediate danger", oldest * 60, "s", patience * 60),
    )
    names = " and ".join(well)
    if waiting and (late := waiting.fault(patience)):
        return Finding(
            _NAME, Verdict.UNHEALTHY, late, hint="xiong pages list", figures=figures, cause="page-waits"
        )
    if settings.paging.file is None and settings.service.environment != "development":
        words = f"{names} runs, and nobody is called: paging.file is not set"
        hint = "xiong pages list"
        return Finding(_NAME, Verdict.UNHEALTHY, words, hint=hint, figures=figures, cause="failed")
    words = f"{names} runs, {_words(waiting)}"
    return Finding(_NAME, Verdict.HEALTHY, words, figures=figures, of=len(well))


def _words(waiting: OpenPages | None) -> str:
    if waiting is None:
        return "open pages are not known: no replica tells them"
    return f"{waiting.imminent} pages open of immediate danger, {waiting.high} of high"


async def _fault(instance: Instance) -> tuple[str, str] | None:
    """(cause, in words) of what is wrong with one pager."""
    if instance.state in {InstanceState.FAILED, InstanceState.STOPPED}:
        return "down", f"is {instance.state}: {first_line(instance)}"
    async with Http(instance.url or "", timeout_seconds=ANSWER_SECONDS) as http:
        answer = await http.ask("GET", "/healthz")
    if answer is Silence.TIMED_OUT:
        return "hung", f"runs and gives no answer within {ANSWER_SECONDS:g} s"
    return ("down", "does not listen") if isinstance(answer, Silence) else None


def _absent(pagers: list[Instance], ill: dict[str, tuple[str, str]]) -> Finding:
    words = "; ".join(f"{name} {words}" for name, (_, words) in ill.items()) or "no pager runs"
    return Finding(
        _NAME,
        Verdict.UNHEALTHY,
        f"{words}: nobody is called",
        hint="xiong recover pager" if pagers else "xiong up",
        ill=tuple(ill),
        of=len(pagers),
        cause=next((cause for cause, _ in ill.values()), "too-few"),
    )


async def _waiting(scene: Scene) -> OpenPages | None:
    """Asked of a replica directly, so that a proxy that is down hides no page."""
    headers = operator_headers(await scene.endpoint())
    for replica in await replicas(scene):
        if replica.silence is None:
            url = replica.instance.url or ""
            async with Http(url, timeout_seconds=ANSWER_SECONDS, headers=headers) as http:
                found = await open_pages(http, scene.clock.now())
            if found is not None:
                return found
    return None


PAGER = Check(
    _NAME,
    look,
    timeout_seconds=6,
    depends_on=("database",),
    allows=(("down", ("restart-process",)), ("hung", ("restart-process",))),
)
