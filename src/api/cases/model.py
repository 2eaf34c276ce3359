"""The words of a case. Used by the statements, the desk and the bodies."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from api.pages.model import Delivery, Page
from api.risk.model import Match


class Outcome(StrEnum):
    """How a case ended, as whoever cared for it says."""

    REACHED = "reached"
    EMERGENCY_CALL = "emergency_call"
    FALSE_ALARM = "false_alarm"


@dataclass(frozen=True)
class Look:
    """That somebody saw a case.

    Attributes:
        via: by which of our tools.
    """

    id: uuid.UUID
    page_id: uuid.UUID
    seen_at: datetime
    seen_by: str
    via: str


@dataclass(frozen=True)
class RecordedOutcome:
    """An outcome that somebody recorded; the newest of a page stands."""

    id: uuid.UUID
    page_id: uuid.UUID
    outcome: Outcome
    recorded_at: datetime
    recorded_by: str
    via: str


@dataclass(frozen=True)
class Said:
    """One message.

    Attributes:
        role: person or assistant.
        level: how the person's message was judged; None of a reply.
    """

    id: uuid.UUID
    conversation_id: uuid.UUID
    role: str
    content: str
    level: str | None
    created_at: datetime


@dataclass(frozen=True)
class Trigger:
    """A risk event that the page counts.

    Attributes:
        message_id: None once its message was erased or is too old to be kept.
        rules: which risk rules spoke when it was judged.
    """

    event_id: uuid.UUID
    message_id: uuid.UUID | None
    level: str
    categories: tuple[str, ...]
    rules: tuple[str, ...]
    created_at: datetime


@dataclass(frozen=True)
class Contact:
    """Whom to reach about a person, as the calling application gave it."""

    contact: str
    updated_at: datetime


@dataclass(frozen=True)
class Case:
    """Everything that one look shows.

    Attributes:
        look: the one by which this was read.
        said: the messages around the triggers, conversation by conversation, oldest first.
        contact: None where the application gave none.
        looks: earlier ones, newest first.
        outcomes: newest first.
        words: for each trigger with a message, where the rules spoke: offsets into that message.
    """

    look: Look
    page: Page
    deliveries: tuple[Delivery, ...]
    said: tuple[Said, ...]
    triggers: tuple[Trigger, ...]
    contact: Contact | None
    looks: tuple[Look, ...]
    outcomes: tuple[RecordedOutcome, ...]
    words: Mapping[uuid.UUID, tuple[Match, ...]] = field(default_factory=dict)
