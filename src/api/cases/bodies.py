"""Cases as they go over the wire, as pydantic models; OpenAPI is made from them. Read by the routes."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.cases.model import Case
from api.pages.bodies import NAME_PATTERN, PageBody
from api.pages.desk import Shown
from api.schemas import CONTACT_LIMIT, Person

OutcomeName = Literal["reached", "emergency_call", "false_alarm"]
By = Annotated[str, Field(pattern=NAME_PATTERN, description="Who, as it shall be recorded.")]
Via = Annotated[Literal["console", "cli"], Field(description="By which of our tools.")]


class CaseRequest(BaseModel):
    """Who looks."""

    model_config = ConfigDict(hide_input_in_errors=True)

    by: By
    via: Via = "console"


class OutcomeRequest(CaseRequest):
    """How the case ended, and who says so."""

    outcome: OutcomeName


class CaseContactRequest(BaseModel):
    """Whom to reach about a person."""

    model_config = ConfigDict(hide_input_in_errors=True)

    person: Person
    contact: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=CONTACT_LIMIT,
            pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$",
            description="The unit or case manager and how they are reached, in one line; null takes it out.",
            examples=["三民區個管組，分機 12"],
        ),
    ]


class LookBody(BaseModel):
    """That somebody saw the case."""

    id: uuid.UUID
    seen_at: datetime
    seen_by: str
    via: str


class OutcomeBody(BaseModel):
    """An outcome that somebody recorded."""

    id: uuid.UUID
    outcome: OutcomeName
    recorded_at: datetime
    recorded_by: str
    via: str


class CaseMessageBody(BaseModel):
    """One message, as it is stored."""

    id: uuid.UUID
    conversation_id: uuid.UUID
    role: Literal["person", "assistant"]
    content: str
    level: Annotated[str | None, Field(description="How it was judged; null of a reply.")]
    created_at: datetime


class WordsBody(BaseModel):
    """Where a rule spoke, in characters (Unicode code points) of the message's content."""

    rule: str
    start: int
    end: Annotated[int, Field(description="After the last character.")]


class TriggerBody(BaseModel):
    """A risk event that the page counts."""

    event_id: uuid.UUID
    message_id: Annotated[
        uuid.UUID | None, Field(description="null once the message was erased or is too old to be kept.")
    ]
    level: str
    categories: list[str]
    rules: Annotated[list[str], Field(description="Which rules spoke when it was judged.")]
    words: Annotated[list[WordsBody], Field(description="Where those rules speak in the message.")]
    created_at: datetime


class ContactBody(BaseModel):
    """Whom to reach about the person, as the calling application gave it."""

    contact: str
    updated_at: datetime


class CaseBody(BaseModel):
    """What one look shows."""

    view: Annotated[LookBody, Field(description="This look, as it was written down.")]
    page: PageBody
    messages: Annotated[
        list[CaseMessageBody],
        Field(description="Around the triggers, conversation by conversation, oldest first."),
    ]
    triggers: list[TriggerBody]
    contact: ContactBody | None
    views: Annotated[list[LookBody], Field(description="Earlier looks, newest first.")]
    outcomes: Annotated[list[OutcomeBody], Field(description="Newest first; the first stands.")]

    @classmethod
    def of(cls, case: Case) -> CaseBody:
        """Returns a case's body."""
        return cls(
            view=LookBody.model_validate(case.look, from_attributes=True),
            page=PageBody.of(Shown(case.page, case.deliveries)),
            messages=[CaseMessageBody.model_validate(one, from_attributes=True) for one in case.said],
            triggers=[
                TriggerBody.model_validate({**vars(one), "words": _words(case, one.event_id)})
                for one in case.triggers
            ],
            contact=ContactBody.model_validate(vars(case.contact)) if case.contact else None,
            views=[LookBody.model_validate(one, from_attributes=True) for one in case.looks],
            outcomes=[OutcomeBody.model_validate(vars(one)) for one in case.outcomes],
        )


def _words(case: Case, event: uuid.UUID) -> list[dict[str, object]]:
    return [vars(match) for match in case.words.get(event, ())]
