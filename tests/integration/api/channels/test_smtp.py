"""Mail to a real server, in every way that a mail server fails."""

from __future__ import annotations

import asyncio
import time

import pytest

from api.pager.channels.settings import SmtpSettings
from integration.api.channels.conftest import PATIENT_S, QUICK_S, a_notice
from recipients import HOST, USER, WORDS, Mailbox, mailbox
from servers import eventually, wait_until

TO = "nurse-a@example.invalid"


def settings_of(box: Mailbox) -> SmtpSettings:
    secure = box.security != "none"
    return SmtpSettings(
        host=HOST,
        port=box.port,
        security=box.security,
        sender="xiong@example.invalid",
        user=USER if secure else None,
        password_file=box.secret_file if secure else None,
        ca_file=box.ca_file if secure else None,
    )


@pytest.fixture
def channel(mail, opened):
    return opened(settings_of(mail), PATIENT_S)


@pytest.fixture
def quick(mail, opened):
    return opened(settings_of(mail), QUICK_S)


@pytest.fixture
def fails(mail, failure):
    async def send(channel, **options):
        return await failure(channel, TO, mail.secret, USER + "@", **options)

    return send


async def test_a_mail_arrives_with_its_ids_over_tls_from_a_sender_who_logged_in(mail, channel):
    notice = a_notice()

    await channel.send(notice, TO)

    (arrived,) = mail.mails()
    assert arrived.message_id == f"<{notice.delivery_id}@example.invalid>"
    assert arrived.page_id == str(notice.page_id)
    assert arrived.to == (TO,)
    assert arrived.authenticated
    assert arrived.subject.startswith("【立即危險】")
    assert notice.link in arrived.text


@pytest.mark.parametrize("security", ["tls", "none"])
async def test_a_mail_arrives_by_the_other_ways_of_connecting_too(security, opened):
    with mailbox(security) as box:
        await opened(settings_of(box)).send(a_notice(), TO)

        (arrived,) = box.mails()
        assert arrived.authenticated == (security == "tls")


async def test_a_server_that_offers_no_tls_gets_neither_password_nor_mail(opened, failure):
    with mailbox("none") as box:
        settings = settings_of(box)
        told = SmtpSettings(HOST, box.port, "starttls", settings.sender, USER, box.secret_file, box.ca_file)
        error = await failure(opened(told), TO, box.secret)

        assert error.reason == "broken"
        assert box.mails() == []


async def test_these_tests_run_on_the_loop_that_the_pager_runs_on():
    assert type(asyncio.get_running_loop()).__module__.startswith("uvloop")


async def test_many_mails_share_few_connections(mail, channel):
    for _ in range(5):
        await channel.send(a_notice(), TO)
    await asyncio.gather(*(channel.send(a_notice(), TO) for _ in range(60)))

    assert len({arrived.message_id for arrived in mail.mails()}) == 65
    assert len(mail.events("connected")) < 65 / 2


async def test_a_server_that_is_away_refuses_and_gets_the_mail_when_it_is_back(mail, channel, fails):
    mail.stop()
    assert (await fails(channel)).reason == "refused"
    mail.start()

    await channel.send(a_notice(), TO)

    assert len(mail.mails()) == 1


async def test_a_connection_kept_over_a_kill_of_the_server_fails_no_mail(mail, channel):
    await channel.send(a_notice(), TO)
    mail.kill()
    mail.start()

    await channel.send(a_notice(), TO)

    assert len(mail.mails()) == 2


@pytest.mark.parametrize("kind", ["silent", "stall"])
async def test_a_server_that_stalls_costs_the_deadline_and_no_more(mail, quick, fails, kind):
    mail.will(kind)
    start = time.monotonic()

    assert (await fails(quick)).reason == "timeout"

    assert QUICK_S <= time.monotonic() - start < QUICK_S + 2


async def test_a_frozen_server_costs_the_deadline_and_the_kept_connection_with_it(
    mail, channel, opened, fails
):
    quick = opened(settings_of(mail), 2.0)
    await quick.send(a_notice(), TO)
    mail.freeze()
    assert (await fails(quick)).reason == "timeout"
    mail.thaw()

    await channel.send(a_notice(), TO)

    assert len([arrived for arrived in mail.mails() if arrived.outcome == "accepted"]) >= 2


async def test_a_cut_after_the_data_is_a_failure_and_the_next_try_carries_the_same_id(mail, channel, fails):
    notice = a_notice()
    mail.will("cut", times=1)

    assert (await fails(channel, notice=notice)).reason == "broken"
    await channel.send(notice, TO)

    assert [arrived.outcome for arrived in mail.mails()] == ["cut", "accepted"]
    assert len({arrived.message_id for arrived in mail.mails()}) == 1


async def test_a_kill_after_the_data_is_a_failure_and_the_next_try_carries_the_same_id(mail, channel, fails):
    notice = a_notice()
    mail.will("stall", times=1)
    trying = asyncio.create_task(fails(channel, notice=notice))

    async def taken():
        return mail.mails()

    await eventually(taken, "the mail is taken")
    mail.kill()
    assert (await trying).reason == "broken"
    mail.start()
    mail.will("accept")
    await channel.send(notice, TO)

    assert [arrived.outcome for arrived in mail.mails()] == ["stalled", "accepted"]
    assert len({arrived.message_id for arrived in mail.mails()}) == 1


async def test_a_connection_cut_at_once_is_a_failure(mail, channel, fails):
    mail.will("hang_up")

    assert (await fails(channel)).reason == "broken"


async def test_a_slow_server_that_ends_in_time_is_a_success(mail, channel):
    mail.will("slow", seconds=0.7)

    await channel.send(a_notice(), TO)

    assert len(mail.mails()) == 1


@pytest.mark.parametrize(
    ("behaviour", "code", "reason"),
    [
        ("recipient", 450, "throttled"),
        ("recipient", 550, "rejected"),
        ("data", 451, "throttled"),
        ("data", 554, "rejected"),
        ("data", 999, "broken"),
    ],
)
async def test_a_refusal_is_told_by_its_code_and_the_next_mail_is_not_hurt(
    mail, channel, fails, behaviour, code, reason
):
    mail.will(behaviour, times=1, code=code, text=WORDS)

    error = await fails(channel)
    await channel.send(a_notice(), TO)

    assert error.reason == reason
    assert len(mail.events("refused")) == 1
    assert len(mail.mails()) == 1


async def test_a_server_that_is_too_busy_to_greet_wants_us_later(mail, channel, fails):
    mail.will("busy")

    assert (await fails(channel)).reason == "throttled"


@pytest.mark.parametrize("certificate", ["expired", "wrong_name", "stranger"])
async def test_a_bad_certificate_gets_neither_password_nor_mail(mail, channel, fails, certificate):
    mail.stop()
    mail.certificate = certificate
    mail.start()

    assert (await fails(channel)).reason == "certificate"
    assert mail.mails() == []


@pytest.mark.parametrize("certificate", ["expired", "wrong_name", "stranger"])
async def test_a_bad_certificate_is_seen_from_the_first_byte_too(opened, failure, certificate):
    with mailbox("tls") as box:
        box.stop()
        box.certificate = certificate
        box.start()
        error = await failure(opened(settings_of(box)), TO, box.secret)

        assert error.reason == "certificate"


async def test_a_wrong_password_is_told_and_a_renewed_one_is_used_at_once(mail, channel, fails):
    mail.secret_file.write_text("not-the-password")
    error = await fails(channel)
    assert error.reason == "authentication"

    mail.secret_file.write_text(mail.secret)
    await channel.send(a_notice(), TO)

    assert len(mail.mails()) == 1


async def test_a_password_that_cannot_be_sent_is_not_shown_either(mail, channel, failure):
    mail.secret_file.write_text("密碼\x00hidden")

    error = await failure(channel, TO, "密碼", "hidden")

    assert error.reason in ("authentication", "broken")


async def test_a_missing_password_file_is_a_failed_try_and_no_crash(mail, channel, fails):
    mail.secret_file.unlink()

    assert (await fails(channel)).reason == "authentication"


async def test_an_address_from_a_file_is_used_and_a_wrong_one_is_not_shown(mail, channel, failure, tmp_path):
    path = tmp_path / "where-she-is"
    path.write_text(TO + "\n")
    await channel.send(a_notice(), f"file:{path}")
    assert mail.mails()[0].to == (TO,)

    path.write_text("nobody in particular")
    error = await failure(channel, f"file:{path}", "nobody")
    assert error.reason == "unreachable"


async def test_a_cancelled_try_leaves_the_channel_usable(mail, channel):
    mail.will("stall", times=1)
    trying = asyncio.create_task(channel.send(a_notice(), TO))

    async def taken():
        return mail.mails()

    await eventually(taken, "the mail is taken")
    trying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await trying
    await channel.send(a_notice(), TO)

    assert [arrived.outcome for arrived in mail.mails()] == ["stalled", "accepted"]


def test_the_port_stays_ours_while_the_server_is_away_and_what_it_received_stays_too(mail):
    mail.kill()
    mail.start()

    wait_until(lambda: len(mail.events("listening")) >= 1, "it listens again")
