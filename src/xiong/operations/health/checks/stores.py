"""What `database` and `cache` share: why a store does not answer, and whose it is."""

from __future__ import annotations

from xiong.datastores.away import Away
from xiong.model.health import Finding, Verdict
from xiong.model.instance import Instance, InstanceState
from xiong.operations.health.scene import Scene

_WORDS = {
    "down": "nobody listens there",
    "hung": "it runs and does not answer",
    "not-ready": "it is not ready yet",
    "connections": "it has no connection left for us",
    "failed": "it refuses us",
}


async def absence(check: str, service: str, away: Away, scene: Scene) -> Finding:
    """A store that gives no numbers: `down` only where the platform runs it, else `unreachable`."""
    own = next(iter(await scene.instances(service)), None)
    if own is None:
        cause = "unreachable" if away.cause in {"down", "hung"} else away.cause
        words = f"{service} of somebody else: {_WORDS[away.cause]} ({away.why})"
        return Finding(check, Verdict.UNHEALTHY, words, hint="xiong status", cause=cause)
    cause = "down" if _ended(own) else away.cause
    detail = f"; {own.name} is {own.state}: {first_line(own)}" if own.detail else ""
    return Finding(
        check,
        Verdict.UNHEALTHY,
        f"{own.name}: {_WORDS[cause]} ({away.why}){detail}",
        hint=f"xiong recover {check}",
        ill=(own.name,),
        of=1,
        cause=cause,
    )


def _ended(instance: Instance) -> bool:
    return instance.state in {InstanceState.FAILED, InstanceState.STOPPED}


def first_line(instance: Instance) -> str:
    """The last thing worth knowing, its first line."""
    return next(iter(instance.detail.splitlines()), "")
