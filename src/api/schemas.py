"""The bodies that go over the wire, as pydantic models; OpenAPI is made from them.

Read by the routes. A request may carry fields that we do not know (a newer client must not fail on
an older replica during a roll); what it does carry must be sane.
"""

from __future__ import annotations

import unicodedata
import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

PERSON_PATTERN = r"^[A-Za-z0-9._:-]{1,128}$"
MESSAGE_LIMIT = 4000
CONTACT_LIMIT = 200


def _visible(text: str) -> str:
    """Refuses what PostgreSQL cannot hold (NUL) and what nobody can read (only blanks and controls)."""
    if "\x00" in text:
        raise PydanticCustomError("nul_character", "the text holds a NUL character")
    if all(unicodedata.category(character)[0] in "ZC" for character in text):
        raise PydanticCustomError("blank", "the text is blank")
    return text


Person = Annotated[
    str,
    Field(
        pattern=PERSON_PATTERN,
        description="Opaque id of the person, chosen by the calling application.",
        examples=["p-7f3a"],
    ),
]


class ChatRequest(BaseModel):
    """A person's message."""

    model_config = ConfigDict(hide_input_in_errors=True, str_strip_whitespace=False)

    person: Person
    message: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MESSAGE_LIMIT,
            description="What the person wrote; not blank, without NUL.",
            examples=["最近都睡不好"],
        ),
        AfterValidator(_visible),
    ]
    conversation_id: Annotated[
        uuid.UUID | None,
        Field(default=None, description="The conversation to go on with; left out, a new one begins."),
    ] = None


class HotlineBody(BaseModel):
    """A number that helps."""

    name: str
    number: str


class RiskBody(BaseModel):
    """How the message was judged."""

    level: Literal["NONE", "LOW", "MEDIUM", "HIGH", "IMMINENT"]
    categories: list[str]


class ChatResponse(BaseModel):
    """The reply."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "conversation_id": "7b1f3a52-50bb-5a3f-9c39-6b8a1f0c2d11",
                    "message_id": "0d7c2a64-8f5e-5b1d-8a3c-2b4c6d8e0f12",
                    "reply": "聽起來你這陣子很辛苦。",
                    "source": "offline",
                    "risk": {"level": "LOW", "categories": ["mental_health"]},
                    "stored": True,
                }
            ]
        }
    )

    conversation_id: uuid.UUID
    message_id: uuid.UUID
    reply: str
    source: Literal["model", "offline", "safe"]
    risk: RiskBody
    stored: bool
    hotlines: Annotated[
        list[HotlineBody] | None,
        Field(default=None, description="Only at level HIGH or above, or with the safe reply."),
    ] = None


class MessageBody(BaseModel):
    """One message of a conversation."""

    id: uuid.UUID
    sequence: int
    role: Literal["person", "assistant"]
    content: str
    source: Literal["model", "offline", "safe"] | None
    created_at: datetime


class MessagesResponse(BaseModel):
    """A page of a conversation, oldest first."""

    conversation_id: uuid.UUID
    messages: list[MessageBody]
    next_after: Annotated[
        int | None, Field(description="Pass it as `after` for the next page; null on the last page.")
    ]


class HealthResponse(BaseModel):
    """The process answers."""

    status: Literal["ok"]
    version: str
    release: str


class ReadyResponse(BaseModel):
    """Whether this replica should get requests."""

    ready: bool
    reason: str | None
    release: str
    deployment: str
    degraded: Annotated[list[str], Field(description="Dependencies that do not answer now.")]


class StartedResponse(BaseModel):
    """Whether this replica has started; it may still be held back or be draining."""

    started: bool
    reason: str | None
    release: str


class ErrorDetail(BaseModel):
    """What is wrong with one field; never its value."""

    where: str
    reason: str


class ErrorContent(BaseModel):
    """An error, for machines and for people."""

    code: str
    message: str
    request_id: str
    details: list[ErrorDetail] | None = None


class ErrorResponse(BaseModel):
    """The body of every error."""

    error: ErrorContent
    hotlines: list[HotlineBody] | None = None
    reply: str | None = None
