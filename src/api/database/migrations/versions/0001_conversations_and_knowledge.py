"""The first tables: conversations, messages, risk events and the knowledge base."""

from __future__ import annotations

from alembic import op

revision = "0001"
phase = "expand"

_STATEMENTS = (
    "CREATE EXTENSION IF NOT EXISTS vector",
    """
    CREATE TABLE conversations (
        id uuid PRIMARY KEY,
        application text NOT NULL,
        person text NOT NULL,
        synthetic boolean NOT NULL,
        created_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE messages (
        id uuid PRIMARY KEY,
        sequence bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
        conversation_id uuid NOT NULL REFERENCES conversations (id),
        role text NOT NULL CHECK (role IN ('person', 'assistant')),
        content text NOT NULL,
        content_sha256 bytea,
        reply_to uuid UNIQUE REFERENCES messages (id),
        source text,
        risk_level text,
        created_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX messages_conversation_sequence ON messages (conversation_id, sequence)",
    """
    CREATE TABLE risk_events (
        id uuid PRIMARY KEY,
        message_id uuid NOT NULL UNIQUE REFERENCES messages (id),
        level text NOT NULL,
        categories text[] NOT NULL,
        rules text[] NOT NULL,
        synthetic boolean NOT NULL,
        created_at timestamptz NOT NULL
    )
    """,
    """
    CREATE TABLE knowledge (
        id text NOT NULL,
        embedder text NOT NULL,
        title text NOT NULL,
        body text NOT NULL,
        source text NOT NULL,
        content_sha256 text NOT NULL,
        embedding vector(1536) NOT NULL,
        PRIMARY KEY (id, embedder)
    )
    """,
    "CREATE INDEX knowledge_embedding ON knowledge USING hnsw (embedding vector_cosine_ops)",
)


def upgrade() -> None:
    """Makes the tables; the extension may be there already, made by somebody with more rights."""
    for statement in _STATEMENTS:
        op.execute(statement)
