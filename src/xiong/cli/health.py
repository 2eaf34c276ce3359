"""`xiong health`: what the deep checks find, once or over and over."""

from __future__ import annotations

import contextlib
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from xiong.cli.session import Session, Timeout, session
from xiong.errors import ExitCode, StoppedError
from xiong.model.health import Figure, Finding, HealthReport, Verdict
from xiong.operations.health.memory import Memory
from xiong.operations.health.run import choose, examine

_stdout = Console(highlight=False, soft_wrap=True)
_STYLES = {
    Verdict.HEALTHY: "green",
    Verdict.DEGRADED: "yellow",
    Verdict.UNHEALTHY: "bold red",
    Verdict.NOT_RUN: "dim",
}
_EVERY_SECONDS = 2.0


def health(
    context: typer.Context,
    checks: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CHECK]...", help="Which checks; their figures are shown then. Default all."),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Look again every other second, until Ctrl-C.")
    ] = False,
    timeout: Timeout = None,
) -> None:
    """Deep checks of everything; exit code 3 when anything is degraded or unhealthy."""
    here, names = session(context), tuple(checks or ())
    choose(names)  # an unknown name is told before anything is looked at
    if watch:
        report = _watch(here, names, timeout)
    else:
        report = here.run(examine(here.platform, here.settings, here.clock, names), timeout)
        _show(here, report, names)
    if report is None or report.verdict is not Verdict.HEALTHY:
        raise typer.Exit(ExitCode.UNHEALTHY)


def _watch(here: Session, names: tuple[str, ...], timeout: float | None) -> HealthReport | None:
    """Looks until Ctrl-C, which is its ordinary end; gives what was seen last."""
    platform, memory, last = here.platform, Memory(), None

    async def look_on() -> None:
        nonlocal last
        while True:
            last = await examine(platform, here.settings, here.clock, names, memory=memory)
            if not here.as_json:
                _stdout.clear()
            _show(here, last, names)
            await here.clock.sleep(_EVERY_SECONDS)

    with contextlib.suppress(StoppedError):
        here.run(look_on(), timeout)
    return last


def _show(here: Session, report: HealthReport, names: tuple[str, ...]) -> None:
    here.show(report, lambda shown: _text(shown, here.platform.name, with_figures=bool(names)))


def _text(report: HealthReport, platform: str, *, with_figures: bool) -> None:
    """One line for each check, and below it what to type next."""
    word, count = report.verdict, len(report.findings)
    style, noun = _STYLES[word], "check" if count == 1 else "checks"
    took = f"{count} {noun} in {report.seconds:.2f} s, {report.at:%F %T} UTC"
    _stdout.print(Text.assemble((word, style), f"  {platform}, {took}"))
    width = max((len(finding.check) for finding in report.findings), default=0)
    for finding in report.findings:
        _finding(finding, width, with_figures=with_figures)


def _finding(finding: Finding, width: int, *, with_figures: bool) -> None:
    verdict = (f"{finding.verdict:<9}", _STYLES[finding.verdict])
    _stdout.print(Text.assemble(f"  {finding.check:<{width}}  ", verdict, f"  {finding.summary}"))
    indent = " " * (width + 15)
    if finding.hint:
        _stdout.print(Text.assemble(indent, ("next  ", "bold"), finding.hint))
    for figure in finding.figures if with_figures else ():
        _stdout.print(Text.assemble(indent, (_figure(figure), "dim")))


def _figure(figure: Figure) -> str:
    limit = "" if figure.limit is None else f"   (limit {_number(figure.limit, figure.unit)})"
    return f"{figure.name}  {_number(figure.value, figure.unit)}{limit}"


def _number(value: float, unit: str) -> str:
    if unit == "share":
        return f"{value:.1%}"
    if unit == "bytes":
        return f"{value / 2**20:,.1f} MiB"
    return f"{value:,.3f} s" if unit == "s" else f"{value:,g}"
