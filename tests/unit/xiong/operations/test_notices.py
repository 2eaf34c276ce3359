"""Notices as records: once by key, redacted, counted, and tried ever more rarely until somebody gives up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from xiong.config.settings import Settings
from xiong.model.documents import to_document
from xiong.model.notice import NoticeState
from xiong.model.receipt import Outcome, Receipt
from xiong.operations import notices
from xiong.operations.notices import counts, deliver, list_notices, tell, waiting_since
from xiong.operations.rollout_notices import tell_of_rollouts
from xiong.platforms.onehost.records import FileRecords
from xiong.tools import notices as post

BEGUN = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Moment:
    """A clock that stands where a test puts it."""

    def __init__(self) -> None:
        self.at = BEGUN

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def clock():
    return Moment()


@pytest.fixture
def platform(tmp_path):
    return SimpleNamespace(name="local", records=FileRecords(tmp_path / "records"))


@pytest.fixture
def settings(tmp_path):
    file = tmp_path / "urls"
    file.write_text("# operators\n\njson://127.0.0.1:1/one\njson://127.0.0.1:1/two\njson://127.0.0.1:1/one\n")
    return Settings.model_validate({"notices": {"urls_file": file}})


@pytest.fixture
def sent(monkeypatch):
    """{address: texts that it was sent}; what is in `refusing` takes nothing."""
    made = SimpleNamespace(texts={}, refusing=set())

    async def send(address, title, body, *, timeout_seconds):
        where = address.reveal().rpartition("/")[2]
        made.texts.setdefault(where, []).append(title)
        return "it refused" if where in made.refusing else None

    monkeypatch.setattr(post, "send", send)
    return made


async def test_the_same_key_is_the_same_notice_and_is_sent_once(platform, settings, clock, sent):
    first = await tell(platform, settings, clock, "部署失敗", "deploy failed", "rollout 1")
    clock.at += timedelta(hours=1)
    second = await tell(platform, settings, clock, "another title", "another", "rollout 1")
    await deliver(platform, settings, clock, print)
    await deliver(platform, settings, clock, print)

    assert first == second
    assert sent.texts == {"one": ["部署失敗"], "two": ["部署失敗"]}
    (notice,) = await list_notices(platform.records)
    assert notice.state is NoticeState.SENT
    assert await counts(platform.records) == {"sent": 2, "failed": 0, "recorded": 0}
    assert await tell(platform, settings, clock, "x", "y", "rollout 1") == notice


async def test_without_addresses_a_notice_is_recorded_and_nobody_waits_for_it(platform, clock, sent):
    await tell(platform, Settings(), clock, "a", "b", "key")
    await deliver(platform, Settings(), clock, print)

    (notice,) = await list_notices(platform.records)
    assert notice.state is NoticeState.RECORDED
    assert sent.texts == {}
    assert await waiting_since(platform.records, clock.now()) is None
    assert await counts(platform.records) == {"sent": 0, "failed": 0, "recorded": 1}


async def test_personal_data_is_taken_out_and_the_copy_is_named(platform, settings, clock):
    notice = await tell(platform, settings, clock, "打 0912345678", "寫信給 wang@example.com", "key")

    assert "0912345678" not in notice.title
    assert "wang@example.com" not in notice.body
    assert "development, local, " in notice.body
    assert notice.id in notice.body


async def test_only_the_address_that_did_not_take_it_is_tried_again_ever_more_rarely(
    platform, settings, clock, sent
):
    sent.refusing = {"two"}
    await tell(platform, settings, clock, "a", "b", "key")
    tries = []
    for second in range(0, 600, 5):
        clock.at = BEGUN + timedelta(seconds=second)
        before = len(sent.texts.get("two", []))
        await deliver(platform, settings, clock, print)
        tries += [second] if len(sent.texts["two"]) > before else []

    assert tries == [0, 15, 45, 105, 225, 465]
    assert len(sent.texts["one"]) == 1
    assert await waiting_since(platform.records, clock.now()) == BEGUN
    assert await counts(platform.records) == {"sent": 1, "failed": 6, "recorded": 0}

    sent.refusing = set()
    clock.at += timedelta(hours=1)
    await deliver(platform, settings, clock, print)
    assert (await list_notices(platform.records))[0].state is NoticeState.SENT
    assert await waiting_since(platform.records, clock.now()) is None


async def test_a_notice_that_nobody_took_is_given_up_and_still_shows_for_a_while(
    platform, settings, clock, sent
):
    sent.refusing = {"one", "two"}
    await tell(platform, settings, clock, "a", "b", "key")
    clock.at += timedelta(hours=48, seconds=1)
    await deliver(platform, settings, clock, print)
    clock.at += timedelta(hours=1)
    await deliver(platform, settings, clock, print)

    (notice,) = await list_notices(platform.records)
    assert notice.state is NoticeState.GIVEN_UP
    assert [d.tries for d in notice.deliveries] == [1, 1]
    assert await waiting_since(platform.records, clock.now()) == BEGUN
    assert await waiting_since(platform.records, BEGUN + timedelta(days=5)) is None


async def test_a_file_that_holds_no_address_is_said_in_the_record_and_read_again_later(
    platform, settings, clock, sent
):
    file = settings.notices.urls_file
    addresses = file.read_text()
    file.write_text("# nobody yet\n")
    await tell(platform, settings, clock, "a", "b", "key")
    await deliver(platform, settings, clock, print)

    (notice,) = await list_notices(platform.records)
    assert notice.deliveries[0].address == "notices.urls_file"
    assert "holds no address" in notice.deliveries[0].error
    file.write_text(addresses)
    clock.at += timedelta(minutes=1)
    await deliver(platform, settings, clock, print)
    assert (await list_notices(platform.records))[0].state is NoticeState.SENT


async def test_an_address_that_was_taken_out_of_the_file_is_not_waited_for(platform, settings, clock, sent):
    sent.refusing = {"two"}
    await tell(platform, settings, clock, "a", "b", "key")
    await deliver(platform, settings, clock, print)
    settings.notices.urls_file.write_text("json://127.0.0.1:1/one\n")
    clock.at += timedelta(minutes=1)
    await deliver(platform, settings, clock, print)

    assert (await list_notices(platform.records))[0].state is NoticeState.SENT


async def test_a_disk_that_takes_no_record_of_a_try_lets_nothing_be_sent(platform, settings, clock, sent):
    await tell(platform, settings, clock, "a", "b", "key")

    async def full(*_):
        raise OSError(28, "No space left on device")

    platform.records.write = full
    with pytest.raises(OSError, match="No space left"):
        await deliver(platform, settings, clock, print)
    assert sent.texts == {}


async def test_old_notices_are_forgotten_and_waiting_ones_never(platform, settings, clock, sent, monkeypatch):
    monkeypatch.setattr(notices, "_KEPT", 2)
    sent.refusing = {"two"}
    await tell(platform, settings, clock, "waits", "b", "waits")
    await deliver(platform, settings, clock, print)
    for number in range(4):
        clock.at += timedelta(seconds=1)
        await tell(platform, Settings(), clock, f"{number}", "b", f"key {number}")
    await deliver(platform, settings, clock, print)

    assert [n.title for n in await list_notices(platform.records)] == ["3", "2", "waits"]


def a_receipt(number: int, outcome: Outcome, **changes) -> Receipt:
    receipt = Receipt(
        f"2026{number}",
        "deploy",
        "0.2.0-b",
        "0.1.0-a",
        outcome,
        "the gate refused it",
        "ops@host",
        BEGUN,
        BEGUN,
    )
    return replace(receipt, **changes)


async def test_a_failed_deploy_is_told_once_and_none_from_before_the_first_start(platform, settings, clock):
    old, good = a_receipt(1, Outcome.ROLLED_BACK), a_receipt(2, Outcome.COMMITTED)
    bad = a_receipt(3, Outcome.ROLLED_BACK)
    await tell_of_rollouts(platform, settings, clock, (old,))
    await tell_of_rollouts(platform, settings, clock, (old, good, bad))
    assert [n.key for n in await list_notices(platform.records)] == [f"rollout {bad.id}"]
    for found in await list_notices(platform.records):
        await platform.records.delete("notices", found.id)  # forgotten, as old ones are
    await tell_of_rollouts(platform, settings, clock, (old, good, bad))
    assert await list_notices(platform.records) == []

    drilled = a_receipt(6, Outcome.ROLLED_BACK, verb="drill")
    worse = a_receipt(4, Outcome.FAILED, previous=None, verb="up")
    undone = a_receipt(5, Outcome.INTERRUPTED_UNDONE, verb="rollback")
    await tell_of_rollouts(platform, settings, clock, (old, good, bad, worse, undone, drilled))
    told = {n.title: n.body for n in await list_notices(platform.records)}
    assert set(told) == {
        "雄i聊：啟動失敗 / up failed",
        "雄i聊：退回舊版中途被打斷 / rollback was interrupted",
    }
    assert "現在由 0.1.0-a 服務。" in told["雄i聊：退回舊版中途被打斷 / rollback was interrupted"]
    assert "no release serves" in told["雄i聊：啟動失敗 / up failed"]
    assert "xiong history" in told["雄i聊：啟動失敗 / up failed"]


async def test_a_first_start_without_any_history_tells_of_all_that_comes(platform, settings, clock):
    await tell_of_rollouts(platform, settings, clock, ())
    await tell_of_rollouts(platform, settings, clock, (a_receipt(1, Outcome.ROLLED_BACK),))

    (notice,) = await list_notices(platform.records)
    assert notice.title == "雄i聊：部署沒有通過 / deploy was refused"
    assert "部署 0.2.0-b 沒有通過。現在由 0.1.0-a 服務。" in notice.body
    assert "原因：the gate refused it" in notice.body


def test_an_address_is_named_by_its_kind_and_by_nothing_that_is_secret(settings):
    one, two = post.read_addresses(settings.notices.urls_file)

    assert post.label(one) != post.label(two)
    assert post.label(one).startswith("json ")
    assert len(post.label(one)) == len("json ") + 8
    assert to_document(post.label(one)) == post.label(post.Secret("json://127.0.0.1:1/one"))
    assert post.label(post.Secret("小小")).startswith("address ")
