"""What must hold before a rollout may begin; nothing is changed when it does not."""

from __future__ import annotations

from xiong.config.settings import Settings
from xiong.errors import PreflightError, ReleaseNotFoundError
from xiong.model.release import Release
from xiong.operations import schema
from xiong.operations.drill import proofs
from xiong.operations.journal import Committed, Journal
from xiong.platforms.base import Platform, Progress
from xiong.tools.clock import Clock


async def running_release(platform: Platform) -> tuple[Committed, Release]:
    """The committed release, which must be serving for a deploy, a rollback or a scale.

    Raises:
        PreflightError: nothing was ever committed here, or nothing runs.
        ReleaseNotFoundError: the committed release is no longer staged.
    """
    committed = await Journal(platform.records).committed()
    if committed is None:
        raise PreflightError("nothing runs here yet: no release was ever committed", hint="xiong up")
    if not await platform.instances():
        raise PreflightError("nothing runs here now", hint="xiong up")
    return committed, await staged(platform, committed.release)


async def staged(platform: Platform, release_id: str) -> Release:
    """The release of that id, or of a beginning that only one has.

    Raises:
        ReleaseNotFoundError: none, or more than one.
    """
    found = [r for r in await platform.releases() if r.id == release_id] or [
        r for r in await platform.releases() if r.id.startswith(release_id)
    ]
    if len(found) != 1:
        seen = "no release" if not found else f"{len(found)} releases"
        is_tag = "/" in release_id or ":" in release_id
        hint = "name an image by its digest: NAME@sha256:…" if is_tag else "xiong releases"
        raise ReleaseNotFoundError(f"{seen} here match {release_id}", hint=hint)
    return found[0]


async def ready_to_roll(platform: Platform, release: Release, asked_by: Release) -> None:
    """The platform is fit and the schema suits the release.

    Args:
        release: what is to be rolled out.
        asked_by: a release whose `api.migrate` asks the database.

    Raises:
        PreflightError: each reason in words.
    """
    faults = await platform.preflight()
    if faults:
        raise PreflightError("not begun: " + "; ".join(faults), hint="xiong status")
    blocking = (await schema.schema_state(platform, asked_by)).blocking(release.schema)
    if blocking:
        raise PreflightError(
            f"release {release.id} cannot live on the present schema: "
            f"contract migration {', '.join(blocking)} was applied, which it does not know",
            hint="xiong releases   (shows which releases fit)",
        )


async def unproven(platform: Platform, settings: Settings, clock: Clock) -> list[str]:
    """What keeps a release from being deployed because a drill is stale or failed, in words."""
    if not settings.drills.block_deploys:
        return []
    return await proofs.unproven(platform.records, settings, clock.now())


def refuse_unproven(found: list[str], reason: str, progress: Progress) -> None:
    """Ends a deploy that nothing was proved for; with a reason it goes on, and says so.

    Raises:
        PreflightError: each drill in words.
    """
    if not found:
        return
    if not reason:
        raise PreflightError(
            "not begun: " + "; ".join(found),
            hint="xiong drill --all   (or --override REASON; the gate judges all the same)",
        )
    progress(f"goes on although {'; '.join(found)}: {reason}")
