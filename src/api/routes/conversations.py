"""GET /api/v1/conversations/{id}/messages: what was said, page by page."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from api.authentication import Application
from api.database.conversations import UnknownConversationError, read_page
from api.database.engine import DatabaseAwayError
from api.errors import ApiError
from api.routes.access import chat_application
from api.routes.documentation import HEADERS, responses
from api.schemas import PERSON_PATTERN, MessageBody, MessagesResponse
from api.state import Service, service_of

router = APIRouter()
LARGEST_SEQUENCE = 2**63 - 1


@router.get(
    "/api/v1/conversations/{conversation_id}/messages",
    summary="Read a conversation",
    tags=["chat"],
    responses={200: {"headers": HEADERS}, **responses(401, 403, 404, 422, 500, 503)},
)
async def messages(
    service: Annotated[Service, Depends(service_of)],
    application: Annotated[Application, Depends(chat_application)],
    conversation_id: Annotated[uuid.UUID, Path(description="The conversation.")],
    person: Annotated[str, Query(pattern=PERSON_PATTERN, description="Whose conversation it is.")],
    after: Annotated[int, Query(ge=0, le=LARGEST_SEQUENCE, description="Only later messages.")] = 0,
    limit: Annotated[int, Query(ge=1, le=200, description="At most this many.")] = 50,
) -> MessagesResponse:
    """Returns the messages after `after`, oldest first."""
    owner = (application.name, person)
    try:
        rows = await service.database.run(
            lambda connection: read_page(connection, conversation_id, owner, after, limit)
        )
    except UnknownConversationError:
        if service.spool.vouches(conversation_id, owner):
            # begun while the database was away; its rows follow in a moment
            raise ApiError(503, headers={"Retry-After": "2"}, hotlines=True) from None
        raise ApiError(404, "unknown_conversation", "This person has no such conversation.") from None
    except DatabaseAwayError:
        raise ApiError(503, headers={"Retry-After": "2"}, hotlines=True) from None
    found = [MessageBody.model_validate(row) for row in rows]
    following = found[-1].sequence if len(found) == limit else None
    return MessagesResponse(conversation_id=conversation_id, messages=found, next_after=following)
