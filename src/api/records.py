"""What one exchange leaves behind: the person's message with its risk, and the reply.

Made by `chat`; written to the database by `database.conversations`, or to local disk by `spool`,
from where `relay` brings it to the database. So each has a form that fits one line of JSON.
"""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

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


Record = MessageRecord | ReplyRecord


def record_from_json(row: dict[str, Any]) -> Record:
    """Reads either kind; raises KeyError, TypeError or ValueError on anything else."""
    if row["kind"] == "message":
        return MessageRecord.from_json(row)
    if row["kind"] == "reply":
        return ReplyRecord.from_json(row)
    raise ValueError("neither a message nor a reply")
