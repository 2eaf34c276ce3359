"""What people and scripts see: one JSON object on stdout, or text; progress always on stderr."""

from __future__ import annotations

import sys
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from xiong.errors import XiongError
from xiong.model.documents import to_document
from xiong.model.receipt import Receipt
from xiong.operations.releases import History, ReleaseList
from xiong.operations.status import Status
from xiong.operations.up import UpResult
from xiong.platforms.base import PlannedCommand

_stdout = Console(highlight=False, soft_wrap=True)
_stderr = Console(stderr=True, highlight=False, soft_wrap=True)


def progress(line: str) -> None:
    """One step of a long verb."""
    _stderr.print(f"[dim]·[/dim] {_plain(line)}")


def document(value: Any) -> None:
    """The one object of `--json`."""
    sys.stdout.write(orjson.dumps(to_document(value), option=orjson.OPT_INDENT_2).decode() + "\n")


def error(failure: XiongError, *, as_json: bool) -> None:
    """Why a verb failed, and the next command to type."""
    if as_json:
        document(
            {"error": {"message": failure.message, "hint": failure.hint, "exit_code": int(failure.exit_code)}}
        )
    _stderr.print(f"[bold red]error[/bold red] {_plain(failure.message)}")
    if failure.hint:
        _stderr.print(f"[bold]next[/bold]  {_plain(failure.hint)}")


def up(result: UpResult) -> None:
    """Where everything is and how long each part took."""
    took = ", ".join(f"{phase} {seconds:.1f} s" for phase, seconds in result.phases.items())
    _stdout.print(f"[green]up[/green]  release {result.release}, {result.replicas} replicas ({took})")
    _stdout.print(f"  service   {result.url}/api/v1/chat")
    _stdout.print(f"  health    {result.url}/api/v1/healthz")
    _stdout.print(f"  talk to it, for example:\n{_curl(result)}")


def console(welcome: tuple[str, ...]) -> None:
    """Where operators log in, and how to get a token where nobody has one yet."""
    for label, text in zip(("console", "log in"), welcome, strict=False):
        _stdout.print(f"  {label:<9} {_plain(text)}")


def _curl(result: UpResult) -> str:
    token = f"$(cat '{result.token_file}')"
    return (
        f"""    curl -s {result.url}/api/v1/chat -H "Authorization: Bearer {token}" \\\n"""
        """      -H 'Content-Type: application/json' -d '{"person": "demo-1", "message": "你好"}'"""
    )


def receipt(made: Receipt) -> None:
    """What a rollout did and what its probe saw."""
    _stdout.print(
        f"[green]{made.verb}[/green]  {made.release} {made.outcome} (was {made.previous or 'nothing'})"
    )
    probe = made.probe
    if probe.sent:
        _stdout.print(
            f"  probe     {probe.sent} messages sent, {probe.failed} failed, {probe.safe} safe replies, "
            f"slowest {probe.slowest_seconds:.3f} s, p95 {probe.p95_seconds:.3f} s"
        )
    _stdout.print("  phases    " + ", ".join(f"{p} {s:.2f} s" for p, s in made.phases.items()))
    if made.migrations:
        _stdout.print(f"  schema    {', '.join(made.migrations)}")
    if made.reason:
        _stdout.print(f"  because   {_plain(made.reason)}")


def status(found: Status) -> None:
    """One screen: is it well, and what runs."""
    word = "[green]healthy[/green]" if found.healthy else "[bold red]unhealthy[/bold red]"
    release = found.committed.release if found.committed else "none"
    _stdout.print(f"{word}  {found.platform}, release {release}, {found.url}")
    for fault in found.faults:
        _stdout.print(f"  [red]![/red] {_plain(fault)}")
    table = Table("instance", "state", "release", "restarts", "at", box=None, pad_edge=False)
    for i in found.instances:
        table.add_row(i.name, i.state.value, i.release_id or "", str(i.restarts), i.url or "")
    _stdout.print(table)
    if found.pages:
        called = "" if found.paging else "   (nobody is called: paging.file is not set)"
        _stdout.print(
            f"pages  {found.pages.imminent} open of immediate danger, {found.pages.high} of high{called}"
        )
    if not found.notices:
        _stdout.print("notices  only recorded: notices.urls_file is not set   (xiong notices list)")
    if found.committed:
        _stdout.print(f"backup {_backup(found)}")
    if found.lease:
        _stdout.print(
            f"lease  {found.lease.purpose} by {found.lease.holder} "
            f"until {found.lease.expires_at:%H:%M:%S} UTC"
        )
    if found.last:
        _stdout.print(
            f"last   {found.last.verb} {found.last.release}: {found.last.outcome}, "
            f"{found.last.ended_at:%F %T} UTC"
        )


def _backup(found: Status) -> str:
    """The newest one, and what would be lost beside it."""
    if found.backup is None:
        return "none yet   (xiong backup create)"
    checked = found.backup.verified or "not verified"
    words = f"{found.backup.id} ({found.backup.kind}), {checked}"
    if found.rpo is None or found.rpo.seconds is None:
        return words
    return f"{words}; {found.rpo.seconds:.1f} s would be lost at {found.rpo.at:%H:%M:%S} UTC"


def releases(found: ReleaseList) -> None:
    """One line for each staged release."""
    for entry in found.releases:
        mark = "runs" if entry.active else "ran before" if entry.committed_before else "staged"
        built = f"built {entry.release.created_at:%F %T} UTC"
        _stdout.print(f"{entry.release.id}  {mark}, {built} from {_plain(entry.release.source)}")


def history(found: History) -> None:
    """One line for each rollout, and why where it was not plainly committed."""
    for r in found.receipts:
        probe = f", probe {r.probe.failed} of {r.probe.sent} failed" if r.probe.sent else ""
        _stdout.print(f"{r.ended_at:%F %T} UTC  {r.verb} {r.release}: {r.outcome}{probe}, by {r.by}")
        if r.reason:
            _stdout.print(f"    because {_plain(r.reason)}")


def plan(steps: list[str], commands: list[PlannedCommand]) -> None:
    """`--dry-run`: what would be done, and the argument lists that would run."""
    for step in steps:
        _stdout.print(f"would {_plain(step)}")
    for command in commands:
        _stdout.print(f"would run {command.name}: {_plain(str(command.argv))}")


def line(text: str) -> None:
    _stdout.print(_plain(text))


def _plain(text: str) -> str:
    """Rich markup in a foreign text is text."""
    return text.replace("[", r"\[")
