"""What was deployed, and the way back: a receipt, the question, the button, and how far the rollback is."""

from __future__ import annotations

from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xiong.console.desk import Desk
from xiong.console.guard import address_of, desk_of, opened, pressed, require
from xiong.console.rendering import fragment, page
from xiong.console.roles import Role
from xiong.console.rollbacks import Run
from xiong.console.sessions import Login
from xiong.errors import LeaseHeldError
from xiong.operations.releases import ListedRelease

PROGRESS = "/rollback/progress"


async def receipt(request: Request) -> Response:
    """One rollout from its beginning to its end."""
    login = await opened(request, Role.VIEW)
    board = await desk_of(request).lookout.board()
    found = next((r for r in board.history if r.id == request.path_params["receipt"]), None)
    if found is None:
        raise HTTPException(404)
    return page(request, "receipt.html", login, receipt=found)


async def ask(request: Request) -> Response:
    """The question, which names what runs and what will."""
    login = await opened(request, Role.OPERATE)
    return await _question(request, login, request.query_params.get("to", ""))


async def begin(request: Request) -> Response:
    """Starts it in the background."""
    login, form = await pressed(request, Role.OPERATE)
    desk, address = desk_of(request), address_of(request)
    wanted = form.get("to", "")
    target, now = await _target(desk, wanted)
    if target is None or form.get("from") != now:
        return await _question(request, login, wanted, changed=True)
    try:
        desk.rollbacks.begin(wanted, login.name, partial(_ended, desk, login, address))
    except LeaseHeldError as error:
        return page(request, "failed.html", login, 409, message=error.message)
    desk.audit.note("rollback.begun", who=login.name, role=login.role, subject=wanted, address=address)
    return RedirectResponse(PROGRESS, 303)


async def progress(request: Request) -> Response:
    """How far it is."""
    login = await opened(request, Role.VIEW)
    return page(request, "progress.html", login, run=desk_of(request).rollbacks.last)


async def next_progress(request: Request) -> Response:
    """The next version of that."""
    login = await require(request, Role.VIEW)
    version = request.query_params.get("v", "")
    return fragment(request, "progress", login, version, run=desk_of(request).rollbacks.last)


async def _question(request: Request, login: Login, wanted: str, *, changed: bool = False) -> Response:
    target, now = await _target(desk_of(request), wanted)
    if target is None:
        raise HTTPException(404)
    status = 409 if changed else 200
    return page(request, "rollback.html", login, status, target=target.release, current=now, changed=changed)


async def _target(desk: Desk, wanted: str) -> tuple[ListedRelease | None, str]:
    """The release that is asked for, and the one that is meant to run now."""
    desk.lookout.forget()
    board = await desk.lookout.board()
    committed = board.status.committed if board.status else None
    found = next((listed for listed in board.targets if listed.release.id == wanted), None)
    return found, committed.release if committed else ""


def _ended(desk: Desk, login: Login, address: str, run: Run) -> None:
    desk.lookout.forget()
    outcome = run.error.message if run.error else "done"
    desk.audit.note(
        "rollback.ended",
        who=login.name,
        role=login.role,
        subject=run.target,
        outcome=outcome,
        address=address,
    )


ROUTES = [
    Route("/deploys/{receipt}", receipt, methods=["GET"]),
    Route("/rollback", ask, methods=["GET"]),
    Route("/rollback", begin, methods=["POST"]),
    Route(PROGRESS, progress, methods=["GET"]),
    Route("/fragments/progress", next_progress, methods=["GET"]),
]
