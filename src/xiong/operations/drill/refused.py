"""What bad-release and slow-release share: a copy of the running release, made worse, and its deploy."""

from __future__ import annotations

from xiong.errors import RolloutError
from xiong.operations.deploy import deploy
from xiong.operations.drill.drill import Injected, Note, Stage
from xiong.operations.journal import Journal
from xiong.operations.leasing import hold_lease
from xiong.operations.preflight import running_release
from xiong.operations.rollback import rollback
from xiong.operations.rollout import Roller
from xiong.platforms.faults import Fault

WRAPPED = """

_drill_create_app = create_app


class _Drill:
    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
{body}
        await self.app(scope, receive, send)


def create_app(*arguments, **named):
    made = _drill_create_app(*arguments, **named)
    made.add_middleware(_Drill)
    return made
"""
"""Lines at the end of `api/main.py`; `body` is indented by twelve spaces and sees each request first."""


async def needs(stage: Stage) -> str | None:
    """Why no bad release can be made here."""
    return await stage.platform.faults.lacks(Fault.VARY)


async def try_to_deploy(stage: Stage, appended: str) -> Injected:
    """Deploys a copy of the running release with those lines: it must be refused, the old one serve on."""
    _, good = await running_release(stage.platform)
    bad = await stage.platform.faults.vary(good, appended)
    await stage.note({"bad": bad.id, "good": good.id})
    began = stage.clock.monotonic()
    try:
        await deploy(
            stage.platform, stage.settings, stage.clock, stage.progress, wanted=bad.id, rehearsal=True
        )
    except RolloutError as error:
        return Injected(f"deploy {bad.id}: {error.message}", began)
    return Injected(f"deploy {bad.id}", began, faults=(f"the bad release {bad.id} was committed",))


async def clean_up(stage: Stage, note: Note) -> None:
    """The good release serves, whatever was under way, and the bad one is not even here any more."""
    if not note:
        return
    platform, settings, clock = stage.platform, stage.settings, stage.clock
    async with hold_lease(platform, "drill", settings.deploy.lease_seconds, clock):
        await Roller(platform, settings, clock, stage.progress).finish_interrupted()
    committed = await Journal(platform.records).committed()
    if committed is not None and committed.release == note["bad"]:
        await rollback(platform, settings, clock, stage.progress, wanted=note["good"])
    if note["bad"] in {release.id for release in await platform.releases()}:
        await platform.discard(note["bad"])
