"""What was recorded: receipts, decisions, actions, observations, notices, drills, newest last.

Who asked for a person's data, and who may open the console, is in other records and stays out.
"""

from __future__ import annotations

from collections.abc import Callable

import orjson

from xiong.operations.bundle.part import Pieces, Subject

KINDS = ("state", "history", "recovery", "recoveries", "observations", "notices", "drills")
_NEWEST = 200
_NEWEST_HOURS = 6  # an hour of observations is one record


def of(kind: str) -> Callable[[Subject], Pieces]:
    """The newest records of a kind, one a line; of a list of observations each on its own."""

    async def pieces(subject: Subject) -> Pieces:
        store = subject.platform.records
        count = _NEWEST_HOURS if kind == "observations" else _NEWEST
        for name in (await store.names(kind))[-count:]:
            document = await store.read(kind, name)
            if document is None:
                continue
            for entry in document.get("observations", [document]):
                yield orjson.dumps({"record": name, **entry}).decode()

    return pieces
