"""Files for PAGING_FILE whose channels are the test's own servers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from recipients import HOST, USER, Mailbox

ALWAYS = {"days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "00:00", "to": "00:00"}


def by_mail(folder: Path, box: Mailbox, *, steps: list[dict[str, Any]] | None = None, **more: Any) -> Path:
    """Writes a file by which `nurse-a` is on call all week and gets mail; `lead` and `probe-box` too."""
    addresses = ("nurse-a", "lead", "probe-box")
    document = {
        "channels": {
            "email": {
                "kind": "smtp",
                "host": HOST,
                "port": box.port,
                "security": box.security,
                "user": USER,
                "password_file": str(box.secret_file),
                "sender": "xiong@example.invalid",
                "ca_file": str(box.ca_file),
            }
        },
        "contacts": {name: {"email": f"{name}@example.invalid"} for name in addresses},
        "rota": [{**ALWAYS, "contact": "nurse-a"}],
        "policy": {"steps": steps or [{"notify": ["on-call"], "acknowledge_minutes": 600}], "repeat": 1},
        **more,
    }
    path = folder / "paging.yaml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True))
    return path
