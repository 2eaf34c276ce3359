"""One crisis page: who it is about, in an opaque id, and the button that takes it over."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xiong.console import pages as calls
from xiong.console.guard import address_of, desk_of, pressed, require
from xiong.console.rendering import page
from xiong.console.roles import Role
from xiong.errors import XiongError

_NOTICES = ("now_yours", "was_first")


async def show(request: Request) -> Response:
    """A page's detail; that somebody saw it is written down before it is shown."""
    login = await require(request, Role.ACKNOWLEDGE)
    desk, name = desk_of(request), request.path_params["page"]
    try:
        found = await calls.one_page(desk.platform, name)
    except (XiongError, OSError) as error:
        return page(request, "failed.html", login, 503, message=str(error))
    if found is None:
        raise HTTPException(404)
    try:
        desk.audit.must(
            "page.viewed", who=login.name, role=login.role, subject=name, address=address_of(request)
        )
    except OSError:
        raise HTTPException(503) from None
    notice = request.query_params.get("notice", "")
    return page(request, "page.html", login, page=found, notice=notice if notice in _NOTICES else "")


async def take_over(request: Request) -> Response:
    """Takes a page over in the name of whoever is logged in."""
    login, _ = await pressed(request, Role.ACKNOWLEDGE)
    desk, name = desk_of(request), request.path_params["page"]
    outcome = "done"
    try:
        found = await calls.take_over(desk.platform, name, login.name)
    except (XiongError, OSError) as error:
        outcome = f"not recorded: {error}"
        return page(request, "not_recorded.html", login, 503, page_id=name, why=str(error))
    else:
        mine = found.acknowledged_by == login.name
        outcome = "done" if mine else f"{found.acknowledged_by} was first"
        return RedirectResponse(f"/pages/{found.id}?notice={'now_yours' if mine else 'was_first'}", 303)
    finally:
        desk.lookout.forget()
        desk.audit.note(
            "page.acknowledged",
            who=login.name,
            role=login.role,
            subject=name,
            outcome=outcome,
            address=address_of(request),
        )


ROUTES = [
    Route("/pages/{page}", show, methods=["GET"]),
    Route("/pages/{page}/acknowledgement", take_over, methods=["POST"]),
]
