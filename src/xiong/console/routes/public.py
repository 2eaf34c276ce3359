"""What needs no login: whether the console itself lives, and the public page where it is switched on."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from xiong import __version__
from xiong.console.guard import desk_of
from xiong.console.incidents import service_of
from xiong.console.rendering import page


async def alive(_: Request) -> Response:
    """For whoever supervises this process."""
    return JSONResponse({"status": "alive", "version": __version__})


async def status(request: Request) -> Response:
    """How the service is, in words, and no number about people."""
    desk = desk_of(request)
    if not desk.settings.console.public_status:
        raise HTTPException(404)
    board = await desk.lookout.board()
    incidents = await desk.incidents.newest(board.at)
    state = service_of(board.status).value
    return page(request, "public.html", None, board=board, state=state, incidents=incidents)


ROUTES = [Route("/healthz", alive, methods=["GET"]), Route("/status", status, methods=["GET"])]
