"""POST /api/v1/chat: a person's message in, a reply out. The steps are in `api.chat`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Response
from fastapi.responses import JSONResponse

from api.authentication import Application
from api.chat import Answer, Request, TooManyMessagesError
from api.database.conversations import KeyReusedError, UnknownConversationError
from api.errors import ApiError, error_body
from api.hotlines import BUSY_REPLY, hotlines_body
from api.replies.model import Source
from api.risk.model import Level
from api.routes.access import chat_application, marked_synthetic
from api.routes.documentation import HEADERS, REPLAYED, responses
from api.schemas import ChatRequest, ChatResponse
from api.state import Service, service_of

router = APIRouter()

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="A retry with the same key and body is stored and answered once.",
        examples=["3f0e7c9a-7d8b-4a61-9a53-1f6f8d0f4c11"],
    ),
]


@router.post(
    "/api/v1/chat",
    summary="Send a person's message and get the reply",
    tags=["chat"],
    responses={
        200: {"model": ChatResponse, "headers": {**HEADERS, **REPLAYED}},
        **responses(400, 401, 403, 404, 408, 413, 415, 422, 429, 503),
    },
)
async def chat(
    service: Annotated[Service, Depends(service_of)],
    application: Annotated[Application, Depends(chat_application)],
    synthetic: Annotated[bool, Depends(marked_synthetic)],
    body: ChatRequest,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Answers the message. Dependencies that are down show as `stored: false` or `source: safe`."""
    request = Request(
        application=application.name,
        person=body.person,
        text=body.message,
        conversation_id=body.conversation_id,
        key=idempotency_key,
        synthetic=synthetic,
    )
    try:
        answer = await service.chat.answer(request)
    except TooManyMessagesError as excess:
        return _too_many(excess.seconds)
    except UnknownConversationError:
        raise ApiError(404, "unknown_conversation", "This person has no such conversation.") from None
    except KeyReusedError:
        raise ApiError(
            422, "idempotency_key_reused", "The Idempotency-Key was used for another message."
        ) from None
    return JSONResponse(_body(answer), headers={"Idempotency-Replayed": "true"} if answer.replayed else None)


def _body(answer: Answer) -> dict[str, Any]:
    body: dict[str, Any] = {
        "conversation_id": str(answer.conversation_id),
        "message_id": str(answer.message_id),
        "reply": answer.reply,
        "source": answer.source.value,
        "risk": {"level": answer.level.name, "categories": list(answer.categories)},
        "stored": answer.stored,
    }
    if answer.level >= Level.HIGH or answer.source is Source.SAFE:
        body["hotlines"] = hotlines_body()
    return body


def _too_many(seconds: int) -> JSONResponse:
    body = error_body("too_many_requests", "Too many messages; please wait.", hotlines=True)
    body["reply"] = BUSY_REPLY
    return JSONResponse(body, 429, {"Retry-After": str(seconds)})
