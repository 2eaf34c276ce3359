"""The verbs that change what runs: up, down, deploy, rollback, scale, migrate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from xiong.cli import render
from xiong.cli.session import DryRun, Timeout, session
from xiong.console.serving import welcome
from xiong.errors import StoppedError, UsageError
from xiong.operations import deploy as deploy_operation
from xiong.operations import down as down_operation
from xiong.operations import migrate as migrate_operation
from xiong.operations import preflight
from xiong.operations import rollback as rollback_operation
from xiong.operations import scale as scale_operation
from xiong.operations import up as up_operation
from xiong.platforms.base import PlannedCommand

Override = Annotated[
    str, typer.Option("--override", metavar="REASON", help="Go on against the gate or a guard; recorded.")
]


def up(
    context: typer.Context,
    replicas: Annotated[int | None, typer.Option(min=1, help="Replicas of the service.")] = None,
    detach: Annotated[
        bool, typer.Option("--detach", help="Return once it serves, instead of showing its logs.")
    ] = False,
    install: Annotated[
        bool, typer.Option("--install", help="Write a systemd unit, so that a reboot brings it back.")
    ] = False,
    dry_run: DryRun = False,
    timeout: Timeout = None,
) -> None:
    """Everything running; safe to repeat."""
    here = session(context)
    platform = here.platform
    if dry_run:
        count = replicas or here.settings.service.replicas
        commands = here.run(platform.plan(None, count))
        here.show_plan(["start what does not run yet", "migrate", "talk to it through the proxy"], commands)
        return
    result = here.run(
        up_operation.up(platform, here.settings, here.clock, render.progress, replicas=replicas), timeout
    )
    here.show(result, render.up)
    if here.settings.console.enabled and not here.as_json:
        render.console(here.run(welcome(platform.records)))
    if install:
        render.progress(here.run(platform.survive_reboot()))
    if not detach and not install:
        _follow(context)


def _follow(context: typer.Context) -> None:
    """Shows the logs until Ctrl-C, which stops everything gracefully."""
    here = session(context)

    async def show() -> None:
        async for instance, line in here.platform.logs(None, follow=True):
            typer.echo(f"{instance}  {line.decode(errors='replace')}", err=True)

    try:
        here.run(show())
    except StoppedError:
        here.run(down_operation.down(here.platform, here.settings, here.clock, render.progress, purge=False))


def down(
    context: typer.Context,
    purge: Annotated[
        bool, typer.Option("--purge", help="Delete all data, releases and secrets too.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Confirm --purge.")] = False,
    dry_run: DryRun = False,
    timeout: Timeout = None,
) -> None:
    """A graceful stop; data stays unless it is purged."""
    here = session(context)
    if purge and not yes:
        raise UsageError("--purge deletes all data of this copy", hint="xiong down --purge --yes")
    if dry_run:
        found = here.run(here.platform.instances())
        steps = [f"stop {i.name}" for i in reversed(found)] + (["delete all data"] if purge else [])
        here.show_plan(steps)
        return
    here.run(
        down_operation.down(here.platform, here.settings, here.clock, render.progress, purge=purge), timeout
    )
    here.show({"stopped": True, "purged": purge}, lambda _: render.line("down"))


def deploy(
    context: typer.Context,
    release: Annotated[str | None, typer.Argument(help="A staged release, by id or its beginning.")] = None,
    source: Annotated[
        Path | None, typer.Option("--from", help="Build the release from this source tree.")
    ] = None,
    override: Override = "",
    dry_run: DryRun = False,
    timeout: Timeout = None,
) -> None:
    """Another release without a lost request, or the old one."""
    here = session(context)
    if (release is None) == (source is None):
        raise UsageError("deploy needs either RELEASE or --from PATH", hint="xiong deploy --from .")
    wanted = source if source is not None else str(release)
    if dry_run:
        here.show_plan(*here.run(_deploy_plan(context, wanted)))
        return
    made = here.run(
        deploy_operation.deploy(
            here.platform, here.settings, here.clock, render.progress, wanted=wanted, reason=override
        ),
        timeout,
    )
    here.show(made, render.receipt)


async def _deploy_plan(context: typer.Context, wanted: str | Path) -> tuple[list[str], list[PlannedCommand]]:
    here = session(context)
    committed, _ = await preflight.running_release(here.platform)
    staged = None if isinstance(wanted, Path) else await preflight.staged(here.platform, wanted)
    steps = [f"build a release from {wanted}"] if staged is None else []
    steps += [
        "apply its expand migrations",
        f"replace {committed.replicas} replicas of {committed.release} one by one",
        "let the first new one pass the gate before any old one goes",
        "commit it, or go back to the old release",
    ]
    return steps, await here.platform.plan(staged, committed.replicas)


def rollback(
    context: typer.Context,
    release: Annotated[
        str | None, typer.Argument(help="An earlier release; empty is the newest that fits.")
    ] = None,
    dry_run: DryRun = False,
    timeout: Timeout = None,
) -> None:
    """An earlier release that fits the schema, or a refusal."""
    here = session(context)
    if dry_run:
        committed, _ = here.run(preflight.running_release(here.platform))
        targets = [release] if release else list(committed.earlier)
        here.show_plan([f"roll back to {t}, if it fits the schema" for t in targets])
        return
    made = here.run(
        rollback_operation.rollback(
            here.platform, here.settings, here.clock, render.progress, wanted=release
        ),
        timeout,
    )
    here.show(made, render.receipt)


def scale(
    context: typer.Context,
    replicas: Annotated[int, typer.Argument(help="How many replicas.")],
    dry_run: DryRun = False,
    timeout: Timeout = None,
) -> None:
    """Another number of replicas."""
    here = session(context)
    if dry_run:
        here.show_plan([f"start or drain replicas until there are {replicas}"])
        return
    made = here.run(
        scale_operation.scale(here.platform, here.settings, here.clock, render.progress, replicas=replicas),
        timeout,
    )
    here.show(made, render.receipt)


def migrate(
    context: typer.Context,
    contract: Annotated[bool, typer.Option("--contract", help="Apply the contract phase.")] = False,
    override: Override = "",
    dry_run: DryRun = False,
    timeout: Timeout = None,
) -> None:
    """The contract phase, once no older release can be needed."""
    here = session(context)
    if not contract:
        raise UsageError("deploy applies expand migrations by itself", hint="xiong migrate --contract")
    if dry_run:
        here.show_plan(
            ["apply the running release's contract migrations, if no rollback needs what they remove"]
        )
        return
    result = here.run(
        migrate_operation.contract(
            here.platform, here.settings, here.clock, render.progress, override=override
        ),
        timeout,
    )
    applied = ", ".join(result.applied) or "nothing was pending"
    here.show(result, lambda _: render.line(f"contract  {applied}"))
