"""Who asks, and whether they may: the session of a request, its role, and the token of its form."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

from xiong.console.desk import Desk
from xiong.console.roles import Role
from xiong.console.sessions import COOKIE, Login

FORM_FIELD = "form_token"
_LARGEST_FORM = 16 * 1024


class NotLoggedInError(Exception):
    """Nobody is logged in; `application` answers with the way to the login."""


def desk_of(request: Request) -> Desk:
    """The console's parts."""
    desk: Desk = request.app.state.desk
    return desk


def address_of(request: Request) -> str:
    """Where a request came from."""
    return request.client.host if request.client else ""


async def visitor(request: Request) -> Login | None:
    """Who is logged in, or None."""
    return await desk_of(request).sessions.open(request.cookies.get(COOKIE))


async def require(request: Request, role: Role) -> Login:
    """Who is logged in, if they may.

    Raises:
        NotLoggedInError: nobody is.
        HTTPException: 403, written down.
    """
    login = await visitor(request)
    if login is None:
        raise NotLoggedInError
    if not login.role.allows(role):
        desk_of(request).audit.note(
            "refused",
            who=login.name,
            role=login.role,
            subject=f"{request.method} {request.url.path}",
            outcome=f"needs {role}",
            address=address_of(request),
        )
        raise HTTPException(403)
    return login


async def opened(request: Request, role: Role) -> Login:
    """Who opens a page, if they may; that they did is written down.

    Raises:
        NotLoggedInError: nobody is logged in.
        HTTPException: 403, written down too.
    """
    login = await require(request, role)
    desk_of(request).audit.note(
        "viewed", who=login.name, role=login.role, subject=request.url.path, address=address_of(request)
    )
    return login


async def form_of(request: Request) -> Mapping[str, str]:
    """The fields of a small form.

    Raises:
        HTTPException: 413 or 400: it is none of ours.
    """
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _LARGEST_FORM:
            raise HTTPException(413)
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=20))
    except ValueError:
        raise HTTPException(400) from None


def same_origin(request: Request) -> bool:
    """False where the browser says that another site sent it."""
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site", "same-origin")
    if site not in {"same-origin", "none"}:
        return False
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


async def pressed(request: Request, role: Role) -> tuple[Login, Mapping[str, str]]:
    """Who sent a form from one of our own pages, and its fields.

    Raises:
        NotLoggedInError: nobody is logged in.
        HTTPException: 403: they may not, or the form is not ours.
    """
    login = await require(request, role)
    form = await form_of(request)
    if not same_origin(request) or not desk_of(request).sessions.fits(login, form.get(FORM_FIELD, "")):
        desk_of(request).audit.note(
            "refused",
            who=login.name,
            role=login.role,
            subject=f"{request.method} {request.url.path}",
            outcome="a form that is not ours",
            address=address_of(request),
        )
        raise HTTPException(403)
    return login, form
