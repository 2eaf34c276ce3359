"""The audit log, for those who may change what runs."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xiong.console.guard import address_of, desk_of, require
from xiong.console.rendering import page
from xiong.console.roles import Role

_SHOWN = 200


async def show(request: Request) -> Response:
    """The newest lines; looking at them is one of them."""
    login = await require(request, Role.OPERATE)
    desk = desk_of(request)
    try:
        desk.audit.must("audit.viewed", who=login.name, role=login.role, address=address_of(request))
    except OSError:
        raise HTTPException(503) from None
    return page(request, "audit.html", login, entries=desk.audit.newest(_SHOWN), shown=_SHOWN)


ROUTES = [Route("/audit", show, methods=["GET"])]
