"""What people on call and their tools ask: which pages there are, and "I take this one".

The tool and the console come with a token of the scope `pages`; the signed link in a page needs none.
Looking at a link changes nothing, since mail scanners look at every link; only its button does.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response

from api.authentication import Application
from api.database.engine import DatabaseAwayError
from api.errors import ApiError
from api.keys import keys_for_links
from api.pages import sheet
from api.pages.bodies import AcknowledgeRequest, PageBody, PagesResponse
from api.pages.desk import Shown
from api.pages.link import Link, LinkError, read
from api.routes.access import pages_application
from api.routes.documentation import HEADERS, Responses, responses
from api.state import Service, service_of

router = APIRouter(tags=["pages"])
_SHEET: dict[str, Any] = {"content": {"text/html": {"schema": {"type": "string"}}}, "headers": HEADERS}
_LINK_ANSWERS: Responses = {
    200: _SHEET,
    404: {**_SHEET, "description": "Not an address of ours, or too old."},
}


@router.get(
    "/api/v1/pages",
    summary="List pages",
    responses={200: {"headers": HEADERS}, **responses(401, 403, 422, 500, 503)},
)
async def pages(
    service: Annotated[Service, Depends(service_of)],
    _: Annotated[Application, Depends(pages_application)],
    message: Annotated[uuid.UUID | None, Query(description="Only the page that counts this message.")] = None,
    only_open: Annotated[bool, Query(alias="open", description="Only those nobody took over.")] = False,
    limit: Annotated[int, Query(ge=1, le=500, description="At most this many.")] = 50,
) -> PagesResponse:
    """Returns pages, the newest first."""
    try:
        if message is not None:
            found = await service.desk.of_message(message)
            shown = [] if found is None else [found]
        else:
            shown = await service.desk.newest(only_open=only_open, limit=limit)
    except DatabaseAwayError:
        raise ApiError(503, headers={"Retry-After": "2"}) from None
    return PagesResponse(pages=[PageBody.of(page) for page in shown])


@router.get(
    "/api/v1/pages/{page_id}",
    summary="Show a page",
    responses={200: {"headers": HEADERS}, **responses(401, 403, 404, 422, 500, 503)},
)
async def page(
    service: Annotated[Service, Depends(service_of)],
    _: Annotated[Application, Depends(pages_application)],
    page_id: Annotated[uuid.UUID, Path(description="The page.")],
) -> PageBody:
    """Returns one page, however old."""
    try:
        found = await service.desk.one(page_id)
    except DatabaseAwayError:
        raise ApiError(503, headers={"Retry-After": "2"}) from None
    if found is None:
        raise ApiError(404, "unknown_page", "There is no such page.")
    return PageBody.of(found)


@router.post(
    "/api/v1/pages/{page_id}/acknowledgement",
    summary="Take a page over",
    responses={200: {"headers": HEADERS}, **responses(400, 401, 403, 404, 408, 413, 422, 500, 503)},
)
async def acknowledge(
    service: Annotated[Service, Depends(service_of)],
    _: Annotated[Application, Depends(pages_application)],
    page_id: Annotated[uuid.UUID, Path(description="The page.")],
    body: AcknowledgeRequest,
) -> PageBody:
    """Records who took the page over, and stops sending it; the first who does so stands."""
    try:
        if await service.desk.one(page_id) is None:
            raise ApiError(404, "unknown_page", "There is no such page.")
        await service.desk.acknowledge(page_id, body.by, body.via)
        found = await service.desk.one(page_id)
    except (DatabaseAwayError, OSError):
        raise ApiError(503, headers={"Retry-After": "2"}) from None
    if found is None:
        raise ApiError(404, "unknown_page", "There is no such page.")
    service.log.info("a page was acknowledged", action="page.acknowledged", event_id=page_id, source=body.via)
    return PageBody.of(found)


@router.get("/p/{token}", summary="Show a page by its link", responses=_LINK_ANSWERS, response_class=Response)
async def look(
    service: Annotated[Service, Depends(service_of)], token: Annotated[str, Path(max_length=512)]
) -> Response:
    """Shows the page and its button; changes nothing."""
    link = _link(service, token)
    if link is None:
        return sheet.unknown()
    return sheet.page(await _shown(service, link), service.settings.console_url)


@router.post("/p/{token}", summary="Press a link's button", responses=_LINK_ANSWERS, response_class=Response)
async def press(
    service: Annotated[Service, Depends(service_of)], token: Annotated[str, Path(max_length=512)]
) -> Response:
    """Takes the page over in the name of the contact whom the link was sent to."""
    link = _link(service, token)
    if link is None:
        return sheet.unknown()
    try:
        await service.desk.press(link)
    except OSError:
        return sheet.failed()
    service.log.info("a page was acknowledged", action="page.acknowledged", event_id=link.page, source="link")
    return sheet.taken(await _shown(service, link), service.settings.console_url)


def _link(service: Service, token: str) -> Link | None:
    try:
        also = keys_for_links(service.settings.secret_keys_also, datetime.now(UTC))
        return read(service.settings.secret_key, token, also=also)
    except LinkError:
        return None


async def _shown(service: Service, link: Link) -> Shown | None:
    try:
        return await service.desk.one(link.page)
    except DatabaseAwayError:
        return None
