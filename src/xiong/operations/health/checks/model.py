"""`model`: how the last real message fared with the language model, which is never asked: that costs."""

from __future__ import annotations

import asyncio
import math

from xiong.model.health import Figure, Finding, Verdict
from xiong.operations.health.check import Check
from xiong.operations.health.checks.replicas import replicas
from xiong.operations.health.checks.wording import not_run, span
from xiong.operations.health.scene import ANSWER_SECONDS, Scene
from xiong.tools.http import Http, Samples

_NAME = "model"
_LAST = "model_last_request_timestamp_seconds"
_COUNT = "model_requests_total"
_BUDGET = "model_tokens_budget_remaining"
_OLD_SECONDS = 1800.0
"""A failure that is older says nothing of now: nobody has asked since."""
_WORDS = {
    "timeout": "was too slow",
    "rate_limited": "refused: too many requests",
    "server_error": "failed, or could not be reached",
    "cut_off": "broke off its answer",
    "refused": "refused, or gave a text that may not be shown",
    "circuit_open": "was not asked, since it failed a moment before",
    "over_budget": "was not asked: the day's tokens are used up",
}


async def look(scene: Scene) -> Finding:
    """Reads the replicas' counts."""
    if scene.settings.model.api_key is None:
        return not_run(_NAME, "no model is configured: replies come from the knowledge base")
    asked = [_scrape(r.instance.url or "") for r in await replicas(scene) if r.silence is None]
    return judge([s for s in await asyncio.gather(*asked) if s is not None], scene.clock.now().timestamp())


def judge(scrapes: list[Samples], now: float) -> Finding:
    """The newest outcome of all replicas decides; at worst DEGRADED, since the knowledge base answers too."""
    last = max(((at, outcome) for s in scrapes for outcome, at in _times(s) if at > 0), default=None)
    if not scrapes or last is None:
        why = "no message has asked it yet" if scrapes else "no replica tells it"
        return not_run(_NAME, why)
    at, outcome = last
    total = sum(v for s in scrapes for (name, _), v in s.items() if name == _COUNT)
    good = sum(s.get((_COUNT, (("outcome", "ok"),)), 0.0) for s in scrapes)
    budget = min((s.get((_BUDGET, ()), math.inf) for s in scrapes), default=math.inf)
    age = max(0.0, now - at)
    figures = (
        Figure("since the last message", age, "s"),
        Figure("messages", total),
        Figure("of these well", good / total if total else 1.0, "share"),
        *([Figure("tokens left today", budget)] if math.isfinite(budget) else []),
    )
    if outcome == "ok" or age > _OLD_SECONDS:
        words = f"the last message fared {'well' if outcome == 'ok' else 'badly'} {span(age)} ago"
        return Finding(_NAME, Verdict.HEALTHY, words, figures=figures)
    told = _WORDS.get(outcome, f"ended as {outcome}")
    words = f"the model {told} {span(age)} ago: replies come from the knowledge base"
    return Finding(_NAME, Verdict.DEGRADED, words, hint="xiong health model", figures=figures, cause="failed")


def _times(samples: Samples) -> list[tuple[str, float]]:
    return [(dict(labels)["outcome"], at) for (name, labels), at in samples.items() if name == _LAST]


async def _scrape(url: str) -> Samples | None:
    async with Http(url, timeout_seconds=ANSWER_SECONDS) as http:
        return await http.samples(only=("model_",))


MODEL = Check(_NAME, look, every_seconds=15)
