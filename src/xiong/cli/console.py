"""`xiong console`: the web page for operators, and the tokens that open it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from xiong.cli import render
from xiong.cli.session import DryRun, Timeout, session
from xiong.console.audit import audit_in
from xiong.console.roles import Role
from xiong.console.serving import address, serve
from xiong.console.tokens import Holder, Tokens
from xiong.errors import StoppedError, UsageError
from xiong.tools import host

app = typer.Typer(help="The web page for operators, and the tokens that open it.", rich_markup_mode=None)


@dataclass(frozen=True)
class MadeToken:
    """A token for the console; it is shown this once.

    Attributes:
        name: who logs in with it.
        role: what it allows: view, acknowledge, operate or care.
        token: what to type at the login.
        url: where to log in; None where the console never ran.
    """

    name: str
    role: Role
    token: str
    url: str | None


@dataclass(frozen=True)
class Visitor:
    """Somebody who may log in.

    Attributes:
        name: who.
        role: what the token allows.
        made_at: UTC.
        made_by: user@host.
    """

    name: str
    role: Role
    made_at: str
    made_by: str


@dataclass(frozen=True)
class VisitorList:
    """Everybody who may log in.

    Attributes:
        visitors: by name.
    """

    visitors: tuple[Visitor, ...]


@dataclass(frozen=True)
class RevokedToken:
    """A token that opens nothing any more.

    Attributes:
        name: whose it was.
        revoked: always true.
    """

    name: str
    revoked: bool


@app.callback(invoke_without_command=True)
def console(context: typer.Context) -> None:
    """The web page for operators; alone it serves it until Ctrl-C."""
    if context.invoked_subcommand is None:
        serve_(context)


@app.command("serve")
def serve_(context: typer.Context, timeout: Timeout = None) -> None:
    """Serve the page until Ctrl-C; `up` does so by itself."""
    here = session(context)
    try:
        here.run(serve(here.platform, here.settings, here.clock, render.progress), timeout)
    except StoppedError:
        render.progress("the console is stopped")


@app.command("token")
def token(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Who acts, as it will stand in the records.")],
    role: Annotated[Role, typer.Option("--role", metavar="ROLE", help="view, acknowledge, operate or care.")],
    dry_run: DryRun = False,
    timeout: Timeout = 30,
) -> None:
    """Make a token that opens the page, and print it once; one of that name from before ends."""
    here = session(context)
    if dry_run:
        here.show_plan([f"make a token of the role {role} for {name}, in place of one from before"])
        return

    async def make() -> MadeToken:
        platform = here.platform
        made = await Tokens(platform.records).make(name, role, by=host.actor(), at=here.clock.now())
        audit_in(here.settings.state, here.clock).note(
            "token.made", who=host.actor(), subject=name, outcome=role
        )
        where = await address(platform.records)
        return MadeToken(name, role, made.reveal(), where.url if where else None)

    here.show(here.run(make(), timeout), _made)


@app.command("tokens")
def tokens(context: typer.Context, timeout: Timeout = 30) -> None:
    """Who may log in, and as what."""
    here = session(context)

    async def listed() -> VisitorList:
        return VisitorList(tuple(_visitor(holder) for holder in await Tokens(here.platform.records).all()))

    here.show(here.run(listed(), timeout), _listed)


@app.command("revoke")
def revoke(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Whose token.")],
    dry_run: DryRun = False,
    timeout: Timeout = 30,
) -> None:
    """End somebody's token, and every login by it at once."""
    here = session(context)
    if dry_run:
        here.show_plan([f"end the token of {name} and every login by it"])
        return

    async def end() -> RevokedToken:
        known = await Tokens(here.platform.records).revoke(name)
        if not known:
            raise UsageError(f"nobody named {name} may log in", hint="xiong console tokens")
        audit_in(here.settings.state, here.clock).note("token.revoked", who=host.actor(), subject=name)
        return RevokedToken(name, True)

    here.show(here.run(end(), timeout), lambda _: render.line(f"revoked  {name}"))


def _visitor(holder: Holder) -> Visitor:
    return Visitor(holder.name, holder.role, holder.made_at.isoformat(), holder.made_by)


def _made(made: MadeToken) -> None:
    render.line(f"token  {made.token}")
    render.line(f"  opens   {made.url or 'the console, once it runs (xiong up)'}")
    render.line(f"  as      {made.name}, {made.role}; it is shown only now")


def _listed(found: VisitorList) -> None:
    for visitor in found.visitors:
        render.line(f"{visitor.name}  {visitor.role}, made {visitor.made_at} by {visitor.made_by}")
    if not found.visitors:
        render.line("nobody   (xiong console token NAME --role operate)")
