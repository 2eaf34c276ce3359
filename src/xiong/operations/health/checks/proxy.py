"""`proxy`: it answers, with the committed release, and sends to every ready replica."""

from __future__ import annotations

import asyncio
import re

from xiong.model.health import Figure, Finding, Verdict
from xiong.operations.front_door import front_door
from xiong.operations.health.check import Check
from xiong.operations.health.checks.replicas import Replica, document, serving
from xiong.operations.health.checks.stores import first_line
from xiong.operations.health.checks.wording import nothing_here
from xiong.operations.health.scene import ANSWER_SECONDS, Scene
from xiong.tools.http import Answer, Http, Silence

_NAME = "proxy"
_OWN_PATH = "/metrics"
"""The proxy answers this one by itself, whatever stands behind it."""
_COUNTED_PATH = "/api/v1/look"
"""No route takes it: the replica that gets it counts it, where no alert or share of errors looks."""
_COUNTED = re.compile(rb'^http_requests_total\{(?!.*path="/api/v1/pages").*\} (\S+)$', re.MULTILINE)
"""What came through the proxy: the check `pager` asks a replica for its pages directly."""


async def look(scene: Scene) -> Finding:
    """From the outside in: the proxy, what it answers with, and to whom it sends."""
    committed = await scene.committed()
    if committed is None:
        return nothing_here(_NAME)
    endpoint = await scene.endpoint()
    begun = scene.clock.monotonic()
    async with front_door(endpoint, ANSWER_SECONDS) as http:
        own = await http.ask("GET", _OWN_PATH)
        if isinstance(own, Silence):
            return await _absent(own, scene)
        answer = await http.ask("GET", "/api/v1/healthz")
        seconds = scene.clock.monotonic() - begun
        if isinstance(answer, Silence) or answer.status != 200:
            return _empty(answer, seconds)
        rollout = await scene.rollout()
        release = str(document(answer).get("release", ""))
        if release not in {committed.release, rollout.target if rollout else ""}:
            return _foreign(release, committed.release, seconds)
        if endpoint.by_chance:
            figures = (Figure("answer", seconds, "s", ANSWER_SECONDS),)
            return Finding(_NAME, Verdict.HEALTHY, f"answers with release {release}", figures=figures, of=1)
        ready = await serving(scene)
        left_out = await _left_out(http, ready)
    return judge(release, [r.instance.name for r in ready], left_out, seconds)


def judge(release: str, ready: list[str], left_out: list[str], seconds: float) -> Finding:
    """A ready replica that gets nothing is DEGRADED: the others carry its load."""
    reached = len(ready) - len(left_out)
    figures = (Figure("answer", seconds, "s", ANSWER_SECONDS), Figure("replicas reached", reached))
    if not left_out:
        words = f"answers with release {release}, sends to {reached} of {len(ready)} ready replicas"
        return Finding(_NAME, Verdict.HEALTHY, words, figures=figures, of=1)
    words = f"sends nothing to {' and '.join(left_out)}, which {'is' if len(left_out) == 1 else 'are'} ready"
    return Finding(
        _NAME,
        Verdict.DEGRADED,
        words,
        hint="xiong recover proxy",
        figures=figures,
        ill=tuple(left_out),
        of=len(ready),
        cause="slot",
    )


async def _absent(silence: Silence, scene: Scene) -> Finding:
    instance = next(iter(await scene.instances(_NAME)), None)
    hung = silence is Silence.TIMED_OUT
    words = f"gives no answer within {ANSWER_SECONDS:g} s" if hung else "does not listen: nobody is served"
    if instance is not None and first_line(instance):
        words += f"; it is {instance.state}: {first_line(instance)}"
    return Finding(
        _NAME,
        Verdict.UNHEALTHY,
        words,
        hint="xiong recover proxy" if instance else "xiong up",
        ill=(instance.name,) if instance else (),
        of=1,
        cause=("hung" if hung else "down") if instance else "too-few",
    )


def _empty(answer: Answer | Silence, seconds: float) -> Finding:
    """It lives and has nobody to send to, or somebody who does not answer: no fault of its own."""
    seen = "nothing comes back" if isinstance(answer, Silence) else f"{answer.status} comes back"
    figures = (Figure("answer", seconds, "s", ANSWER_SECONDS),)
    words = f"answers, and has no replica that does: {seen}"
    return Finding(
        _NAME,
        Verdict.UNHEALTHY,
        words,
        hint="xiong health api",
        figures=figures,
        of=1,
        cause="not-ready",
    )


def _foreign(release: str, committed: str, seconds: float) -> Finding:
    words = f"answers with release {release or '(none)'}, committed is {committed}"
    figures = (Figure("answer", seconds, "s", ANSWER_SECONDS),)
    return Finding(
        _NAME,
        Verdict.UNHEALTHY,
        words,
        hint="xiong status",
        figures=figures,
        of=1,
        cause="wrong-release",
    )


async def _left_out(http: Http, ready: list[Replica]) -> list[str]:
    """Ready replicas that count no request while two for each of them go through the proxy."""
    before = await _counts(ready)
    await asyncio.gather(*(http.ask("GET", _COUNTED_PATH) for _ in range(2 * len(ready))))
    after = await _counts(ready)
    names = [replica.instance.name for replica in ready]
    return [n for n, b, a in zip(names, before, after, strict=True) if b is not None and a == b]


async def _counts(ready: list[Replica]) -> list[float | None]:
    return list(await asyncio.gather(*(_requests(replica) for replica in ready)))


async def _requests(replica: Replica) -> float | None:
    """Requests that it counted so far, its own probes left out; None when it does not say."""
    async with Http(replica.instance.url or "", timeout_seconds=ANSWER_SECONDS) as http:
        answer = await http.request("GET", "/metrics")
    return sum(float(number) for number in _COUNTED.findall(answer.body)) if answer else None


PROXY = Check(
    _NAME,
    look,
    timeout_seconds=8,
    depends_on=("api",),
    allows=(
        ("down", ("restart-process",)),
        ("hung", ("restart-process",)),
        ("slot", ("reopen-slot",)),
    ),
)
