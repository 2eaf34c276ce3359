"""What one exchange leaves behind: the person's message with its risk, the reply, and who took the page.

Made by `chat` and the routes of pages; written to the database, or to local disk by `spool`, from
where `relay` brings it to the database. So each has a form that fits one line of JSON.
"""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from api import identity
from api.pages.model import Crisis
from api.risk.model import Assessment, Level


@dataclass(frozen=True)
class MessageRecord:
    """A person's message.

    Attributes:
        digest: tells a retry from another request that reuses its key.
        opens: whether it opens its conversation (the request named none).
        rules: names of the risk rules that spoke.
    """

    id: uuid.UUID
    conversation_id: uuid.UUID
    application: str
    person: str
    text: str
    digest: bytes
    opens: bool
    synthetic: bool
    level: Level
    categories: tuple[str, ...]
    rules: tuple[str, ...]
    created_at: datetime

    def judged(self, assessment: Assessment) -> MessageRecord:
        """Returns the record with another verdict."""
        rules = tuple(dict.fromkeys(match.rule for match in assessment.matches))
        return replace(self, level=assessment.level, categories=assessment.categories, rules=rules)

    def crisis(self) -> Crisis:
        """Returns its risk event, as a page counts it."""
        event = identity.risk_event_id(self.id)
        return Crisis(event, self.application, self.person, self.level, self.synthetic, self.created_at)

    def to_json(self) -> dict[str, Any]:
        """Returns the record as JSON can hold it."""
        return {
            "kind": "message",
            "id": str(self.id),
            "conversation_id": str(self.conversation_id),
            "application": self.application,
            "person": self.person,
            "text": self.text,
            "digest": base64.b64encode(self.digest).decode(),
            "opens": self.opens,
            "synthetic": self.synthetic,
            "level": self.level.name,
            "categories": list(self.categories),
            "rules": list(self.rules),
            "created_at": self.created_at.isoformat(),
        }

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> MessageRecord:
        """Reads what `to_json` wrote."""
        return cls(
            id=uuid.UUID(row["id"]),
            conversation_id=uuid.UUID(row["conversation_id"]),
            application=row["application"],
            person=row["person"],
            text=row["text"],
            digest=base64.b64decode(row["digest"]),
            opens=row["opens"],
            synthetic=row["synthetic"],
            level=Level[row["level"]],
            categories=tuple(row["categories"]),
            rules=tuple(row["rules"]),
            created_at=datetime.fromisoformat(row["created_at"]),
        )


@dataclass(frozen=True)
class ReplyRecord:
    """The reply to a message.

    Attributes:
        message_id: the message it answers.
        digest: that message's, so that a reply never lands on another text under the same key.
    """

    message_id: uuid.UUID
    digest: bytes
    text: str
    source: str
    created_at: datetime

    def to_json(self) -> dict[str, Any]:
        """Returns the record as JSON can hold it."""
        return {
            "kind": "reply",
            "message_id": str(self.message_id),
            "digest": base64.b64encode(self.digest).decode(),
            "text": self.text,
            "source": self.source,
            "created_at": self.created_at.isoformat(),
        }

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> ReplyRecord:
        """Reads what `to_json` wrote."""
        return cls(
            message_id=uuid.UUID(row["message_id"]),
            digest=base64.b64decode(row["digest"]),
            text=row["text"],
            source=row["source"],
            created_at=datetime.fromisoformat(row["created_at"]),
        )


@dataclass(frozen=True)
class AcknowledgementRecord:
    """Somebody took a page over while the database was away.

    Attributes:
        by: who, as the link or the caller said.
        via: link, console or cli.
    """

    page_id: uuid.UUID
    by: str
    via: str
    at: datetime

    def to_json(self) -> dict[str, Any]:
        """Returns the record as JSON can hold it."""
        return {
            "kind": "acknowledgement",
            "page_id": str(self.page_id),
            "by": self.by,
            "via": self.via,
            "at": self.at.isoformat(),
        }

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> AcknowledgementRecord:
        """Reads what `to_json` wrote."""
        return cls(uuid.UUID(row["page_id"]), row["by"], row["via"], datetime.fromisoformat(row["at"]))


Record = MessageRecord | ReplyRecord | AcknowledgementRecord


def record_from_json(row: dict[str, Any]) -> Record:
    """Reads any kind; raises KeyError, TypeError or ValueError on anything else."""
    match row["kind"]:
        case "message":
            return MessageRecord.from_json(row)
        case "reply":
            return ReplyRecord.from_json(row)
        case "acknowledgement":
            return AcknowledgementRecord.from_json(row)
    raise ValueError("neither a message nor a reply nor an acknowledgement")
