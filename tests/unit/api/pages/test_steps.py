"""What the next step of a page is, and what follows from a failed try; no clock, no database."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from api.pager.configuration import Canary, Configuration
from api.pager.policy import Policy, Step
from api.pager.rota import WEEK, Rota, Turn
from api.pager.sending import after_failure
from api.pager.steps import NEVER, begin
from api.pages.model import Delivery, DeliveryState, Page, PageKind, PageState, delivery_id, page_id
from api.risk.model import Level

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
CONTACTS = {"nurse": {"mail": "n", "text": "t"}, "lead": {"mail": "l"}, "probe": {"text": "p"}}
CONFIGURATION = Configuration(
    channels={},
    contacts=CONTACTS,
    rota=Rota((Turn(0, WEEK, "nurse"),)),
    policy=Policy((Step(("on-call",), ("mail",), 5.0), Step(("lead", "on-call"), None, 2.0)), repeat=2),
    canary=Canary(60, ("probe",)),
)
PAGE = Page(
    id=uuid.UUID(int=5),
    kind=PageKind.CRISIS,
    level=Level.HIGH,
    opened_at=NOW,
    last_event_at=NOW,
    events=1,
    state=PageState.OPEN,
    round=0,
    step=-1,
    next_step_at=NOW,
)
DELIVERY = Delivery(
    id=uuid.UUID(int=6),
    page_id=PAGE.id,
    round=0,
    step=0,
    contact="nurse",
    channel="mail",
    state=DeliveryState.WAITING,
    attempts=0,
    created_at=NOW,
    due_at=NOW,
)


def test_the_first_step_tells_whoever_is_on_call() -> None:
    page, (delivery,) = begin(PAGE, CONFIGURATION, NOW)
    assert (page.round, page.step, page.next_step_at) == (0, 0, NOW + timedelta(minutes=5))
    assert (delivery.contact, delivery.channel, delivery.state) == ("nurse", "mail", DeliveryState.WAITING)
    assert (delivery.page_id, delivery.due_at, delivery.attempts) == (PAGE.id, NOW, 0)


def test_steps_go_round_and_then_the_last_one_repeats_under_new_ids() -> None:
    page, ids, steps = PAGE, [], []
    for _ in range(7):
        page, deliveries = begin(page, CONFIGURATION, NOW)
        steps.append((page.round, page.step))
        ids += [delivery.id for delivery in deliveries]
    assert steps == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 1), (3, 1), (4, 1)]
    assert len(set(ids)) == len(ids) == 2 + 5 * 3


def test_any_pager_makes_the_same_deliveries() -> None:
    _, one = begin(PAGE, CONFIGURATION, NOW)
    _, other = begin(PAGE, CONFIGURATION, NOW + timedelta(seconds=9))
    assert [delivery.id for delivery in one] == [delivery.id for delivery in other]
    assert one[0].id == delivery_id(PAGE.id, 0, 0, "nurse", "mail")


def test_a_rehearsal_goes_to_its_recipients_and_no_further() -> None:
    page, (delivery,) = begin(replace(PAGE, kind=PageKind.CANARY), CONFIGURATION, NOW)
    assert (delivery.contact, delivery.channel, page.next_step_at) == ("probe", "text", NEVER)


def test_a_notice_goes_the_way_of_a_crisis() -> None:
    _, (delivery,) = begin(replace(PAGE, kind=PageKind.NOTICE), CONFIGURATION, NOW)
    assert delivery.contact == "nurse"


def test_a_step_that_reaches_nobody_gives_way_soon_but_not_at_once() -> None:
    nobody = replace(CONFIGURATION, canary=None, contacts={**CONTACTS, "nurse": {}})
    page, deliveries = begin(PAGE, nobody, NOW)
    assert (deliveries, page.next_step_at) == ([], NOW + timedelta(seconds=1))


def test_the_policy_may_have_become_shorter_meanwhile() -> None:
    page, deliveries = begin(replace(PAGE, round=0, step=7), CONFIGURATION, NOW)
    assert (page.round, page.step) == (1, 0)
    assert deliveries


@pytest.mark.parametrize(("attempts", "whole"), [(0, 1), (1, 2), (2, 4), (3, 8), (4, 16), (5, 30), (500, 30)])
def test_the_pause_doubles_up_to_half_a_minute(attempts: int, whole: float) -> None:
    late = replace(DELIVERY, attempts=attempts, created_at=NOW - timedelta(hours=1))
    due_at, _ = after_failure(late, PageKind.CRISIS, NOW, None)
    assert whole * 0.75 <= (due_at - NOW).total_seconds() <= whole


def test_pauses_differ_so_that_not_everything_comes_back_at_once() -> None:
    pauses = {after_failure(DELIVERY, PageKind.CRISIS, NOW, None)[0] for _ in range(20)}
    assert len(pauses) > 10


def test_a_try_falls_on_the_end_of_the_first_minute_and_only_its_failure_hastens() -> None:
    at = NOW + timedelta(seconds=45)
    due_at, hasten_at = after_failure(replace(DELIVERY, attempts=5), PageKind.CRISIS, at, None)
    assert (due_at, hasten_at) == (NOW + timedelta(seconds=60), None)
    _, hasten_at = after_failure(replace(DELIVERY, attempts=6), PageKind.CRISIS, due_at, None)
    assert hasten_at == due_at


def test_a_server_that_wants_more_than_the_minute_hastens_at_its_end() -> None:
    due_at, hasten_at = after_failure(DELIVERY, PageKind.CRISIS, NOW, 300.0)
    assert (due_at, hasten_at) == (NOW + timedelta(seconds=300), NOW + timedelta(seconds=60))


def test_a_rehearsal_is_never_hastened() -> None:
    late = replace(DELIVERY, created_at=NOW - timedelta(hours=1))
    assert after_failure(late, PageKind.CANARY, NOW, 500.0)[1] is None


def test_ids_follow_from_the_event() -> None:
    event = uuid.uuid4()
    assert page_id(event) == page_id(event) != page_id(uuid.uuid4())
