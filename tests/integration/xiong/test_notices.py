"""Notices through Apprise to a real mail server and a real HTTPS server, whatever happens on the way."""

import asyncio
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from recipients import hookbox, mailbox
from xiong.config.secrets import Secret
from xiong.config.settings import Settings
from xiong.daemon.notices import notices_step
from xiong.daemon.observation import Observation
from xiong.errors import ConfigurationError
from xiong.model.notice import NoticeState
from xiong.operations.notice_trial import try_addresses
from xiong.operations.notices import deliver, list_notices, tell
from xiong.platforms.onehost.records import FileRecords
from xiong.tools import notices as post
from xiong.tools.clock import SystemClock, wait_for

pytestmark = pytest.mark.long

TOLD = """
import asyncio, signal, sys
from pathlib import Path
from types import SimpleNamespace
from xiong.config.settings import Settings
from xiong.operations.notices import tell
from xiong.platforms.onehost.records import FileRecords
from xiong.tools.clock import SystemClock
platform = SimpleNamespace(name="local", records=FileRecords(Path(sys.argv[1])))
settings = Settings.model_validate({"notices": {"urls_file": sys.argv[2]}})
asyncio.run(tell(platform, settings, SystemClock(), "部署失敗", "deploy failed", "rollout 1"))
print("told", flush=True)
signal.pause()
"""


class Later(SystemClock):
    """A clock that is ahead, so that what is to be tried later is due."""

    def now(self):
        return super().now() + timedelta(hours=1)


@pytest.fixture(scope="module")
def web():
    with hookbox() as box:
        yield box


@pytest.fixture(scope="module")
def mail():
    with mailbox("none") as box:
        yield box


@pytest.fixture
def here(tmp_path, web, mail, monkeypatch):
    """A copy's records and settings, with one address of each kind."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(web.ca_file))
    web.forget()
    mail.forget()
    file = tmp_path / "urls"
    addresses = (
        f"jsons://someone:a-password@127.0.0.1:{web.port}/a-secret-path",
        f"mailto://127.0.0.1:{mail.port}?from=xiong@example.invalid&to=ops@example.invalid&mode=insecure",
    )
    file.write_text("\n".join(addresses))
    return SimpleNamespace(
        platform=SimpleNamespace(name="local", records=FileRecords(tmp_path / "records")),
        settings=Settings.model_validate({"notices": {"urls_file": file, "timeout_seconds": 10}}),
        file=file,
        told=[],
    )


def killed_once_it_told(records: Path, addresses: Path) -> None:
    argv = [sys.executable, "-c", TOLD, str(records), str(addresses)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"told\n"
        process.send_signal(signal.SIGKILL)


async def carry(here, clock=None) -> None:
    await deliver(here.platform, here.settings, clock or SystemClock(), here.told.append)


async def said(here, title="部署失敗", key="rollout 1"):
    return await tell(here.platform, here.settings, SystemClock(), title, "deploy failed\nxiong history", key)


async def test_a_notice_arrives_by_mail_and_by_web_as_it_was_told(here, web, mail):
    notice = await said(here)
    await carry(here)

    (request,) = web.requests()
    assert request["body"]["title"] == "部署失敗"
    assert notice.id in request["body"]["message"]
    (received,) = mail.mails()
    assert received.subject == "部署失敗"
    assert received.to == ("ops@example.invalid",)
    assert "xiong history" in received.text
    assert (await list_notices(here.platform.records))[0].state is NoticeState.SENT


async def test_a_receiver_that_is_away_gets_it_later_and_the_others_get_it_once(here, web, mail):
    web.stop()
    try:
        await said(here)
        await carry(here)
        await carry(here)  # not due yet
        assert len(mail.mails()) == 1
        (notice,) = await list_notices(here.platform.records)
        assert notice.state is NoticeState.WAITING
        assert [(d.tries, bool(d.sent_at)) for d in sorted(notice.deliveries, key=lambda d: d.address)] == [
            (1, False),
            (1, True),
        ]
    finally:
        web.start()
    await carry(here, Later())
    await carry(here, Later())

    assert len(web.requests()) == len(mail.mails()) == 1
    assert (await list_notices(here.platform.records))[0].state is NoticeState.SENT


async def test_what_a_killed_process_had_recorded_is_sent_exactly_once(here, web, mail, tmp_path):
    await asyncio.to_thread(killed_once_it_told, tmp_path / "records", here.file)
    assert web.requests() == []
    await carry(here)
    await carry(here, Later())

    assert len(web.requests()) == len(mail.mails()) == 1
    assert (await list_notices(here.platform.records))[0].title == "部署失敗"


@pytest.mark.parametrize("behaviour", ["stall", "endless", "stall_body"])
async def test_a_receiver_that_never_ends_is_given_up_and_no_process_is_left(here, web, behaviour):
    web.will(behaviour)
    address = post.read_addresses(here.file)[0]

    assert await post.send(address, "a", "b", timeout_seconds=4) in {
        "no answer within 4 s",
        "it was not reached, or it refused",
    }

    async def gone() -> bool:
        found = [p for p in Path("/proc").iterdir() if p.name.isdigit()]
        return not any(_of_ours(p) for p in found)

    await wait_for(gone, what="the process that sent is gone", seconds=10, clock=SystemClock())


def _of_ours(process: Path) -> bool:
    """A sender that this test started."""
    try:
        words = (process / "cmdline").read_bytes()
        parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
    except OSError:
        return False
    return b"xiong.tools.notice_sender" in words and parent == str(os.getpid())


async def test_a_refusal_is_told_without_the_address_or_the_words_of_the_other_side(here, web, mail, capfd):
    web.will("status", status=500, body="a-password is wrong")
    mail.will("data", code=550, text="no such person nobody@example.invalid")
    await said(here)
    await carry(here)

    (notice,) = await list_notices(here.platform.records)
    assert {d.error for d in notice.deliveries} == {"it was not reached, or it refused"}
    kept = "".join(file.read_text() for file in (here.file.parent / "records").rglob("*.json"))
    printed = "".join(capfd.readouterr())
    for secret in ("a-password", "someone", "a-secret-path", "ops@example.invalid", "nobody@"):
        assert secret not in kept + printed + "".join(here.told), secret
    assert any(line.startswith(f"notice {notice.id} not taken by jsons ") for line in here.told)


async def test_an_address_that_is_none_is_said(here):
    assert await post.send(Secret("what is this"), "a", "b", timeout_seconds=20) == (
        "it is no address that Apprise knows"
    )


async def test_a_trial_says_which_address_took_it(here, web, mail):
    web.will("status", status=403)
    made = await try_addresses(here.platform, here.settings)

    assert not made.ok
    assert [(one.address.split()[0], one.taken) for one in made.addresses] == [
        ("jsons", False),
        ("mailto", True),
    ]
    assert mail.mails()[0].subject == "雄i聊：通知測試 / test of notices"
    assert await list_notices(here.platform.records) == []
    with pytest.raises(ConfigurationError, match=r"notices\.urls_file is not set"):
        await try_addresses(here.platform, Settings())


async def test_the_step_of_the_daemon_sends_beside_the_cycle(here, web, mail):
    web.will("slow", seconds=3)
    step = notices_step(here.platform, here.settings, SystemClock(), here.told.append)
    await said(here)
    begun = asyncio.get_running_loop().time()
    await step(Observation(SystemClock().now()))
    await step(Observation(SystemClock().now()))
    assert asyncio.get_running_loop().time() - begun < 3, "it waited for the receiver"

    async def sent() -> bool:
        return (await list_notices(here.platform.records))[0].state is NoticeState.SENT

    await wait_for(sent, what="the notice sent", seconds=30, clock=SystemClock())
    assert len(web.requests()) == len(mail.mails()) == 1
