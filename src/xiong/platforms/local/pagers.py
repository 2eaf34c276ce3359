"""The pager of a release: the next one runs before the last one ends, so that no page waits for a deploy.

Two at once share the work; a row that one of them holds is skipped by the other.
"""

from __future__ import annotations

from collections.abc import Callable

from xiong.errors import PlatformError, RolloutError
from xiong.model.release import Release
from xiong.platforms.local import specs
from xiong.platforms.local.supervision.client import SupervisorClient
from xiong.platforms.local.supervision.spec import ChildState, ChildStatus, ProcessSpec


async def roll(
    supervisor: SupervisorClient, spec_of: Callable[[int], ProcessSpec] | None, release: Release
) -> None:
    """Makes one pager of `release` run and no other; None for a release that has no pager.

    Raises:
        RolloutError: it does not get ready; the pager of before still runs.
    """
    present = [child for child in await supervisor.list() if child.service == specs.PAGER]
    fitting = spec_of and next((child for child in present if _fits(child, spec_of)), None)
    if spec_of is not None and fitting is None:
        used = {int(child.labels["slot"]) for child in present if child.state is ChildState.READY}
        slot = min({0, 1} - used, default=0)
        fitting = await _start(supervisor, spec_of(slot), release)
    for child in present:
        if fitting is None or child.name != fitting.name:
            await supervisor.stop(child.name, forget=True)


def _fits(child: ChildStatus, spec_of: Callable[[int], ProcessSpec]) -> bool:
    wanted = spec_of(int(child.labels["slot"])).labels["setup"]
    return child.state is ChildState.READY and child.labels.get("setup") == wanted


async def _start(supervisor: SupervisorClient, spec: ProcessSpec, release: Release) -> ChildStatus:
    await supervisor.ensure(spec)
    try:
        return await supervisor.wait_ready(spec.name, spec.ready_timeout_s, deaths_allowed=0)
    except PlatformError as error:
        await supervisor.stop(spec.name, forget=True)
        raise RolloutError(
            f"{spec.name} did not get ready with release {release.id}: {error.message}",
            hint=f"tail '{spec.log_path}'",
        ) from error
