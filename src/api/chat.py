"""One message in, one reply out: the order of the steps and what happens when one of them fails.

Called by `routes.chat`. Nothing here waits without an end, and no failure of a dependency leaves a
person without an answer: what cannot be stored is spooled, what cannot be answered gets the safe reply.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from api import identity
from api.active_users import ActiveUsers
from api.database.conversations import (
    Earlier,
    KeyReusedError,
    Opened,
    UnknownConversationError,
    raise_message,
    store_message,
    store_reply,
)
from api.database.engine import Database, DatabaseAwayError
from api.hotlines import SAFE_REPLY
from api.logs import Log
from api.metrics import Metrics
from api.ratelimit import RateLimit
from api.recent import Recent
from api.records import MessageRecord, Record, ReplyRecord
from api.replies.model import Reply, Responder, Source, Turn
from api.risk.model import Assessment, Level, RiskAssessor
from api.risk.second_opinion import RULE, NoSecondOpinion, SecondOpinion
from api.spool import Spool

# a longer text is judged in a thread: a hostile one can take a third of a second
_QUICK_CHARACTERS = 500
# what is assumed where the verdict itself fails: enough for the hotlines, and no limit applies
UNJUDGED = Assessment(Level.HIGH, ("mental_health",))


@dataclass(frozen=True)
class Request:
    """A valid chat request.

    Attributes:
        key: its Idempotency-Key, None where there is none.
    """

    application: str
    person: str
    text: str
    conversation_id: uuid.UUID | None
    key: str | None
    synthetic: bool


@dataclass(frozen=True)
class Answer:
    """What the person gets.

    Attributes:
        stored: whether the whole exchange is in the database.
        replayed: whether it is the answer to an earlier try of the same request.
    """

    conversation_id: uuid.UUID
    message_id: uuid.UUID
    reply: str
    source: Source
    level: Level
    categories: tuple[str, ...]
    stored: bool
    replayed: bool = False


class TooManyMessagesError(Exception):
    """The person must wait; `seconds` says how long."""

    def __init__(self, seconds: int) -> None:
        super().__init__("too many messages")
        self.seconds = seconds


@dataclass(frozen=True)
class Chat:
    """The chat of one replica."""

    assessor: RiskAssessor
    responder: Responder
    database: Database
    spool: Spool
    rate_limit: RateLimit
    recent: Recent[Answer]
    users: ActiveUsers
    metrics: Metrics
    log: Log
    reply_deadline_s: float
    second_opinion: SecondOpinion = field(default_factory=NoSecondOpinion)

    async def answer(self, request: Request) -> Answer:
        """Answers a message; raises TooManyMessagesError, UnknownConversationError or KeyReusedError."""
        if not request.synthetic:
            self.users.seen(request.application, request.person)
        assessment = await self._assess(request.text)
        if assessment.level < Level.HIGH:
            excess = await self.rate_limit.excess(request.application, request.person)
            if excess is not None:
                self._count(request.synthetic, assessment.level)
                raise TooManyMessagesError(excess)
        message = _record(request).judged(assessment)
        if request.key is None:
            return await self._exchange(message)
        async with self.recent.alone(message.id):
            known = self.recent.get(message.id)
            if known is None:
                return await self._exchange(message)
            if known.digest != message.digest:
                raise KeyReusedError
            return known.value

    async def _exchange(self, message: MessageRecord) -> Answer:
        opened = await self._take(message)
        if opened is not None and opened.earlier is not None:
            replay = _replay(message, opened.earlier)
            if replay is not None:
                return replay
        judged = message if opened is None else opened.message
        history = () if opened is None else opened.history
        return await self._respond(judged, history, in_database=opened is not None)

    async def _respond(self, judged: MessageRecord, history: Sequence[Turn], *, in_database: bool) -> Answer:
        """Gets the reply while a second opinion is taken; a worse verdict is stored, and paged, at once."""
        ends = asyncio.get_running_loop().time() + self.reply_deadline_s
        async with asyncio.TaskGroup() as beside:
            replying = beside.create_task(self._reply(judged, history, ends))
            stands = await self._review(judged, history, ends)
            self._count(stands.synthetic, stands.level)
            if stands.level > judged.level:
                if stands.level >= Level.HIGH:
                    # a person in danger does not wait for words that were meant for somebody who is not
                    replying.cancel()
                    replying = beside.create_task(self._reply(stands, history, ends))
                in_database = await self._raise(stands, in_database=in_database)
        return await self._finish(stands, replying.result(), in_database=in_database)

    async def _review(self, message: MessageRecord, history: Sequence[Turn], ends: float) -> MessageRecord:
        """Asks for a second opinion; whatever becomes of that, the first verdict stands or a worse one."""
        if message.synthetic:
            return message
        first = Assessment(message.level, message.categories)
        try:
            async with asyncio.timeout_at(ends):
                verdict = await self.second_opinion.review(message.text, _said(history), first)
        except Exception as error:
            self.log.error("no second opinion", action="risk.opinion_failed", error=error)
            return message
        if verdict.level <= message.level:
            return message
        rules = (*message.rules, RULE)
        return replace(message, level=verdict.level, categories=verdict.categories, rules=rules)

    async def _raise(self, message: MessageRecord, *, in_database: bool) -> bool:
        """Stores a worse verdict on a stored message; False where it went to the spool instead."""
        if in_database:
            try:
                await self.database.run(lambda connection: raise_message(connection, message))
                return True
            except Exception as error:
                # whatever it is, somebody must be called
                self.log.warning("a verdict goes to the spool", action="chat.spooled", error=error)
        await self._spool(message)
        return False

    async def _take(self, message: MessageRecord) -> Opened | None:
        """Stores the message with its risk event; None where it went to the spool instead."""
        vouched = self.spool.vouches(message.conversation_id, (message.application, message.person))
        try:
            return await self.database.run(
                lambda connection: store_message(
                    connection, message, lambda history: self._judge(message, history), vouched=vouched
                )
            )
        except (UnknownConversationError, KeyReusedError):
            raise
        except DatabaseAwayError as error:
            self.log.warning("a message goes to the spool", action="chat.spooled", error=error)
        except Exception as error:
            self.log.error("the database refused a message", action="chat.refused", error=error)
        await self._spool(message)
        return None

    async def _finish(self, message: MessageRecord, reply: Reply, *, in_database: bool) -> Answer:
        """Stores the reply; the first one that was ever stored for the message is what all tries get."""
        record = ReplyRecord(message.id, message.digest, reply.text, reply.source.value, datetime.now(UTC))
        text, source, stored = reply.text, reply.source, False
        if in_database:
            try:
                text, source = await self.database.run(lambda connection: store_reply(connection, record))
                stored = True
            except Exception as error:
                # whatever it is, the person has a reply waiting
                self.log.warning("a reply goes to the spool", action="chat.spooled", error=error)
        if not stored:
            await self._spool(record)
        self.metrics.replied(reply.source)
        answer = Answer(
            message.conversation_id, message.id, text, source, message.level, message.categories, stored
        )
        if not stored:
            self.recent.remember(message.id, message.digest, replace(answer, replayed=True))
        self._note(answer, message)
        return answer

    async def _spool(self, record: Record) -> None:
        try:
            await self.spool.append(record)
        except OSError as error:
            self.metrics.spool_failures.inc()
            self.log.critical("neither database nor disk takes a record", action="spool.lost", error=error)
        self.metrics.spooled.set(self.spool.pending)

    def _count(self, synthetic: bool, level: Level) -> None:
        """Counts a judged message; a rehearsal says nothing about how people are."""
        if not synthetic:
            self.metrics.judged(level)

    async def _assess(self, text: str, history: tuple[str, ...] = ()) -> Assessment:
        try:
            if len(text) > _QUICK_CHARACTERS:
                return await asyncio.to_thread(self.assessor.assess, text, history)
            return self.assessor.assess(text, history)
        except Exception as error:
            # a person in danger must not be lost to a fault in a rule
            self.log.error("a message could not be judged", action="risk.failed", error=error)
            return UNJUDGED

    async def _judge(self, message: MessageRecord, history: Sequence[Turn]) -> MessageRecord:
        """Judges again with what the person said before; the worse verdict stands."""
        said = _said(history)
        if not said:
            return message
        assessment = await self._assess(message.text, said)
        return message.judged(assessment) if assessment.level > message.level else message

    async def _reply(self, message: MessageRecord, history: Sequence[Turn], ends: float) -> Reply:
        assessment = Assessment(message.level, message.categories)
        try:
            async with asyncio.timeout_at(ends):
                return await self.responder.reply(message.text, history, assessment)
        except Exception as error:
            self.log.error("no reply; the safe one is given", action="chat.safe", error=error)
            return Reply(SAFE_REPLY, Source.SAFE)

    def _note(self, answer: Answer, message: MessageRecord) -> None:
        self.log.info(
            "a message was answered",
            action="chat.answered",
            application=message.application,
            level=answer.level.name,
            source=answer.source.value,
            stored=answer.stored,
            synthetic=message.synthetic,
            event_id=answer.message_id,
        )


def _record(request: Request) -> MessageRecord:
    message = identity.message_id(request.application, request.person, request.key)
    return MessageRecord(
        id=message,
        conversation_id=request.conversation_id or identity.conversation_id(message),
        application=request.application,
        person=request.person,
        text=request.text,
        digest=identity.content_digest(request.conversation_id, request.text),
        opens=request.conversation_id is None,
        synthetic=request.synthetic,
        level=Level.NONE,
        categories=(),
        rules=(),
        created_at=datetime.now(UTC),
    )


def _said(history: Sequence[Turn]) -> tuple[str, ...]:
    return tuple(turn.text for turn in history if turn.role == "person")


def _replay(message: MessageRecord, earlier: Earlier) -> Answer | None:
    if earlier.reply is None:
        return None
    text, source = earlier.reply
    return Answer(
        earlier.conversation_id, message.id, text, source, earlier.level, earlier.categories, True, True
    )
