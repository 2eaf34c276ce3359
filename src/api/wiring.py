"""Puts the parts of one replica together. Called by `main.create_app`; the only place that knows all.

The seam to the risk, reply and knowledge packages: what they give, they give here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from redis.asyncio import Redis

from api.active_users import ActiveUsers
from api.authentication import TokenBook
from api.cache import make_cache
from api.cases.desk import Cases
from api.chat import Chat
from api.database.engine import Database, DatabaseAwayError, make_engine
from api.database.revisions import shipped
from api.drain import Drain
from api.knowledge.embedders import OpenAIEmbedder, build_embedder
from api.knowledge.store import KnowledgeStore
from api.logs import Log
from api.metrics import Metrics
from api.pages.desk import Desk
from api.pages.standby import Standby
from api.probes import Probes
from api.ratelimit import RateLimit
from api.recent import Recent
from api.relay import Relay
from api.replies.build import build_responder
from api.replies.model import Knowledge, Passage, Responder
from api.risk.build_opinion import build_second_opinion
from api.risk.model import RiskAssessor
from api.risk.rule_engine import RuleEngine
from api.settings import Settings, service_version
from api.spool import Spool
from api.state import Service
from api.vitals import Vitals


@dataclass(frozen=True)
class ReplySide:
    """Who answers, whether its language model does, and what to close at the end."""

    responder: Responder
    model_up: Callable[[], bool] = lambda: True
    closing: tuple[Callable[[], Awaitable[None]], ...] = ()


@dataclass(frozen=True)
class KnowledgeWhileUp:
    """The knowledge base, not asked while the database is known to be away: nobody waits for it twice."""

    knowledge: Knowledge
    database: Database

    async def search(self, question: str, limit: int = 3) -> list[Passage]:
        """Searches, or raises DatabaseAwayError at once."""
        if not self.database.up:
            raise DatabaseAwayError("the database was away a moment ago")
        return await self.knowledge.search(question, limit)


def build_service(
    settings: Settings, log: Log, *, replies: ReplySide | None = None, assessor: RiskAssessor | None = None
) -> Service:
    """Returns a replica that has not touched anything yet; tests may give their own reply side."""
    version = service_version()
    metrics = Metrics(version, settings.release_id)
    cache = make_cache(settings.redis_url.reveal())
    database = Database(make_engine(settings.database_url.reveal(), settings.database_pool_size))
    spool = Spool(settings.spool_dir)
    users = ActiveUsers(cache)
    side = replies or _reply_side(settings, database, cache, metrics)
    opinion = build_second_opinion(settings, cache, metrics.registry)
    judge = assessor or RuleEngine.shipped()
    chat = Chat(
        assessor=judge,
        responder=side.responder,
        database=database,
        spool=spool,
        rate_limit=RateLimit(settings.rate_limit, settings.redis_url.reveal(), cache, log),
        recent=Recent(),
        users=users,
        metrics=metrics,
        log=log,
        reply_deadline_s=settings.reply_deadline_s,
        second_opinion=opinion,
    )
    return Service(
        settings=settings,
        version=version,
        log=log,
        metrics=metrics,
        drain=Drain(lambda: _announce(metrics, log)),
        tokens=TokenBook(settings, log),
        cache=cache,
        database=database,
        spool=spool,
        relay=Relay(spool, database, metrics, log),
        probes=Probes(database, cache, side.model_up, shipped(), metrics, log),
        chat=chat,
        vitals=Vitals(database, cache, users, metrics.registry, log),
        desk=Desk(database, spool, Standby(settings.spool_dir)),
        cases=Cases(database, judge),
        closing=(*side.closing, opinion.aclose, cache.aclose, database.close),
    )


def _reply_side(settings: Settings, database: Database, cache: Redis, metrics: Metrics) -> ReplySide:
    embedder = build_embedder(settings)
    knowledge = KnowledgeWhileUp(KnowledgeStore(database.engine, embedder), database)
    responder = build_responder(settings, knowledge, cache, metrics.registry)
    closing: tuple[Callable[[], Awaitable[None]], ...] = (responder.aclose,)
    if isinstance(embedder, OpenAIEmbedder):
        closing = (*closing, embedder.aclose)
    return ReplySide(responder, lambda: responder.model_up, closing)


def _announce(metrics: Metrics, log: Log) -> None:
    metrics.draining.set(1)
    log.info("draining: new requests should go elsewhere", action="drain.began")
