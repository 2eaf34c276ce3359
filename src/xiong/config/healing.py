"""The settings of deep health, recovery, notices and fault drills; `settings.py` puts them into the whole."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, model_validator

from xiong.config.section import Section


class HealthSettings(Section):
    """Where a deep check draws its lines."""

    total_timeout_seconds: float = Field(
        15, gt=0, description="Longest time that all checks of one look may take together."
    )
    disk_free_share: float = Field(
        0.1, gt=0, lt=1, description="Least free share of a disk; below half of it the disk is unhealthy."
    )
    inodes_free_share: float = Field(
        0.05, gt=0, lt=1, description="Least free share of a disk's inodes; half of it is unhealthy."
    )
    memory_free_share: float = Field(
        0.05, gt=0, lt=1, description="Least share of the machine's memory that is still available."
    )
    connections_share: float = Field(
        0.8, gt=0, le=1, description="Most database connections in use, as a share of the server's limit."
    )
    idle_in_transaction_seconds: float = Field(
        30,
        gt=0,
        description="Longest time that a session may hold a transaction open and do nothing; the local "
        "server itself ends it at 60 s.",
    )
    long_transaction_seconds: float = Field(300, gt=0, description="Longest time of a transaction at work.")
    cache_memory_share: float = Field(
        0.9, gt=0, le=1, description="Most memory of the cache in use, as a share of its limit."
    )
    clock_skew_seconds: float = Field(
        5,
        gt=0,
        description="Most seconds between this machine's clock and the database's, or by which it jumps.",
    )
    certificate_days: float = Field(
        14, gt=0, description="Days before the proxy's certificate expires from which on it is degraded."
    )


class RecoverySettings(Section):
    """When the healer may act; each limit is there so that a cure never becomes the fault."""

    enabled: bool = Field(True, description="Whether `watch` heals by itself.")
    shadow: bool = Field(
        False, description="Whether `watch` only decides and records what it would have done."
    )
    fails: int = Field(3, ge=1, description="Failed looks (k) among the last `looks` that make a fault.")
    looks: int = Field(5, ge=1, le=100, description="Looks (n) among which the failed ones are counted.")
    window_seconds: float = Field(
        30, ge=0, description="How long a check must pass without a break to count as recovered."
    )
    cooldown_seconds: float = Field(
        60,
        ge=0,
        description="Least time between two actions for one check; grows with each that did not help.",
    )
    backoff_factor: float = Field(2, ge=1, le=10, description="What the cooldown is multiplied by each time.")
    backoff_max_seconds: float = Field(1800, ge=0, description="Longest that the cooldown gets.")
    jitter: float = Field(
        0.2, ge=0, le=1, description="Share by which a cooldown may grow, so that copies do not act in step."
    )
    per_component: int = Field(3, ge=0, description="Most actions for one check within its minutes.")
    per_component_minutes: float = Field(10, gt=0, description="Those minutes.")
    global_actions: int = Field(6, ge=0, description="Most actions for all checks together.")
    global_minutes: float = Field(60, gt=0, description="Minutes that they are counted over.")
    min_healthy: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Least share of well instances; below it none is touched, since a look that finds most "
        "of them ill is more likely wrong, or sees a fault that no restart cures.",
    )
    young_release_minutes: float = Field(
        15, ge=0, description="How long after its commit a release may be rolled back by the healer."
    )
    storm_actions: int = Field(
        4, ge=1, description="Actions, for whatever checks, that make a storm when they come close together."
    )
    storm_minutes: float = Field(5, gt=0, description="How close together.")
    storm_cooldown_minutes: float = Field(15, ge=0, description="How long nothing is done after a storm.")
    action_seconds: float = Field(300, gt=0, description="Longest time of one action.")

    @model_validator(mode="after")
    def _reachable(self) -> RecoverySettings:
        if self.fails > self.looks:
            raise ValueError(f"fails is {self.fails}, and only {self.looks} looks are counted")
        return self


class NoticesSettings(Section):
    """What operators are told by `watch` itself, with or without Alertmanager; never a crisis page."""

    urls_file: Path | None = Field(
        None,
        description="File with Apprise addresses, one a line; it holds secrets. Without it a notice is only "
        "recorded and shown.",
    )
    timeout_seconds: float = Field(20, gt=0, description="How long one address may take to take a notice.")
    give_up_hours: float = Field(
        48, gt=0, description="How long a notice that no address took is tried again."
    )


class DrillsSettings(Section):
    """Faults that are made on purpose, and how long their proof holds."""

    stale_days: float = Field(30, gt=0, description="Days after which a drill that passed proves nothing.")
    block_deploys: bool = Field(
        True, description="Whether a stale or failed drill keeps a release from being deployed."
    )
    schedule: tuple[str, ...] = Field(
        (), description="Drills that `watch` runs by itself, in turn; none, unless they are named."
    )
    every_days: float = Field(7, gt=0, description="Days between two runs of the schedule.")
