"""Who may call: turns the bearer token into an application, before anything of the request is read."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.security import HTTPBearer

from api.authentication import CARE_SCOPE, CHAT_SCOPE, PAGES_SCOPE, SYNTHETIC_SCOPE, Application
from api.errors import ApiError
from api.state import Service, service_of

bearer = HTTPBearer(auto_error=False, scheme_name="bearer", description="The token of a calling application.")


async def chat_application(
    request: Request, service: Annotated[Service, Depends(service_of)], _: Annotated[object, Depends(bearer)]
) -> Application:
    """Returns the calling application, which must have the scope `chat`."""
    return _with_scope(request, service, CHAT_SCOPE)


async def pages_application(
    request: Request, service: Annotated[Service, Depends(service_of)], _: Annotated[object, Depends(bearer)]
) -> Application:
    """Returns the calling application, which must have the scope `pages`."""
    return _with_scope(request, service, PAGES_SCOPE)


async def care_application(
    request: Request, service: Annotated[Service, Depends(service_of)], _: Annotated[object, Depends(bearer)]
) -> Application:
    """Returns the calling application, which must have the scope `care`."""
    return _with_scope(request, service, CARE_SCOPE)


def _with_scope(request: Request, service: Service, scope: str) -> Application:
    application = service.tokens.identify(request.headers.get("authorization"))
    if application is None:
        raise ApiError(401, headers={"WWW-Authenticate": "Bearer"})
    if scope not in application.scopes:
        raise ApiError(403)
    return application


async def marked_synthetic(
    application: Annotated[Application, Depends(chat_application)],
    x_synthetic: Annotated[
        str | None,
        Header(
            description="`1` marks the exchange as a rehearsal; needs the scope `synthetic`.",
            pattern="^[01]$",
        ),
    ] = None,
) -> bool:
    """Returns whether the request is a rehearsal."""
    if x_synthetic != "1":
        return False
    if SYNTHETIC_SCOPE not in application.scopes:
        raise ApiError(403)
    return True
