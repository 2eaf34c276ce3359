"""The console as an ASGI application. Made by `serving`, and by tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

from xiong.console.desk import Desk
from xiong.console.guard import NotLoggedInError, visitor
from xiong.console.headers import SecurityHeaders
from xiong.console.rendering import STATIC, page
from xiong.console.routes import cases, crisis, deploys, login, overview, public, trail

_KNOWN = {400, 403, 404, 405, 413, 503}


class _KeptFiles(StaticFiles):
    """Files whose address names their content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        answer = await super().get_response(path, scope)
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return answer


def application(desk: Desk) -> ASGIApp:
    """The whole console over these parts."""

    @asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        async with desk.at_work():
            yield

    made = Starlette(
        routes=[
            *public.ROUTES,
            *login.ROUTES,
            *deploys.ROUTES,  # before the overview, whose parts have a name in their address
            *overview.ROUTES,
            *crisis.ROUTES,
            *cases.ROUTES,
            *trail.ROUTES,
            Mount("/static", _KeptFiles(directory=STATIC)),
        ],
        exception_handlers={
            NotLoggedInError: _to_the_login,
            HTTPException: _failed,
            Exception: _broken,
        },
        lifespan=life,
    )
    made.state.desk = desk
    return SecurityHeaders(made)  # around everything, so that a failure carries them too


async def _to_the_login(request: Request, _: Exception) -> Response:
    if request.headers.get("hx-request") or request.url.path.startswith("/data/"):
        return PlainTextResponse("not logged in", 401)
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    following = here if request.method == "GET" and here != "/" else ""
    return RedirectResponse(f"/login?next={quote(following)}" if following else "/login", 303)


async def _failed(request: Request, error: Exception) -> Response:
    code = error.status_code if isinstance(error, HTTPException) else 500
    return await _page_of(request, code)


async def _broken(request: Request, _: Exception) -> Response:
    return await _page_of(request, 500)


async def _page_of(request: Request, code: int) -> Response:
    shown = code if code in _KNOWN else 500
    return page(request, "error.html", await visitor(request), code, code=shown)
