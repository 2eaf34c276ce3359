"""`database`: it answers, its sessions are in order, its schema fits, the knowledge base is found."""

from __future__ import annotations

from xiong.config.healing import HealthSettings
from xiong.config.settings import Settings
from xiong.datastores import postgres_health
from xiong.datastores.away import Away
from xiong.datastores.postgres_health import DatabaseFacts, Limits, Vectors
from xiong.model.health import Figure, Finding, Verdict
from xiong.model.release import Release, SchemaState
from xiong.operations.health.check import Check
from xiong.operations.health.checks.stores import absence
from xiong.operations.health.checks.wording import nothing_here
from xiong.operations.health.scene import ANSWER_SECONDS, Scene

DIMENSIONS = 1536
OFFLINE = "offline-1"
CONFIGURED = "text-embedding-3-small"
"""The vectors of the service: `src/api/knowledge/embedders.py`, which a test holds against these."""

_UP = "xiong up"


async def look(scene: Scene) -> Finding:
    """Connects as the monitoring role, which reads no message of anybody."""
    if await scene.committed() is None:
        return nothing_here("database")
    facts = await database_facts(scene)
    if isinstance(facts, Away):
        return await absence("database", "postgres", facts, scene)
    return judge(facts, await _release(scene), scene.settings)


async def database_facts(scene: Scene) -> DatabaseFacts | Away:
    """What PostgreSQL says, asked once for all checks of this look."""

    async def ask() -> DatabaseFacts | Away:
        health = scene.settings.health
        limits = Limits(
            health.idle_in_transaction_seconds,
            health.long_transaction_seconds,
            embedder(scene.settings),
            DIMENSIONS,
        )
        url = await scene.platform.store_url("postgres")
        return await postgres_health.ask(url, limits, scene.clock, timeout_seconds=ANSWER_SECONDS)

    return await scene.once("database", ask)


def embedder(settings: Settings) -> str:
    """Whose vectors the service searches with these settings."""
    configured = settings.model.embeddings and settings.model.api_key is not None
    return CONFIGURED if configured else OFFLINE


async def _release(scene: Scene) -> Release | None:
    committed = await scene.committed()
    staged = await scene.once("releases", scene.platform.releases)
    return next((r for r in staged if committed is not None and r.id == committed.release), None)


def judge(facts: DatabaseFacts, release: Release | None, settings: Settings) -> Finding:
    """The gravest fault decides; what else is amiss stands in the figures."""
    health, wanted = settings.health, embedder(settings)
    figures = (
        Figure("answer", facts.seconds, "s", ANSWER_SECONDS),
        Figure("connections", facts.connections, limit=facts.limit),
        Figure("connections used", facts.connections / facts.limit, "share", health.connections_share),
        Figure("idle in transaction", facts.idle),
        Figure("longest idle in transaction", facts.longest_idle, "s", health.idle_in_transaction_seconds),
        Figure("long transactions", facts.long),
        Figure("longest transaction", facts.longest, "s", health.long_transaction_seconds),
        *_vector_figures(facts.vectors, wanted),
    )
    verdict, cause, words, hint = next(
        fault
        for fault in (_schema(facts, release), *_sessions(facts, health), _vectors(facts, wanted), _WELL)
        if fault is not None
    )
    if not words:
        words = f"{facts.connections} of {facts.limit} connections, {_searched(facts.vectors)}"
    return Finding("database", verdict, words, hint=hint, figures=figures, cause=cause)


_Fault = tuple[Verdict, str, str, str]
_WELL: _Fault = (Verdict.HEALTHY, "", "", "")


def _schema(facts: DatabaseFacts, release: Release | None) -> _Fault | None:
    if release is None or facts.revisions is None:
        return None
    applied = facts.revisions
    lacking = [name for name in release.schema.requires if name not in applied]
    contracted = tuple(name for name, phase in applied.items() if phase == "contract")
    foreign = SchemaState((), contracted).blocking(release.schema)
    if lacking:
        words = f"the schema lacks {', '.join(lacking)}, which release {release.id} needs"
        return Verdict.UNHEALTHY, "schema", words, _UP
    if foreign:
        words = f"the schema was contracted by {', '.join(foreign)}, which release {release.id} does not know"
        return Verdict.UNHEALTHY, "schema", words, "xiong releases"
    return None


def _sessions(facts: DatabaseFacts, health: HealthSettings) -> tuple[_Fault | None, ...]:
    idle, full, long = facts.idle, facts.connections / facts.limit, facts.long
    most_idle, most_long = health.idle_in_transaction_seconds, health.long_transaction_seconds
    return (
        (
            Verdict.DEGRADED,
            "idle-in-transaction",
            f"{idle} session{'s' * (idle != 1)} idle in transaction for more than {most_idle:g} s, "
            f"the longest for {facts.longest_idle:.0f} s; {facts.connections} of {facts.limit} connections",
            "xiong recover database",
        )
        if idle
        else None,
        (
            Verdict.UNHEALTHY if full >= 1 else Verdict.DEGRADED,
            "connections",
            f"{facts.connections} of {facts.limit} connections are taken, "
            f"{full:.0%}, at most {health.connections_share:.0%} are meant",
            "xiong recover database",
        )
        if full >= health.connections_share
        else None,
        (
            Verdict.DEGRADED,
            "long-transaction",
            f"{long} transaction{'s' * (long != 1)} at work for more than {most_long:g} s, "
            f"the longest for {facts.longest:.0f} s",
            "xiong health database",
        )
        if long
        else None,
    )


def _vectors(facts: DatabaseFacts, wanted: str) -> _Fault | None:
    fault = _vector_fault(facts.vectors, wanted)
    return (Verdict.DEGRADED, "vectors", f"the knowledge base: {fault}", _UP) if fault else None


def _vector_fault(vectors: Vectors | None, wanted: str) -> str:
    """Why the service cannot search with its own vectors, in words; empty when it can."""
    if vectors is None:
        return "the monitoring role may not read it"
    if vectors.entries and vectors.dimensions != (DIMENSIONS,):
        found = " and ".join(str(number) for number in vectors.dimensions)
        return f"its vectors have {found} dimensions, the service's have {DIMENSIONS}"
    if not vectors.entries.get(wanted):
        others = ", ".join(f"{name} ({count})" for name, count in sorted(vectors.entries.items()))
        return f"it holds no vector of {wanted}, which the service searches; it holds {others or 'nothing'}"
    most = max(vectors.entries.values())
    if vectors.entries[wanted] < most:
        return f"{vectors.entries[wanted]} of {most} entries have a vector of {wanted}"
    if vectors.fault or not vectors.found:
        return f"a search for the nearest vector found nothing ({vectors.fault or 'no row'})"
    return ""


def _vector_figures(vectors: Vectors | None, wanted: str) -> tuple[Figure, ...]:
    if vectors is None:
        return ()
    return (
        Figure(f"vectors of {wanted}", vectors.entries.get(wanted, 0)),
        Figure("dimensions", max(vectors.dimensions, default=0), limit=DIMENSIONS),
        Figure("nearest vector", vectors.seconds, "s"),
    )


def _searched(vectors: Vectors | None) -> str:
    milliseconds = vectors.seconds * 1000 if vectors else 0.0
    return f"schema fits, the nearest vector was found in {milliseconds:.0f} ms"


DATABASE = Check(
    "database",
    look,
    timeout_seconds=4,
    depends_on=("disk",),
    allows=(
        ("down", ("restart-store",)),
        ("idle-in-transaction", ("cancel-idle-sessions",)),
        ("connections", ("cancel-idle-sessions",)),
        ("vectors", ()),
    ),
)
