"""Logging in and out, and what a browser remembers of somebody's taste."""

from __future__ import annotations

import hmac

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from xiong.console.guard import FORM_FIELD, address_of, desk_of, form_of, pressed, same_origin, visitor
from xiong.console.rendering import THEMES, page
from xiong.console.roles import Role
from xiong.console.sessions import COOKIE, SECONDS
from xiong.console.words import LANGUAGES

_FORM_COOKIE = "xiong_console_form"
_YEAR = 365 * 86400


async def show(request: Request) -> Response:
    """The form."""
    if await visitor(request) is not None:
        return RedirectResponse(local_path(request.query_params.get("next", "/")), 303)
    return _form(request, notice="out" if "out" in request.query_params else "")


async def enter(request: Request) -> Response:
    """Checks a token."""
    desk, address, form = desk_of(request), address_of(request), await form_of(request)
    if wait := desk.throttle.wait_seconds(address):
        desk.audit.note("login.refused", outcome="too many wrong tokens", address=address)
        refused = _form(request, notice="again", seconds=wait, status=429)
        refused.headers["Retry-After"] = str(wait)
        return refused
    given, kept = form.get(FORM_FIELD, ""), request.cookies.get(_FORM_COOKIE, "")
    ours = hmac.compare_digest(given.encode(), kept.encode()) and desk.sessions.is_stranger(given)
    if not ours or not same_origin(request):
        return _form(request, notice="expired", status=403)
    holder = await desk.tokens.holder_of(form.get("token", ""))
    if holder is None:
        desk.throttle.wrong(address)
        desk.audit.note("login.refused", outcome="wrong token", address=address)
        return _form(request, notice="wrong", status=401)
    desk.audit.note("login", who=holder.name, role=holder.role, address=address)
    answer = RedirectResponse(local_path(form.get("next", "/")), 303)
    _set(request, answer, COOKIE, desk.sessions.seal(holder), SECONDS)
    answer.delete_cookie(_FORM_COOKIE, path="/login")
    return answer


async def leave(request: Request) -> Response:
    """Logs out."""
    login, _ = await pressed(request, Role.VIEW)
    desk_of(request).audit.note("logout", who=login.name, role=login.role, address=address_of(request))
    answer = RedirectResponse("/login?out", 303)
    answer.delete_cookie(COOKIE, path="/")
    return answer


async def prefer(request: Request) -> Response:
    """Remembers a theme or a language in the browser; changes nothing here, so that a link may ask for it."""
    answer = RedirectResponse(local_path(request.query_params.get("back", "/")), 303)
    for name, allowed in (("theme", THEMES), ("language", LANGUAGES)):
        if request.query_params.get(name) in allowed:
            _set(request, answer, name, request.query_params[name], _YEAR)
    return answer


def local_path(wanted: str) -> str:
    """An address of ours to go on to; another site's becomes the overview."""
    plain = wanted.isprintable() and "\\" not in wanted
    return wanted if plain and wanted.startswith("/") and not wanted.startswith("//") else "/"


def _form(request: Request, *, notice: str, seconds: int = 0, status: int = 200) -> Response:
    token = desk_of(request).sessions.stranger()
    following = local_path(request.query_params.get("next", "/"))
    answer = page(
        request,
        "login.html",
        None,
        status,
        stranger=token,
        notice=notice,
        seconds=seconds,
        following=following,
    )
    _set(request, answer, _FORM_COOKIE, token, 3600, path="/login")
    return answer


def _set(request: Request, answer: Response, name: str, value: str, seconds: int, path: str = "/") -> None:
    answer.set_cookie(
        name,
        value,
        max_age=seconds,
        path=path,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )


ROUTES = [
    Route("/login", show, methods=["GET"]),
    Route("/login", enter, methods=["POST"]),
    Route("/logout", leave, methods=["POST"]),
    Route("/preferences", prefer, methods=["GET"]),
]
