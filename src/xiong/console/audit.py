"""Who did and saw what in the console, one JSON line each; nothing is ever taken out of it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from xiong.model.documents import from_document, to_document
from xiong.tools import lines
from xiong.tools.clock import Clock


@dataclass(frozen=True)
class Entry:
    """One line.

    Attributes:
        at: UTC.
        who: the token's name; empty where nobody was logged in.
        role: what that token allowed then.
        action: login, login.refused, logout, page.viewed, page.acknowledged, rollback.begun …
        subject: the page, release or token that it was about.
        outcome: how it ended, in a word or a sentence.
        address: where the request came from.
    """

    at: datetime
    who: str
    role: str
    action: str
    subject: str
    outcome: str
    address: str


class Audit:
    """The log of one copy."""

    def __init__(self, file: Path, clock: Clock) -> None:
        self._file = file
        self._clock = clock

    def must(
        self,
        action: str,
        *,
        who: str = "",
        role: str = "",
        subject: str = "",
        outcome: str = "done",
        address: str = "",
    ) -> None:
        """Writes a line before something is shown that may only be shown when it is written down.

        Raises:
            OSError: it cannot be written.
        """
        entry = Entry(self._clock.now(), who, role, action, subject, outcome, address)
        lines.append(self._file, to_document(entry))

    def note(
        self,
        action: str,
        *,
        who: str = "",
        role: str = "",
        subject: str = "",
        outcome: str = "done",
        address: str = "",
    ) -> None:
        """Writes a line about what must happen either way: a full disk never keeps anybody from helping."""
        try:
            self.must(action, who=who, role=role, subject=subject, outcome=outcome, address=address)
        except OSError as error:
            sys.stderr.write(f"the audit log cannot be written ({error.strerror}): {action} by {who}\n")

    def newest(self, count: int) -> list[Entry]:
        """The last lines, newest first."""
        return [from_document(Entry, document) for document in lines.newest(self._file, count)]


def audit_in(state: Path, clock: Clock) -> Audit:
    """The log of the copy whose state folder that is."""
    return Audit(state / "console" / "audit.jsonl", clock)
