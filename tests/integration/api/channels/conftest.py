"""Real servers that receive pages, channels that send to them, and a look at what an error gives away."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import traceback
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime

import pytest
import uvloop

from api.pager.channels.base import Channel, ChannelError, Notice
from api.pager.channels.build import build_channels
from api.pager.channels.settings import ChannelSettings, LineSettings, SlackSettings, WebhookSettings
from api.pages.model import PageKind
from api.risk.model import Level
from recipients import WORDS, Hookbox, Mailbox, hookbox, mailbox

# where the server answers: a busy machine must not look like a slow server
PATIENT_S = 10.0
# where it does not, and the test waits for just that
QUICK_S = 0.5
LINK = "https://xiong.example.invalid/pages/link-with-a-signature"
KINDS = ("webhook", "slack", "line")
SLACK_SECRET = "T00/B00/slack-secret"
LINE_USER = "U00000000000000000000000000000007"

Open = Callable[..., Channel]


def a_notice(**changes: object) -> Notice:
    """A page that nobody sent yet."""
    made = Notice(
        delivery_id=uuid.uuid4(),
        page_id=uuid.uuid4(),
        kind=PageKind.CRISIS,
        level=Level.IMMINENT,
        opened_at=datetime(2026, 11, 24, 16, 5, 9, tzinfo=UTC),
        events=3,
        step=1,
        link=LINK,
    )
    return dataclasses.replace(made, **changes)


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The pager runs on uvloop, whose connections and errors are its own."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="module")
def _mail_server() -> Iterator[Mailbox]:
    with mailbox("starttls") as box:
        yield box


@pytest.fixture(scope="module")
def _https_server() -> Iterator[Hookbox]:
    with hookbox() as box:
        yield box


@pytest.fixture
def mail(_mail_server: Mailbox) -> Iterator[Mailbox]:
    """The mail server of this file's tests, empty and well; it comes back well from whatever a test does."""
    yield from _well(_mail_server)


@pytest.fixture
def hooks(_https_server: Hookbox) -> Iterator[Hookbox]:
    """The HTTPS server, likewise."""
    yield from _well(_https_server)


def _well(box):
    box.forget()
    yield box
    box.stop()
    box.certificate = "good"
    box.secret_file.write_text(box.secret + "\n")
    box.start()


@pytest.fixture
async def opened() -> AsyncIterator[Open]:
    """Makes a channel from its settings, and closes it afterwards."""
    made: list[Channel] = []

    def make(settings: ChannelSettings, deadline_s: float = PATIENT_S) -> Channel:
        made.append(build_channels({"it": settings}, deadline_s)["it"])
        return made[-1]

    yield make
    for channel in made:
        await channel.aclose()


@pytest.fixture
def failure(caplog: pytest.LogCaptureFixture) -> Callable[..., object]:
    """Sends, expects a ChannelError, and proves that neither it nor a log line gives anything away."""
    caplog.set_level(logging.DEBUG)

    async def send(
        channel: Channel, address: str, *secrets: str, notice: Notice | None = None
    ) -> ChannelError:
        with pytest.raises(ChannelError) as caught:
            await channel.send(notice or a_notice(), address)
        error = caught.value
        assert error.__cause__ is None
        assert error.__context__ is None
        said = "".join(traceback.format_exception(error)) + repr(error) + repr(error.args) + caplog.text
        for hidden in (address, address.rpartition("/")[2], "example.invalid", WORDS, LINK, *secrets):
            assert hidden not in said
        return error

    return send


def settings_of(kind, hooks):
    if kind == "webhook":
        return WebhookSettings(hooks.secret_file, hooks.ca_file)
    if kind == "slack":
        return SlackSettings(hooks.ca_file)
    return LineSettings(hooks.secret_file, hooks.url, hooks.ca_file)


def address_of(kind, hooks):
    places = {"webhook": "/hook/nurse-a", "slack": f"/services/{SLACK_SECRET}"}
    return LINE_USER if kind == "line" else hooks.url + places[kind]


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def address(kind, hooks):
    return address_of(kind, hooks)


@pytest.fixture
def channel(kind, hooks, opened):
    return opened(settings_of(kind, hooks), PATIENT_S)


@pytest.fixture
def quick(kind, hooks, opened):
    return opened(settings_of(kind, hooks), QUICK_S)


@pytest.fixture
def fails(hooks, failure, address):
    async def send(channel, **options):
        return await failure(channel, address, hooks.secret, hooks.secret[6:], SLACK_SECRET, **options)

    return send
