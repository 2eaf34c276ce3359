"""The application: `uvicorn api.main:app`, or `create_app(settings)` for a test.

Only wiring and the life of the process: what runs beside the requests starts and ends here.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from api.errors import install_error_handlers
from api.logs import Log, configure, make_log
from api.middleware import QUIET_PATHS, Gateway, Intake
from api.routes import cases, chat, conversations, operations, pages
from api.settings import Settings
from api.state import Service
from api.wiring import build_service

STOP_DEADLINE_S = 3.0
DESCRIPTION = "The care chatbot of Kaohsiung City. A lost dependency never costs a person the reply."


def create_app(
    settings: Settings, service: Service | None = None, log: Log | None = None, *, owns_process: bool = False
) -> FastAPI:
    """Returns the application of one replica; `service` may be one that a test has put together."""
    built = service or build_service(settings, log or make_log(settings))
    app = FastAPI(
        title="XiongiChat",
        version=built.version,
        description=DESCRIPTION,
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        # a redirect would repeat what the path and the query say, in an answer and in the proxy's log
        redirect_slashes=False,
    )
    app.state.service = built
    app.state.owns_process = owns_process
    routers = (chat.router, conversations.router, pages.router, cases.router, operations.router)
    for router in routers:
        app.include_router(router)
    install_error_handlers(app)
    app.add_middleware(Intake)
    app.add_middleware(Gateway, metrics=built.metrics, drain=built.drain, log=built.log)
    for route in (route for router in routers for route in router.routes):
        if isinstance(route, APIRoute) and route.path not in QUIET_PATHS:
            _expect(route, built)
    return app


def _expect(route: APIRoute, service: Service) -> None:
    statuses = {200, 500, *(int(status) for status in route.responses)}
    for method in route.methods or ():
        service.metrics.expect(method, route.path, sorted(statuses))


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    service: Service = app.state.service
    # before the first request: a schema that does not fit must show at once. An absent database
    # costs its deadline here, once, and no more
    await service.probes.look()
    beside = (service.relay, service.probes, service.vitals)
    tasks = [asyncio.create_task(part.run()) for part in beside]
    # what a start has made lives as long as we do: looking through it again costs every collection
    # its time, and most of all the last one when we end
    gc.freeze()
    with service.drain.listening():
        service.log.info("serving", action="service.started")
        yield
    await _stop(service, tasks)
    if app.state.owns_process:
        # uvicorn, done with everything, sends itself the SIGTERM it was stopped by, and would end by
        # it: a replica that finished its work should end with 0
        signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM,))


async def _stop(service: Service, tasks: list[asyncio.Task[None]]) -> None:
    """Ends what runs beside the requests; what is still spooled stays on disk for another replica."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=STOP_DEADLINE_S)
    with contextlib.suppress(Exception):
        async with asyncio.timeout(STOP_DEADLINE_S):
            await service.relay.empty()
    service.spool.close()
    for close in service.closing:
        with contextlib.suppress(Exception):
            async with asyncio.timeout(STOP_DEADLINE_S):
                await close()
    service.log.info("stopped", action="service.stopped")


def __getattr__(name: str) -> Any:
    """Builds `app` when uvicorn asks for it, so that importing this module needs no environment."""
    if name != "app":
        raise AttributeError(name)
    settings = Settings.from_environment(os.environ)
    app = create_app(settings, log=configure(settings), owns_process=True)
    globals()["app"] = app
    return app
