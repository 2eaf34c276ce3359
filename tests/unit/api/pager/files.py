"""A whole paging file for the tests in this folder, and ways to change one value of it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml

WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WHOLE: dict[str, Any] = {
    "channels": {
        "email": {
            "kind": "smtp",
            "host": "mail.example.invalid",
            "security": "starttls",
            "user": "xiong",
            "password_file": "/run/secrets/smtp",
            "sender": "xiong@example.invalid",
            "ca_file": None,
        },
        "hook": {"kind": "webhook", "secret_file": "/run/secrets/hook"},
        "slack": {"kind": "slack"},
        "line": {"kind": "line", "token_file": "/run/secrets/line"},
    },
    "contacts": {
        "nurse-a": {"email": "a@example.invalid", "line": "U123"},
        "lead": {"email": "lead@example.invalid", "hook": "https://example.invalid/hook"},
        "team": {"slack": "file:/run/secrets/slack"},
        "probe-box": {"email": "probe@example.invalid"},
    },
    "rota": [
        {"days": WEEK, "from": "08:00", "to": "20:00", "contact": "nurse-a"},
        {"days": WEEK, "from": "20:00", "to": "08:00", "contact": "lead"},
    ],
    "overrides": [{"from": "2026-12-24 20:00", "to": "2026-12-25 08:00", "contact": "nurse-a"}],
    "policy": {
        "steps": [
            {"notify": ["on-call"], "channels": ["line", "email"], "acknowledge_minutes": 5},
            {"notify": ["on-call", "lead"]},
        ],
        "repeat": 2,
    },
    "canary": {
        "every_minutes": 60,
        "recipients": ["probe-box"],
        "confirm_minutes": 5,
        "heartbeat_url_file": "/run/secrets/heartbeat",
    },
}
REMOVED = object()


def changed(place: str, value: object) -> dict[str, Any]:
    """Returns the whole file with one value changed, added or removed: `policy/steps/0/notify`."""
    document = copy.deepcopy(WHOLE)
    *above, last = [int(key) if key.isdigit() else key for key in place.split("/")]
    part: Any = document
    for key in above:
        part = part[key]
    if value is REMOVED:
        del part[last]
    else:
        part[last] = value
    return document


def written(folder: Path, document: object = WHOLE) -> Path:
    """Writes a document as YAML and returns its path."""
    path = folder / "paging.yaml"
    path.write_text(
        document if isinstance(document, str) else yaml.safe_dump(document, sort_keys=False), encoding="utf-8"
    )
    return path
