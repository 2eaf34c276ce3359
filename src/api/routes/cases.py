"""What a care role asks: the case behind a page, how it ended; and whom an application says to reach.

The two routes of a case need a token of the scope `care`, which no other route takes: people's messages are
shown to nobody else. A look is recorded before it shows anything.
"""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response

from api.authentication import Application
from api.cases.bodies import CaseBody, CaseContactRequest, CaseRequest, OutcomeBody, OutcomeRequest
from api.cases.model import Outcome
from api.database.engine import DatabaseAwayError
from api.errors import ApiError
from api.routes.access import care_application, chat_application
from api.routes.documentation import HEADERS, responses
from api.state import Service, service_of

router = APIRouter()
_AWAY = {"Retry-After": "2"}
PageId = Annotated[uuid.UUID, Path(description="The page.")]


@router.post(
    "/api/v1/pages/{page_id}/case",
    summary="Look at the case behind a page; recorded",
    tags=["cases"],
    responses={200: {"headers": HEADERS}, **responses(400, 401, 403, 404, 408, 413, 415, 422, 500, 503)},
)
async def look(
    service: Annotated[Service, Depends(service_of)],
    _: Annotated[Application, Depends(care_application)],
    page_id: PageId,
    body: CaseRequest,
    response: Response,
) -> CaseBody:
    """Shows the messages around the danger once it is recorded who looks; without that it shows nothing."""
    response.headers["Cache-Control"] = "no-store"
    try:
        case = await service.cases.open(page_id, body.by, body.via)
    except DatabaseAwayError:
        raise ApiError(503, headers=_AWAY) from None
    if case is None:
        raise ApiError(404, "unknown_page", "There is no such page.")
    service.log.info("a case was looked at", action="case.viewed", event_id=page_id, source=body.via)
    return CaseBody.of(case)


@router.post(
    "/api/v1/pages/{page_id}/outcome",
    summary="Record how a case ended",
    tags=["cases"],
    responses={200: {"headers": HEADERS}, **responses(400, 401, 403, 404, 408, 413, 415, 422, 500, 503)},
)
async def record(
    service: Annotated[Service, Depends(service_of)],
    _: Annotated[Application, Depends(care_application)],
    page_id: PageId,
    body: OutcomeRequest,
) -> OutcomeBody:
    """Keeps the outcome beside earlier ones; the newest stands."""
    try:
        recorded = await service.cases.record(page_id, Outcome(body.outcome), body.by, body.via)
    except DatabaseAwayError:
        raise ApiError(503, headers=_AWAY) from None
    if recorded is None:
        raise ApiError(404, "unknown_page", "There is no such page.")
    service.log.info(
        "the outcome of a case was recorded",
        action="case.outcome",
        event_id=page_id,
        outcome=body.outcome,
        source=body.via,
    )
    return OutcomeBody.model_validate(vars(recorded))


@router.put(
    "/api/v1/case-contact",
    summary="Say whom a care role should reach about a person",
    tags=["chat"],
    status_code=204,
    responses={204: {"headers": HEADERS}, **responses(400, 401, 403, 408, 413, 415, 422, 500, 503)},
)
async def set_contact(
    service: Annotated[Service, Depends(service_of)],
    application: Annotated[Application, Depends(chat_application)],
    body: CaseContactRequest,
) -> None:
    """Keeps the contact in place of the one from before; null takes it out. Shown in a case, nowhere else."""
    try:
        await service.cases.set_contact(application.name, body.person, body.contact)
    except DatabaseAwayError:
        raise ApiError(503, headers=_AWAY) from None
