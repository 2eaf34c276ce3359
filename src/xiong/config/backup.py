"""The settings of backup, write-ahead log shipping and restore; `settings.py` puts them into the whole."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from xiong.config.section import Section


class BackupSettings(Section):
    """What is saved, where to, how often, and for how long."""

    enabled: bool = Field(
        True, description="Whether the write-ahead log is shipped and `watch` makes backups by its schedule."
    )
    repositories: tuple[str, ...] = Field(
        (),
        description="Where sets are written, each to all: `file:///mnt/backup/xiong`, `s3://bucket/xiong`, "
        "`gs://…`, `az://…`. Empty is the folder `backups` beside the data, which dies with its disk: name "
        "two, one of them on another machine.",
    )
    recipients: tuple[str, ...] = Field(
        (),
        description="Public age keys, any one of whose private keys opens a backup; beside the copy's own "
        "two, which are made by themselves.",
    )
    wal: Literal["stream", "synchronous", "archive", "none"] = Field(
        "stream",
        description="How commits leave the data folder: `stream` (pg_receivewal, up to a second is lost with "
        "the folder), `synchronous` (a commit waits for it: nothing is lost, commits are slower), `archive` "
        "(the server copies whole segments: up to `archive_seconds` are lost), `none` (backups alone).",
    )
    archive_seconds: float = Field(
        60, gt=0, description="With `archive`: longest time until a segment that is not full is copied too."
    )
    ship_seconds: float = Field(
        1, gt=0, description="How often what was streamed is sealed and put into the repositories."
    )
    slot_keep_mb: int = Field(
        2048,
        ge=64,
        description="Most WAL that the server keeps for a receiver that is away; beyond it the receiver is "
        "cut off and a new backup is needed, since a full disk would stop the service.",
    )
    spool_keep_mb: int = Field(
        2048,
        ge=64,
        description="Most WAL that waits here for a repository that is away; beyond it receiving stops, and "
        "the server keeps it.",
    )
    full_days: float = Field(7, gt=0, description="Days between two full backups.")
    every_hours: float = Field(24, gt=0, description="Hours between two backups; between fulls, increments.")
    logical_days: float = Field(
        7, gt=0, description="Days between two dumps, which another major version can read."
    )
    keep_days: float = Field(
        14, ge=0, description="Days back to any second of which a restore stays possible (recovery window)."
    )
    keep_weekly: int = Field(5, ge=0, description="Further sets kept: the newest of each of so many weeks.")
    keep_monthly: int = Field(12, ge=0, description="The newest of each of so many months.")
    keep_at_least: int = Field(2, ge=1, description="Verified sets that are kept whatever the rest says.")
    rpo_seconds: float = Field(
        60, gt=0, description="How much may be unrestorable before `health` says degraded."
    )
    stale_hours: float = Field(
        36, gt=0, description="Age of the newest good backup from which on `health` says degraded."
    )
    compression_level: int = Field(3, ge=1, le=19, description="Level of zstd.")
