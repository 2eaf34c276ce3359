"""What was seen and done, as a file that travels: JSON lines, or one hour's record as it lies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from xiong.errors import UsageError
from xiong.model.documents import from_document, to_document
from xiong.model.recovery import ActionRecord
from xiong.operations.recovery.ledger import Ledger
from xiong.operations.recovery.observations import Observation, document_of, observation_of, recorded
from xiong.platforms.base import RecordStore
from xiong.tools import files


@dataclass(frozen=True)
class History:
    """Both, oldest first.

    Attributes:
        observations: what the healer saw.
        actions: what it did.
    """

    observations: tuple[Observation, ...] = ()
    actions: tuple[ActionRecord, ...] = ()


async def kept(records: RecordStore) -> History:
    """All that is recorded."""
    return History(tuple(await recorded(records)), tuple(await Ledger(records).read()))


def write(history: History, file: Path) -> None:
    """One line for each.

    Raises:
        XiongError: the file cannot be written.
    """
    lines = [
        *({"observation": document_of(o)} for o in history.observations),
        *({"action": to_document(a)} for a in history.actions),
    ]
    files.write_atomic(file, b"".join(orjson.dumps(line) + b"\n" for line in lines))


def read(file: Path) -> History:
    """What `write` wrote, or a record `observations/HOUR` as it lies in the state folder.

    Raises:
        UsageError: the file is not there, or holds something else; the line is named.
    """
    hint = "xiong recover --export FILE   (writes one)"
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror or error}", hint=hint) from error
    observations, actions = [], []
    for number, document in _documents(content):
        try:
            if "observation" in document:
                observations.append(observation_of(document["observation"]))
            elif "observations" in document:
                observations += [observation_of(o) for o in document["observations"]]
            else:
                actions.append(from_document(ActionRecord, document["action"]))
        except (ValidationError, TypeError, KeyError) as error:
            raise UsageError(f"{file}, line {number}: neither observation nor action", hint=hint) from error
    if not observations:
        raise UsageError(f"{file} holds no observation", hint=hint)
    return History(
        tuple(sorted(observations, key=lambda o: o.at)), tuple(sorted(actions, key=lambda a: a.id))
    )


def _documents(content: bytes) -> Iterator[tuple[int, Any]]:
    """(line, document); a record is one document over many lines."""
    try:
        yield 1, orjson.loads(content)
        return
    except orjson.JSONDecodeError:
        pass
    for number, line in enumerate(content.splitlines(), 1):
        try:
            yield number, orjson.loads(line) if line.strip() else {"observations": []}
        except orjson.JSONDecodeError:
            yield number, None
