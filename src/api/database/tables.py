"""The tables as the code sees them; the migrations make them. A test holds the two together.

The tables of pages are in `api.pages.tables`. Read by `cases`, `knowledge`, `person`, `retention` and
by the tests; the chat path writes its few statements out in `conversations`.
"""

from __future__ import annotations

from pgvector.sqlalchemy import Vector
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

EMBEDDING_DIMENSIONS = 1536

metadata = MetaData()

conversations = Table(
    "conversations",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("application", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("synthetic", Boolean, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index("conversations_person", "person", "application"),
    Index("conversations_created", "created_at"),
    Index("conversations_synthetic", "created_at", postgresql_where=text("synthetic")),
)

messages = Table(
    "messages",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("sequence", BigInteger, Identity(always=True), nullable=False, unique=True),
    Column("conversation_id", Uuid, ForeignKey("conversations.id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("content_sha256", LargeBinary),
    Column("reply_to", Uuid, ForeignKey("messages.id"), unique=True),
    Column("source", Text),
    Column("risk_level", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index("messages_conversation_sequence", "conversation_id", "sequence"),
    Index("messages_created", "created_at"),
)

risk_events = Table(
    "risk_events",
    metadata,
    Column("id", Uuid, primary_key=True),
    # null once its message is gone: the audit keeps the event for longer
    Column("message_id", Uuid, ForeignKey("messages.id"), unique=True),
    Column("level", Text, nullable=False),
    Column("categories", ARRAY(Text), nullable=False),
    Column("rules", ARRAY(Text), nullable=False),
    Column("synthetic", Boolean, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index("risk_events_created", "created_at"),
    Index("risk_events_synthetic", "created_at", postgresql_where=text("synthetic")),
)

# looks and outcomes are facts of their own, without a foreign key: see the revision
page_views = Table(
    "page_views",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("page_id", Uuid, nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False),
    Column("seen_by", Text, nullable=False),
    Column("via", Text, nullable=False),
    Index("page_views_page", "page_id"),
)

page_outcomes = Table(
    "page_outcomes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("page_id", Uuid, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("via", Text, nullable=False),
    Index("page_outcomes_page", "page_id"),
)

case_contacts = Table(
    "case_contacts",
    metadata,
    Column("application", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    Column("contact", Text, nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Index("case_contacts_person", "person"),
)

erasures = Table(
    "erasures",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("person_hmac", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("counts", JSONB, nullable=False),
    Index("erasures_person", "person_hmac"),
)

knowledge = Table(
    "knowledge",
    metadata,
    Column("id", Text, primary_key=True),
    Column("embedder", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("content_sha256", Text, nullable=False),
    Column("embedding", Vector(EMBEDDING_DIMENSIONS), nullable=False),
)

schema_revisions = Table(
    "schema_revisions",
    metadata,
    Column("revision", Text, primary_key=True),
    Column("phase", Text, nullable=False),
    Column("applied_at", DateTime(timezone=True), nullable=False),
)
