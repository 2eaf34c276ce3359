"""The statements of the chat path, each safe to repeat.

`chat` runs them through `Database.run`; `relay` runs the `spooled` ones. Every row has an id that
follows from the request, and every insert gives way to a row that is there already: so retries,
replicas and the spool may race, and the first one wins.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from api import identity
from api.pages.book import place
from api.pages.model import PAGED_FROM
from api.records import MessageRecord, ReplyRecord
from api.replies.model import Source, Turn
from api.risk.model import Level

HISTORY_MESSAGES = 20

_OPEN = text(
    "INSERT INTO conversations (id, application, person, synthetic, created_at)"
    " VALUES (:id, :application, :person, :synthetic, :created_at) ON CONFLICT DO NOTHING RETURNING id"
)
# the lock makes a conversation's sequence numbers become visible in their order, for paging
_OWNER = text("SELECT application, person FROM conversations WHERE id = :id FOR NO KEY UPDATE")
_INSERT_MESSAGE = text(
    "INSERT INTO messages (id, conversation_id, role, content, content_sha256, risk_level, created_at)"
    " VALUES (:id, :conversation_id, 'person', :content, :digest, :level, :created_at)"
    " ON CONFLICT DO NOTHING RETURNING id"
)
_RISK = (
    "INSERT INTO risk_events (id, message_id, level, categories, rules, synthetic, created_at)"
    " VALUES (:id, :message_id, :level, :categories, :rules, :synthetic, :created_at) ON CONFLICT "
)
_INSERT_RISK = text(_RISK + "DO NOTHING")
_RAISE_RISK = text(
    _RISK + "(id) DO UPDATE SET level = excluded.level, categories = excluded.categories,"
    " rules = excluded.rules"
)
# only upward: whoever comes with less, or with another text under the id, changes nothing
_RAISE_MESSAGE = text(
    "UPDATE messages SET risk_level = :level"
    " WHERE id = :id AND content_sha256 = :digest AND risk_level = ANY(:lower) RETURNING id"
)
_INSERT_REPLY = text(
    "INSERT INTO messages (id, conversation_id, role, content, reply_to, source, created_at)"
    " SELECT :id, conversation_id, 'assistant', :content, id, :source, :created_at"
    " FROM messages WHERE id = :message_id ON CONFLICT DO NOTHING"
)
_HISTORY = text(
    "SELECT role, content FROM messages WHERE conversation_id = :id ORDER BY sequence DESC LIMIT :limit"
)
_EARLIER = text(
    "SELECT m.content_sha256, m.conversation_id, m.risk_level, e.categories, r.content, r.source"
    " FROM messages m LEFT JOIN messages r ON r.reply_to = m.id"
    " LEFT JOIN risk_events e ON e.message_id = m.id WHERE m.id = :id"
)
_PAGE = text(
    "SELECT m.id, m.sequence, m.role, m.content, m.source, m.created_at"
    " FROM messages m JOIN conversations c ON c.id = m.conversation_id"
    " WHERE c.id = :id AND c.application = :application AND c.person = :person"
    " AND m.sequence > :after ORDER BY m.sequence LIMIT :limit"
)
_OWNED = text(
    "SELECT 1 FROM conversations WHERE id = :id AND application = :application AND person = :person"
)
_DIGEST = text("SELECT content_sha256 FROM messages WHERE id = :id")

Judge = Callable[[Sequence[Turn]], Awaitable[MessageRecord]]


class UnknownConversationError(Exception):
    """There is none with that id, or it is another person's; which of the two is nobody's business."""


class KeyReusedError(Exception):
    """The Idempotency-Key was used before, for another text."""


class MessageMissingError(Exception):
    """A reply came before the message it answers; it may be in another replica's spool."""


@dataclass(frozen=True)
class Earlier:
    """What an earlier try of the same request had stored; `reply` is None where it got no further."""

    conversation_id: uuid.UUID
    level: Level
    categories: tuple[str, ...]
    reply: tuple[str, Source] | None


@dataclass(frozen=True)
class Opened:
    """A stored message at its worst verdict, with what was said before, and what an earlier try left."""

    message: MessageRecord
    history: tuple[Turn, ...]
    earlier: Earlier | None


async def store_message(
    connection: AsyncConnection, message: MessageRecord, judge: Judge, *, vouched: bool = False
) -> Opened:
    """Stores a message and its risk event; `judge` gives the verdict in the light of the history.

    `vouched` says that the conversation is ours though the database has not heard of it yet.
    """
    history: tuple[Turn, ...] = ()
    if not ((message.opens or vouched) and await _open(connection, message)):
        # it was there: whose is it, and what was said in it
        if not await _owns(connection, message):
            raise UnknownConversationError
        history = await _history(connection, message.conversation_id)
    judged = await judge(history)
    if await _insert(connection, judged):
        return Opened(judged, history, None)
    earlier = await _earlier(connection, message)
    if earlier.level > judged.level:
        judged = replace(judged, level=earlier.level, categories=earlier.categories)
    return Opened(judged, history, earlier)


async def raise_message(connection: AsyncConnection, message: MessageRecord) -> None:
    """Stores a worse verdict on a message that is there, and opens its page; never a better one."""
    values = {
        "id": message.id,
        "digest": message.digest,
        "level": message.level.name,
        "lower": [level.name for level in Level if level < message.level],
    }
    if (await connection.execute(_RAISE_MESSAGE, values)).first() is not None:
        await _note(connection, message, _RAISE_RISK)


async def store_reply(connection: AsyncConnection, reply: ReplyRecord) -> tuple[str, Source]:
    """Stores a reply and returns the one that stands: the first that was stored for its message."""
    await connection.execute(_INSERT_REPLY, _reply_values(reply, reply.message_id))
    row = (await connection.execute(_EARLIER, {"id": reply.message_id})).one()
    if row.content is None:
        raise MessageMissingError
    return str(row.content), Source(row.source)


async def store_spooled_message(connection: AsyncConnection, message: MessageRecord) -> None:
    """Stores a message from the spool, or its worse verdict, whatever has happened in the database."""
    await _open(connection, message)
    if not await _owns(connection, message):
        # the named conversation is another person's: keep the message, in one of its own
        message = replace(message, conversation_id=identity.conversation_id(message.id))
        await _open(connection, message)
    if await _insert(connection, message):
        return
    if await _digest(connection, message.id) == message.digest:
        await raise_message(connection, message)
        return
    identity_of_copy = identity.displaced_id(message.id, message.digest)
    copy = replace(message, id=identity_of_copy, conversation_id=identity.conversation_id(identity_of_copy))
    await _open(connection, copy)
    if not await _insert(connection, copy):
        await raise_message(connection, copy)


async def store_spooled_reply(connection: AsyncConnection, reply: ReplyRecord) -> None:
    """Stores a reply from the spool, at the message it was given to."""
    target = reply.message_id
    if await _digest(connection, target) != reply.digest:
        target = identity.displaced_id(target, reply.digest)
        if await _digest(connection, target) is None:
            raise MessageMissingError
    await connection.execute(_INSERT_REPLY, _reply_values(reply, target))


async def read_page(
    connection: AsyncConnection, conversation: uuid.UUID, owner: tuple[str, str], after: int, limit: int
) -> list[dict[str, Any]]:
    """Returns a conversation's messages after a sequence number, to its owner only."""
    values = {"id": conversation, "application": owner[0], "person": owner[1]}
    if (await connection.execute(_OWNED, values)).first() is None:
        raise UnknownConversationError
    rows = await connection.execute(_PAGE, {**values, "after": after, "limit": limit})
    return [dict(row) for row in rows.mappings()]


async def _open(connection: AsyncConnection, message: MessageRecord) -> bool:
    """Opens the message's conversation; False where it is open already."""
    values = {
        "id": message.conversation_id,
        "application": message.application,
        "person": message.person,
        "synthetic": message.synthetic,
        "created_at": message.created_at,
    }
    return (await connection.execute(_OPEN, values)).first() is not None


async def _owns(connection: AsyncConnection, message: MessageRecord) -> bool:
    row = (await connection.execute(_OWNER, {"id": message.conversation_id})).first()
    return row is not None and (row.application, row.person) == (message.application, message.person)


async def _insert(connection: AsyncConnection, message: MessageRecord) -> bool:
    """Inserts message, risk event and page; False where the id is taken."""
    values = {
        "id": message.id,
        "conversation_id": message.conversation_id,
        "content": message.text,
        "digest": message.digest,
        "level": message.level.name,
        "created_at": message.created_at,
    }
    if (await connection.execute(_INSERT_MESSAGE, values)).first() is None:
        return False
    if message.level > Level.NONE:
        await _note(connection, message, _INSERT_RISK)
    return True


async def _note(connection: AsyncConnection, message: MessageRecord, statement: TextClause) -> None:
    """Stores the risk event of a message, and its page where the level wants one."""
    await connection.execute(statement, _risk_values(message))
    if message.level >= PAGED_FROM:
        await place(connection, message.crisis())


def _risk_values(message: MessageRecord) -> dict[str, Any]:
    return {
        "id": identity.risk_event_id(message.id),
        "message_id": message.id,
        "level": message.level.name,
        "categories": list(message.categories),
        "rules": list(message.rules),
        "synthetic": message.synthetic,
        "created_at": message.created_at,
    }


def _reply_values(reply: ReplyRecord, message: uuid.UUID) -> dict[str, str | uuid.UUID | datetime]:
    return {
        "id": identity.reply_id(message),
        "message_id": message,
        "content": reply.text,
        "source": reply.source,
        "created_at": reply.created_at,
    }


async def _history(connection: AsyncConnection, conversation: uuid.UUID) -> tuple[Turn, ...]:
    rows = await connection.execute(_HISTORY, {"id": conversation, "limit": HISTORY_MESSAGES})
    return tuple(Turn(row.role, row.content) for row in reversed(rows.all()))


async def _earlier(connection: AsyncConnection, message: MessageRecord) -> Earlier:
    row = (await connection.execute(_EARLIER, {"id": message.id})).one()
    if bytes(row.content_sha256) != message.digest:
        raise KeyReusedError
    reply = None if row.content is None else (str(row.content), Source(row.source))
    return Earlier(row.conversation_id, Level[row.risk_level], tuple(row.categories or ()), reply)


async def _digest(connection: AsyncConnection, message: uuid.UUID) -> bytes | None:
    row = (await connection.execute(_DIGEST, {"id": message})).first()
    return None if row is None else bytes(row.content_sha256)
