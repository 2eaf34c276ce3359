"""A release: one immutable version of the service, named by its digest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class SchemaSupport:
    """What a release knows of the database schema (from `python -m api.migrate describe`).

    Attributes:
        requires: expand revisions the release cannot work without.
        knows: every revision, expand or contract, that the release was written against.
    """

    requires: tuple[str, ...]
    knows: tuple[str, ...]


@dataclass(frozen=True)
class SchemaState:
    """What the database holds (from `python -m api.migrate status`).

    Attributes:
        expand: applied expand revisions.
        contract: applied contract revisions.
    """

    expand: tuple[str, ...]
    contract: tuple[str, ...]

    def blocking(self, support: SchemaSupport) -> tuple[str, ...]:
        """Applied contract revisions that a release with `support` was not written against.

        An unknown expand revision only adds; an unknown contract revision may have taken away
        what the release needs.
        """
        return tuple(r for r in self.contract if r not in support.knows)


@dataclass(frozen=True)
class Release:
    """An immutable version of the service.

    Attributes:
        id: short name, `VERSION-DIGEST12`; what /api/v1/healthz answers.
        version: the package version.
        digest: `sha256:…` of the artifact and its locked dependencies.
        created_at: when it was built, UTC.
        schema: what it knows of the database.
        source: where it came from, for people.
    """

    id: str
    version: str
    digest: str
    created_at: datetime
    schema: SchemaSupport
    source: str
