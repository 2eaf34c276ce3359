"""Webhook, Slack and LINE to a real HTTPS server, in every way that such a server fails."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from integration.api.channels.conftest import LINE_USER, PATIENT_S, QUICK_S, a_notice, address_of, settings_of
from recipients import WORDS
from servers import eventually


async def test_a_page_is_taken_by_a_receiver_that_verifies_it(hooks, channel, address):
    notice = a_notice()

    await channel.send(notice, address)

    (request,) = hooks.requests()
    assert request["accepted"]
    assert str(notice.delivery_id) in str(request)
    assert notice.link in str(request["body"])


async def test_a_webhook_is_signed_and_its_id_is_that_of_the_delivery(hooks, opened):
    notice = a_notice()

    await opened(settings_of("webhook", hooks)).send(notice, address_of("webhook", hooks))

    (request,) = hooks.requests("/hook")
    assert request["headers"]["webhook-id"] == str(notice.delivery_id)
    assert request["status"] == 204


async def test_a_webhook_is_signed_with_both_secrets_while_one_replaces_the_other(hooks, opened):
    hooks.secret_file.write_text("whsec_bmV3LXNlY3JldC1uZXctc2VjcmV0\n" + hooks.secret)

    await opened(settings_of("webhook", hooks)).send(a_notice(), address_of("webhook", hooks))

    (request,) = hooks.requests("/hook")
    assert request["accepted"]
    assert len(request["headers"]["webhook-signature"].split()) == 2


async def test_line_gets_token_and_retry_key_and_a_repeated_key_is_a_success(hooks, opened):
    notice, channel = a_notice(), opened(settings_of("line", hooks))

    await channel.send(notice, LINE_USER)
    await channel.send(notice, LINE_USER)

    first, second = hooks.requests("/v2/bot/message/push")
    assert first["headers"]["x-line-retry-key"] == str(notice.delivery_id)
    assert first["body"]["to"] == LINE_USER
    assert (first["status"], second["status"]) == (200, 409)


async def test_a_conflict_is_a_failure_for_those_who_know_no_retry_key(hooks, opened, failure):
    hooks.will("status", status=409)
    for kind in ("webhook", "slack"):
        error = await failure(opened(settings_of(kind, hooks)), address_of(kind, hooks))
        assert error.reason == "rejected"


async def test_many_pages_share_few_connections(hooks, channel, address):
    for _ in range(3):
        await channel.send(a_notice(), address)
    await asyncio.gather(*(channel.send(a_notice(), address) for _ in range(60)))

    assert len([request for request in hooks.requests() if request["accepted"]]) == 63
    assert len(hooks.events("connected")) < 63 / 2


async def test_a_server_that_is_away_refuses_and_gets_the_page_when_it_is_back(
    hooks, channel, address, fails
):
    hooks.stop()
    assert (await fails(channel)).reason == "refused"
    hooks.start()

    await channel.send(a_notice(), address)

    assert len(hooks.requests()) == 1


async def test_a_connection_kept_over_a_kill_of_the_server_hurts_one_try_at_most(hooks, channel, address):
    await channel.send(a_notice(), address)
    hooks.kill()
    hooks.start()

    await channel.send(a_notice(), address)

    assert len(hooks.requests()) == 2


async def test_a_server_that_stalls_costs_the_deadline_and_no_more(hooks, quick, fails):
    hooks.will("stall")
    start = time.monotonic()

    assert (await fails(quick)).reason == "timeout"

    assert QUICK_S <= time.monotonic() - start < QUICK_S + 2


async def test_a_frozen_server_costs_the_deadline(hooks, quick, fails):
    hooks.freeze()

    assert (await fails(quick)).reason == "timeout"


async def test_a_cut_after_the_request_is_a_failure_and_the_next_try_carries_the_same_id(
    hooks, channel, address, fails
):
    notice = a_notice()
    hooks.will("cut", times=1)

    assert (await fails(channel, notice=notice)).reason == "broken"
    await channel.send(notice, address)

    assert [str(notice.delivery_id) in str(request) for request in hooks.requests()] == [True, True]


async def test_a_kill_after_the_request_is_a_failure(hooks, channel, fails):
    hooks.will("stall", times=1)
    trying = asyncio.create_task(fails(channel))

    async def taken():
        return hooks.requests()

    await eventually(taken, "the request is taken")
    hooks.kill()

    assert (await trying).reason == "broken"


async def test_a_connection_cut_at_once_is_a_failure(hooks, channel, fails):
    hooks.will("hang_up")

    assert (await fails(channel)).reason == "broken"


async def test_a_slow_server_that_ends_in_time_is_a_success(hooks, channel, address):
    hooks.will("slow", seconds=0.7)

    await channel.send(a_notice(), address)

    assert len(hooks.requests()) == 1


@pytest.mark.parametrize("behaviour", ["endless", "stall_body"])
async def test_a_success_stays_one_whatever_its_body_does(hooks, channel, address, behaviour):
    hooks.will(behaviour)
    start = time.monotonic()

    await channel.send(a_notice(), address)

    assert time.monotonic() - start < PATIENT_S / 2


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (400, "rejected"),
        (401, "authentication"),
        (403, "authentication"),
        (404, "rejected"),
        (410, "rejected"),
        (429, "throttled"),
        (500, "broken"),
        (503, "broken"),
    ],
)
async def test_a_refusal_is_told_by_its_status_and_the_next_page_is_not_hurt(
    hooks, channel, address, fails, status, reason
):
    hooks.will("status", times=1, status=status, body=WORDS)

    error = await fails(channel)
    await channel.send(a_notice(), address)

    assert error.reason == reason
    assert error.retry_after is None
    assert len(hooks.requests()) == 2


@pytest.mark.parametrize("status", [429, 503])
async def test_the_time_that_a_server_asks_for_is_handed_on(hooks, channel, fails, status):
    hooks.will("status", times=1, status=status, headers={"Retry-After": "17"})
    assert (await fails(channel)).retry_after == 17.0

    later = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    hooks.will("status", times=1, status=status, headers={"Retry-After": later})
    error = await fails(channel)

    assert error.reason == "throttled"
    assert 40 < error.retry_after <= 60


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(hooks, channel, fails, status):
    hooks.will("status", times=1, status=status, headers={"Location": f"{hooks.url}/elsewhere"})

    assert (await fails(channel)).reason == "rejected"
    assert hooks.requests("/elsewhere") == []


async def test_a_cancelled_try_leaves_the_channel_usable(hooks, channel, address):
    hooks.will("stall", times=1)
    trying = asyncio.create_task(channel.send(a_notice(), address))

    async def taken():
        return hooks.requests()

    await eventually(taken, "the request is taken")
    trying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await trying
    await channel.send(a_notice(), address)

    assert len(hooks.requests()) == 2
