"""`xiong init`: settings, secrets and keys before the first `xiong up`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from xiong.cli import render
from xiong.cli.session import DryRun, Session, Timeout, session
from xiong.config.load import DEFAULT_FILE
from xiong.errors import UsageError
from xiong.operations import init as init_operation
from xiong.operations.init import Initialised, Wanted
from xiong.platforms import shipped

_HELP = "xiong init --help"
_QUESTIONS = (
    ("service", "environment", "What is it called: development, staging or production"),
    ("proxy", "host", "Host name for HTTPS (empty: plain HTTP on this machine)"),
    ("backup", "repositories", "Where backups go, with spaces between (empty: beside the data)"),
)


def init(
    context: typer.Context,
    yes: Annotated[
        bool, typer.Option("--yes", help="Ask nothing; what is not given is the default.")
    ] = False,
    platform: Annotated[
        str | None,
        typer.Option("--platform", help="Where the service will run: local, compose or kubernetes."),
    ] = None,
    environment: Annotated[str | None, typer.Option(help="development, staging or production.")] = None,
    host: Annotated[str | None, typer.Option(help="Host name; with it the proxy serves HTTPS.")] = None,
    repository: Annotated[
        list[str] | None,
        typer.Option(
            "--repository", metavar="URL", help="Where backups go; may be repeated. Two are better."
        ),
    ] = None,
    offline_key: Annotated[
        Path | None,
        typer.Option("--offline-key", metavar="FILE", help="Move the offline key of backups into this file."),
    ] = None,
    compose_files: Annotated[
        bool,
        typer.Option(
            "--compose-files", help="Put compose.yaml and .env.example here too, to run them by hand."
        ),
    ] = False,
    namespace: Annotated[str | None, typer.Option(help="Kubernetes: where the copy lives.")] = None,
    registry: Annotated[
        str | None, typer.Option(help="Kubernetes: where built images are pushed, and nodes pull them.")
    ] = None,
    dry_run: DryRun = False,
    timeout: Timeout = None,
) -> None:
    """Settings file, secrets and backup keys; makes what is missing, overwrites nothing."""
    said = context.find_root().params
    file = said["config"] or DEFAULT_FILE
    given = {"environment": environment, "host": host, "repositories": repository or None}
    ask = not (yes or dry_run or session(context).as_json or file.is_file())
    chosen = _chosen(given, ask=ask) | ({"platform": platform} if platform else {})
    chosen = _clustered(chosen, {"namespace": namespace, "registry": registry})
    init_operation.checked(chosen)
    here = _on(session(context), chosen)
    kept = {name: said[name] for name in ("platform", "state") if said[name] is not None}
    copied = _by_hand(here.settings.platform) if compose_files else ()
    clustered = here.settings.platform == "kubernetes"
    wanted = Wanted(file, chosen, kept, offline_key, copied, published=clustered)
    if dry_run:
        here.show_plan(here.run(init_operation.plan(here.platform, here.settings, wanted), timeout))
    else:
        here.show(here.run(init_operation.init(here.platform, here.settings, wanted), timeout), _made)


def _chosen(given: dict[str, Any], *, ask: bool) -> dict[str, Any]:
    """What was given, and with `ask` what was answered; an empty answer is the default."""
    found: dict[str, Any] = {}
    for section, name, question in _QUESTIONS:
        value = given[name]
        if value is None and ask:
            answer = typer.prompt(question, default="", show_default=False, err=True).strip()
            value = answer.split() if name == "repositories" else answer
        if value:
            found.setdefault(section, {})[name] = value
    return found


def _clustered(chosen: dict[str, Any], given: dict[str, str | None]) -> dict[str, Any]:
    """The same; in a cluster the host name is the Ingress's, and TLS is its controller's affair."""
    wanted = {name: value for name, value in given.items() if value}
    if chosen.get("platform") != "kubernetes":
        if wanted:
            raise UsageError("--namespace and --registry belong to --platform kubernetes", hint=_HELP)
        return chosen
    host = chosen.get("proxy", {}).get("host")
    kept = {name: value for name, value in chosen.items() if name != "proxy"}
    own = {**({"host": host} if host else {}), **wanted}
    return {**kept, **({"kubernetes": own} if own else {})}


def _on(here: Session, chosen: Mapping[str, Any]) -> Session:
    """The session on the platform that was chosen, whose settings are not written yet."""
    if "platform" not in chosen:
        return here
    own = here.settings.kubernetes.model_copy(update=dict(chosen.get("kubernetes", {})))
    settings = here.settings.model_copy(update={"platform": chosen["platform"], "kubernetes": own})
    return replace(here, settings=settings)


def _by_hand(platform: str) -> tuple[Path, ...]:
    found = shipped.by_hand(platform)
    if not found:
        raise UsageError(
            f"the platform {platform} needs no files of Compose",
            hint="xiong init --platform compose --compose-files",
        )
    return found


def _made(made: Initialised) -> None:
    render.line(f"settings     {made.file}, {'written' if made.written else 'was there and stays as it is'}")
    for file in made.copied:
        render.line(f"copied       {file}")
    render.line(f"secrets      {', '.join(made.secrets) or 'all were there'}")
    render.line(f"backups      {len(made.recipients)} keys, any one of which opens them")
    if made.offline_key:
        render.line(f"offline key  {made.offline_key}: take it away from this machine")
    elif made.offline_here:
        render.line(
            "offline key  still among this copy's secrets, where it dies with the machine; put it on a disk "
            "that you take away:  xiong init --offline-key FILE"
        )
    render.line("next         xiong up")
