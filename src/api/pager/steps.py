"""What the next step of a page is: pure, so that any pager that begins it makes the same deliveries."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from api.pager.configuration import Configuration, Target
from api.pages.model import Delivery, DeliveryState, Page, PageKind, delivery_id

# a canary has one step; what comes after it is the canary's business
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
# a step that reaches nobody gives way to the next one, but not in a hot circle
EMPTY_STEP_S = 1.0


def begin(page: Page, configuration: Configuration, now: datetime) -> tuple[Page, list[Delivery]]:
    """Returns the page in its next step, and what is to be sent for it."""
    if page.kind is PageKind.CANARY:
        begun = replace(page, step=page.step + 1, next_step_at=NEVER)
        return begun, _deliveries(begun, configuration.canary_targets(), now)
    policy = configuration.policy
    round_, step = policy.following(page.round, page.step)
    targets = configuration.targets(step, now)
    wait = timedelta(minutes=policy.at(step).acknowledge_minutes) if targets else _EMPTY
    begun = replace(page, round=round_, step=step, next_step_at=now + wait)
    return begun, _deliveries(begun, targets, now)


_EMPTY = timedelta(seconds=EMPTY_STEP_S)


def _deliveries(page: Page, targets: list[Target], now: datetime) -> list[Delivery]:
    return [
        Delivery(
            id=delivery_id(page.id, page.round, page.step, target.contact, target.channel),
            page_id=page.id,
            round=page.round,
            step=page.step,
            contact=target.contact,
            channel=target.channel,
            state=DeliveryState.WAITING,
            attempts=0,
            created_at=now,
            due_at=now,
        )
        for target in targets
    ]
