"""What each replica says of itself, asked directly and once for all checks."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from xiong.model.instance import Instance
from xiong.operations.health.scene import ANSWER_SECONDS, Scene
from xiong.tools.http import Answer, Http, Silence


@dataclass(frozen=True)
class Replica:
    """One replica and its answers.

    Attributes:
        instance: as the platform sees it.
        silence: why it did not answer, or None.
        status: of its healthz.
        release: that it names.
        ready: whether it says it should get requests.
        reason: why not, in its own words.
        seconds: how long the slower of the two answers took.
    """

    instance: Instance
    silence: Silence | None = None
    status: int = 0
    release: str = ""
    ready: bool = False
    reason: str = ""
    seconds: float = 0.0


async def replicas(scene: Scene) -> list[Replica]:
    """All of them, side by side."""

    async def ask() -> list[Replica]:
        instances = await scene.instances("api")
        return list(await asyncio.gather(*(_ask(instance, scene) for instance in instances)))

    return await scene.once("replicas", ask)


async def _ask(instance: Instance, scene: Scene) -> Replica:
    begun = scene.clock.monotonic()
    async with Http(instance.url or "", timeout_seconds=ANSWER_SECONDS) as http:
        alive, ready = await asyncio.gather(*(http.ask("GET", f"/api/v1/{p}") for p in ("healthz", "ready")))
    if isinstance(alive, Silence) or isinstance(ready, Silence):
        silence = alive if isinstance(alive, Silence) else ready
        return Replica(instance, silence=silence if isinstance(silence, Silence) else None)
    said = document(ready)
    return Replica(
        instance,
        status=alive.status,
        release=str(document(alive).get("release", "")),
        ready=ready.status == 200,
        reason=str(said.get("reason") or f"it answers {ready.status}"),
        seconds=scene.clock.monotonic() - begun,
    )


def document(answer: Answer) -> dict[str, Any]:
    """The JSON object of an answer; empty where it is none."""
    found = answer.json()
    return found if isinstance(found, dict) else {}


async def serving(scene: Scene) -> list[Replica]:
    """Those that say they should get requests."""
    return [replica for replica in await replicas(scene) if replica.ready]
