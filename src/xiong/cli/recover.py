"""`xiong recover`: heals once in the foreground, shows what would be done, pauses and resumes the daemon."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from xiong.cli import render
from xiong.cli.durations import duration
from xiong.cli.session import DryRun, Session, Timeout, session
from xiong.errors import ExitCode, UsageError
from xiong.model.recovery import Decision
from xiong.operations.health.registry import CHECKS
from xiong.operations.recovery import history, pause
from xiong.operations.recovery.actions.registry import ACTIONS
from xiong.operations.recovery.pause import Pause
from xiong.operations.recovery.policy import Policy
from xiong.operations.recovery.recover import Recovery
from xiong.operations.recovery.recover import recover as recover_once
from xiong.operations.recovery.replay import Deed, Replay, replay

_stdout = Console(highlight=False, soft_wrap=True, markup=False)
_SHOWN = 50


def recover(
    context: typer.Context,
    checks: Annotated[
        list[str] | None, typer.Argument(metavar="[CHECK]...", help="Whose fault to cure; default any.")
    ] = None,
    shadow: Annotated[bool, typer.Option("--shadow", help="Decide, and do nothing.")] = False,
    dry_run: DryRun = False,
    replayed: Annotated[
        Path | None,
        typer.Option("--replay", metavar="FILE", help="What the present settings would have done."),
    ] = None,
    export: Annotated[
        Path | None, typer.Option("--export", metavar="FILE", help="Write what was seen and done, for that.")
    ] = None,
    pause_for: Annotated[
        str | None, typer.Option("--pause", metavar="1h", help="Let `watch` do nothing for that long.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="End a pause, and look after frozen checks again.")
    ] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why it is paused.")] = "",
    timeout: Timeout = None,
) -> None:
    """Heal once and show what each guard says; exit code 3 while anything is ill, 4 while another works."""
    here, names = session(context), tuple(checks or ())
    ways = [name for name, given in _ways(shadow, dry_run, replayed, export, pause_for, resume) if given]
    if len(ways) > 1:
        raise UsageError(f"{' and '.join(ways)} do not go together", hint="xiong recover --help")
    if replayed is not None:
        _replay(here, replayed)
    elif export is not None:
        _export(here, export)
    elif pause_for is not None:
        said = here.run(pause.pause(here.platform.records, here.clock, duration(pause_for), reason))
        here.show(said, _show_pause)
    elif resume:
        here.show(here.run(pause.resume(here.platform.records, here.clock)), _show_pause)
    else:
        _heal(here, names, shadow=shadow, dry_run=dry_run, timeout=timeout)


def _ways(
    shadow: bool,
    dry_run: bool,
    replayed: Path | None,
    export: Path | None,
    pause_for: str | None,
    resume: bool,
) -> list[tuple[str, bool]]:
    return [
        ("--shadow", shadow),
        ("--dry-run", dry_run),
        ("--replay", replayed is not None),
        ("--export", export is not None),
        ("--pause", pause_for is not None),
        ("--resume", resume),
    ]


def _heal(
    here: Session, names: tuple[str, ...], *, shadow: bool, dry_run: bool, timeout: float | None
) -> None:
    made = here.run(
        recover_once(
            here.platform, here.settings, here.clock, render.progress, names=names, shadow=shadow or dry_run
        ),
        timeout,
    )
    if dry_run:
        here.show_plan(_steps(made))
        return
    here.show(made, _show)
    if made.lease and not made.healthy and made.action is None:
        raise typer.Exit(ExitCode.LEASE_HELD)
    if not made.healthy:
        raise typer.Exit(ExitCode.UNHEALTHY)


def _steps(made: Recovery) -> list[str]:
    if made.action is not None:
        return [f"{made.action.action} {made.action.target}".strip() + f": {made.action.detail}"]
    return [f"do nothing about {d.check}: {d.why}" for d in made.decisions] or ["do nothing: all is well"]


def _replay(here: Session, file: Path) -> None:
    policy = Policy(here.settings.recovery, CHECKS, ACTIONS)
    here.show(replay(history.read(file), policy, here.settings.watch.cycle_seconds), _show_replay)


def _export(here: Session, file: Path) -> None:
    kept = here.run(history.kept(here.platform.records))
    history.write(kept, file)
    here.show(
        {"file": str(file.absolute()), "observations": len(kept.observations), "actions": len(kept.actions)},
        lambda made: _stdout.print(
            f"{made['observations']} observations and {made['actions']} actions: {made['file']}"
        ),
    )


def _show(made: Recovery) -> None:
    for decision in made.decisions:
        _show_decision(decision)
    if made.action is not None:
        done = made.action
        word = "would do" if made.shadow else str(done.outcome)
        _stdout.print(f"{word}  {done.action} {done.target}".rstrip() + f": {done.detail}")
        _stdout.print(f"  disturbs  {done.blast_radius}")
    _stdout.print("healthy" if made.healthy else f"still ill: {', '.join(made.ill)}")


def _show_decision(decision: Decision) -> None:
    action = f" → {decision.action} {decision.target}".rstrip() if decision.action else ""
    _stdout.print(f"{decision.check}  {decision.cause or 'no cause'}{action}")
    for verdict in decision.guards:
        _stdout.print(f"  {'yes' if verdict.passed else 'NO ':<3}  {verdict.guard:<16}  {verdict.why}")
    if not decision.guards or not decision.acts:
        _stdout.print(f"  {decision.why}")


def _show_pause(said: Pause) -> None:
    if said.until is None:
        _stdout.print("watch heals again; frozen checks are looked after anew")
    else:
        why = f" ({said.reason})" if said.reason else ""
        _stdout.print(f"watch does nothing until {said.until:%Y-%m-%d %H:%M:%S} UTC{why}")
        _stdout.print("  xiong recover --resume   ends that")


def _show_replay(made: Replay) -> None:
    begun, ended = made.begun_at, made.ended_at
    span = f" from {begun:%Y-%m-%d %H:%M:%S} to {ended:%Y-%m-%d %H:%M:%S} UTC" if begun and ended else ""
    _stdout.print(f"{made.observations} observations{span}")
    _stdout.print(f"would have done {len(made.would)}, was done {len(made.did)}")
    _show_deeds("the same", [d for d in made.would if d not in made.only_would])
    _show_deeds("only now", list(made.only_would))
    _show_deeds("only then", list(made.only_did))
    for told in made.tells[:_SHOWN]:
        _stdout.print(f"  people told  {told.at:%Y-%m-%d %H:%M:%S}  {told.check}  {told.cause}: {told.why}")
    refused = ", ".join(f"{guard} {count}" for guard, count in sorted(made.refusals.items()))
    _stdout.print(f"refused in so many cycles: {refused or 'none'}")


def _show_deeds(word: str, deeds: list[Deed]) -> None:
    for deed in deeds[:_SHOWN]:
        _stdout.print(
            f"  {word:<11}  {deed.at:%Y-%m-%d %H:%M:%S}  {deed.check}  {deed.cause}: "
            f"{deed.action} {deed.target}".rstrip()
        )
    if len(deeds) > _SHOWN:
        _stdout.print(f"  {word:<11}  and {len(deeds) - _SHOWN} more (--json shows all)")
