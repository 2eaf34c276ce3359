"""Pages as they go over the wire, as pydantic models; OpenAPI is made from them. Read by the routes."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.pages.desk import Shown
from api.pages.model import Delivery

NAME_PATTERN = r"^[^\x00-\x1f\x7f]{1,64}$"


class AcknowledgeRequest(BaseModel):
    """Who takes the page over."""

    model_config = ConfigDict(hide_input_in_errors=True)

    by: Annotated[str, Field(pattern=NAME_PATTERN, description="Who, as it shall be recorded.")]
    via: Annotated[Literal["console", "cli"], Field(description="By which of our tools.")] = "cli"


class DeliveryBody(BaseModel):
    """One message of the page to one contact."""

    id: uuid.UUID
    contact: str
    channel: str
    state: Literal["waiting", "sent", "cancelled"]
    round: int
    step: int
    attempts: int
    created_at: datetime
    sent_at: datetime | None
    received_at: datetime | None
    error: Annotated[str | None, Field(description="Why the last try failed.")]

    @classmethod
    def of(cls, delivery: Delivery) -> DeliveryBody:
        """Returns a delivery's body."""
        return cls.model_validate(delivery, from_attributes=True)


class PageBody(BaseModel):
    """A page."""

    id: uuid.UUID
    kind: Literal["crisis", "canary", "notice"]
    level: Literal["NONE", "LOW", "MEDIUM", "HIGH", "IMMINENT"]
    state: Literal["open", "acknowledged"]
    opened_at: datetime
    last_event_at: datetime
    events: Annotated[int, Field(description="Messages in danger that it counts.")]
    round: int
    step: Annotated[
        int, Field(description="The step of the policy that was begun last; -1 before the first.")
    ]
    next_step_at: datetime
    application: str | None
    person: Annotated[str | None, Field(description="Opaque id; null after an erasure.")]
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    acknowledged_via: str | None
    deliveries: list[DeliveryBody]

    @classmethod
    def of(cls, shown: Shown) -> PageBody:
        """Returns a page's body."""
        page = shown.page
        return cls(
            id=page.id,
            kind=page.kind.value,
            level=page.level.name,
            state=page.state.value,
            opened_at=page.opened_at,
            last_event_at=page.last_event_at,
            events=page.events,
            round=page.round,
            step=page.step,
            next_step_at=page.next_step_at,
            application=page.application,
            person=page.person,
            acknowledged_at=page.acknowledged_at,
            acknowledged_by=page.acknowledged_by,
            acknowledged_via=page.acknowledged_via,
            deliveries=[DeliveryBody.of(delivery) for delivery in shown.deliveries],
        )


class PagesResponse(BaseModel):
    """Pages, the newest first."""

    pages: list[PageBody]
