"""Cases as the service's API gives them, for tests of the console."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

CONTACT = "三民區個管組，分機 12"
DANGER = "我不想活了，藥都準備好了"
TALK = (
    ("person", "今天又沒睡", "LOW"),
    ("assistant", "聽起來這幾天很辛苦。你願意說說是什麼讓你睡不著嗎？", None),
    ("person", DANGER, "IMMINENT"),
    ("assistant", "謝謝你告訴我。請先離開藥，撥 110 或 1925，我會一直在這裡。", None),
    ("person", "有人在敲門", "NONE"),
)


def case_document(page: dict[str, Any], *, contact: str | None = CONTACT) -> dict[str, Any]:
    """What one look shows, without the looks before it."""
    begun, talk = datetime.fromisoformat(page["opened_at"]), str(uuid.uuid4())
    messages = [
        {
            "id": str(uuid.uuid4()),
            "conversation_id": talk,
            "role": role,
            "content": text,
            "level": level,
            "created_at": (begun + timedelta(seconds=20 * number)).isoformat(),
        }
        for number, (role, text, level) in enumerate(TALK)
    ]
    trigger = {
        "event_id": str(uuid.uuid4()),
        "message_id": messages[2]["id"],
        "level": "IMMINENT",
        "categories": ["suicide", "overdose"],
        "rules": ["wants_to_die", "means_at_hand"],
        "words": [
            {"rule": "wants_to_die", "start": 1, "end": 5},
            {"rule": "means_at_hand", "start": 6, "end": 11},
        ],
        "created_at": page["opened_at"],
    }
    return {
        "page": page,
        "messages": messages,
        "triggers": [trigger],
        "contact": contact and {"contact": contact, "updated_at": page["opened_at"]},
    }


def erased(case: dict[str, Any]) -> dict[str, Any]:
    """The same once the person's data was erased."""
    page = {**case["page"], "person": None, "application": None}
    gone = {"message_id": None, "rules": [], "words": []}
    triggers = [{**trigger, **gone} for trigger in case["triggers"]]
    return {"page": page, "messages": [], "triggers": triggers, "contact": None}
