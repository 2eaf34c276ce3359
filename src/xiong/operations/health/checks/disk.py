"""`disk`: how much room is left on every file system that the service writes on, in bytes and in inodes."""

from __future__ import annotations

from xiong.config.healing import HealthSettings
from xiong.model.health import Figure, Finding, Verdict
from xiong.model.volume import Volume
from xiong.operations.health.check import Check
from xiong.operations.health.checks.wording import nothing_here, size
from xiong.operations.health.scene import Scene

HINT = "xiong recover disk   (removes old releases and rotated logs, never data)"


async def look(scene: Scene) -> Finding:
    """Asks the platform for its volumes."""
    if await scene.committed() is None:
        return nothing_here("disk")
    return judge(await scene.platform.volumes(), scene.settings.health)


def judge(volumes: list[Volume], limits: HealthSettings) -> Finding:
    """The fullest file system decides; half of the least free share is UNHEALTHY."""
    shares = [
        ("disk-full", volume, "free", volume.free_bytes, volume.size_bytes, limits.disk_free_share)
        for volume in volumes
    ] + [
        ("inodes", volume, "inodes free", volume.free_inodes, volume.inodes, limits.inodes_free_share)
        for volume in volumes
        if volume.inodes
    ]
    figures = tuple(
        Figure(f"{volume.name} {what}", free / whole if whole else 0.0, "share", least)
        for _, volume, what, free, whole, least in shares
    )
    short = [
        (figure.value / least, cause, volume, figure.value, least)
        for figure, (cause, volume, _, _, _, least) in zip(figures, shares, strict=True)
        if figure.value < least
    ]
    if not short:
        room = ", ".join(
            f"{v.name} {size(v.free_bytes)} of {size(v.size_bytes)} free ({v.free_bytes / v.size_bytes:.0%})"
            for v in volumes
        )
        return Finding("disk", Verdict.HEALTHY, room, figures=figures)
    part, cause, volume, share, least = min(short, key=lambda entry: entry[0])
    verdict = Verdict.UNHEALTHY if part < 0.5 else Verdict.DEGRADED
    what = f"{size(volume.free_bytes)} are free" if cause == "disk-full" else "inodes are nearly used up"
    words = f"{volume.name}: {what}, {share:.1%}, at least {least:.0%} are meant"
    return Finding("disk", verdict, words, hint=HINT, figures=figures, cause=cause)


DISK = Check(
    "disk",
    look,
    allows=(("disk-full", ("free-disk",)), ("inodes", ("free-disk",))),
)
