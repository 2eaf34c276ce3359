"""Whom the HTTPS channels trust, and what becomes of secrets that are wrong, missing or renewed."""

from __future__ import annotations

import pytest

from api.pager.channels.settings import SlackSettings
from integration.api.channels.conftest import SLACK_SECRET, a_notice, address_of


@pytest.mark.parametrize("certificate", ["expired", "wrong_name", "stranger"])
async def test_a_bad_certificate_gets_no_page(hooks, channel, fails, certificate):
    hooks.stop()
    hooks.certificate = certificate
    hooks.start()

    assert (await fails(channel)).reason == "certificate"
    assert hooks.requests() == []


async def test_an_authority_that_is_not_ours_is_not_trusted_without_ca_file(hooks, opened, failure):
    error = await failure(opened(SlackSettings()), address_of("slack", hooks), SLACK_SECRET)

    assert error.reason == "certificate"


async def test_an_authority_file_that_comes_later_is_used_from_then_on(hooks, opened, failure, tmp_path):
    channel, address = opened(SlackSettings(tmp_path / "ca.pem")), address_of("slack", hooks)
    assert (await failure(channel, address, SLACK_SECRET)).reason == "certificate"
    (tmp_path / "ca.pem").write_bytes(hooks.ca_file.read_bytes())
    await channel.send(a_notice(), address)
    (tmp_path / "new.pem").write_bytes((hooks.folder / "stranger.pem").read_bytes())
    (tmp_path / "new.pem").rename(tmp_path / "ca.pem")

    assert (await failure(channel, address, SLACK_SECRET)).reason == "certificate"


@pytest.mark.parametrize("kind", ["webhook", "line"], indirect=True)
async def test_a_wrong_secret_is_told_and_a_renewed_one_is_used_at_once(hooks, channel, address, fails):
    hooks.secret_file.write_text("whsec_bm90LXRoZS1zZWNyZXQtbm90LXRoZS1zZWNyZXQ=")
    assert (await fails(channel)).reason == "authentication"

    hooks.secret_file.write_text(hooks.secret)
    await channel.send(a_notice(), address)

    assert hooks.requests()[-1]["accepted"]


@pytest.mark.parametrize("kind", ["webhook", "line"], indirect=True)
@pytest.mark.parametrize("secret", ["whsec_%%%", "密碼", "a\r\nx-injected: 1", "whsec_"])
async def test_a_secret_that_cannot_be_used_is_a_failed_try_and_is_not_shown(
    hooks, channel, address, failure, secret
):
    hooks.secret_file.write_text(secret)

    error = await failure(
        channel, address, *[part for part in secret.split() if len(part) > 6 or part == "密碼"]
    )

    assert error.reason in ("authentication", "broken")
    assert not any("x-injected" in request["headers"] for request in hooks.requests())


@pytest.mark.parametrize("kind", ["webhook", "line"], indirect=True)
async def test_a_missing_secret_file_is_a_failed_try_and_no_crash(hooks, channel, fails):
    hooks.secret_file.unlink()

    assert (await fails(channel)).reason == "authentication"
