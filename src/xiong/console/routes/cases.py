"""The case behind a page, for those who care for the person: a look, which is recorded, and how it ended."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xiong.console import cases
from xiong.console.guard import address_of, desk_of, opened, pressed
from xiong.console.pages import whole_id
from xiong.console.rendering import page
from xiong.console.roles import Role
from xiong.console.sessions import Login
from xiong.errors import XiongError


async def ask(request: Request) -> Response:
    """Where a page's link leads: says what a look means, and shows nothing yet."""
    login = await opened(request, Role.CARE)
    recorded = request.query_params.get("recorded", "")
    return _door(request, login, recorded=recorded if recorded in cases.OUTCOMES else "")


async def look(request: Request) -> Response:
    """Shows the case, once the service and the console have written the look down."""
    login, _ = await pressed(request, Role.CARE)
    desk, name = desk_of(request), request.path_params["page"]
    try:
        found = await cases.open_case(desk.platform, name, login.name)
    except (XiongError, OSError) as error:
        _note(request, login, "case.viewed", f"not shown: {error}")
        return _door(request, login, 503, not_shown=_why(error))
    if found is None:
        raise HTTPException(404)
    try:
        desk.audit.must(
            "case.viewed", who=login.name, role=login.role, subject=name, address=address_of(request)
        )
    except OSError:
        raise HTTPException(503) from None
    here = f"/pages/{found.page.id}/case"
    return page(request, "case.html", login, case=found, page=found.page, outcomes=cases.OUTCOMES, back=here)


async def record(request: Request) -> Response:
    """Records how the case ended, in the name of whoever is logged in."""
    login, form = await pressed(request, Role.CARE)
    name, outcome = request.path_params["page"], form.get("outcome", "")
    if outcome not in cases.OUTCOMES:
        raise HTTPException(400)
    try:
        await cases.record(desk_of(request).platform, name, outcome, login.name)
    except (XiongError, OSError) as error:
        _note(request, login, "case.outcome", f"{outcome}, not recorded: {error}")
        return _door(request, login, 503, not_recorded=_why(error), outcome=outcome)
    _note(request, login, "case.outcome", outcome)
    return RedirectResponse(f"/pages/{name}/case?recorded={outcome}", 303)


def _door(
    request: Request,
    login: Login,
    status: int = 200,
    *,
    recorded: str = "",
    not_shown: str = "",
    not_recorded: str = "",
    outcome: str = "",
) -> Response:
    name = whole_id(request.path_params["page"])
    if name is None:
        raise HTTPException(404)
    return page(
        request,
        "case_door.html",
        login,
        status,
        page_id=name,
        recorded=recorded,
        not_shown=not_shown,
        not_recorded=not_recorded,
        outcome=outcome,
        back=f"/pages/{name}/case",
    )


def _why(error: XiongError | OSError) -> str:
    hint = getattr(error, "hint", None)
    return f"{error} ({hint})" if hint else str(error)


def _note(request: Request, login: Login, action: str, outcome: str) -> None:
    desk_of(request).audit.note(
        action,
        who=login.name,
        role=login.role,
        subject=request.path_params["page"],
        outcome=outcome,
        address=address_of(request),
    )


ROUTES = [
    Route("/pages/{page}/case", ask, methods=["GET"]),
    Route("/pages/{page}/case", look, methods=["POST"]),
    Route("/pages/{page}/outcome", record, methods=["POST"]),
]
