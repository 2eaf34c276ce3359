"""Data comes back: to the second before a mistake, after a folder is gone, after a `kill -9` anywhere."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from copies import Copy, finished, open_folder
from servers import wait_until
from xiong.operations.restore import journal
from xiong.operations.restore.journal import Step

pytestmark = pytest.mark.long
TABLES = ("messages", "conversations", "risk_events")


@pytest.fixture(scope="module")
def copy() -> Iterator[Copy]:
    made = Copy(open_folder(), XIONG_WATCH__ENABLED="true", XIONG_WATCH__CYCLE_SECONDS="1")
    try:
        made.up()
        talk(made, "before-the-set")
        made.xiong("backup", "create")
        yield made
    finally:
        made.remove()


def talk(copy: Copy, person: str, count: int = 3) -> None:
    """Messages that are stored."""
    token = (copy.state / "secrets" / "operator-token").read_text()
    headers = {"Authorization": f"Bearer {token}"}
    for number in range(count):
        body = {"person": person, "message": f"你好 {number}"}
        answer = httpx.post(
            f"{copy.url}/api/v1/chat", json=body, headers=headers, timeout=30, trust_env=False
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["stored"]


def rows(copy: Copy) -> dict[str, int]:
    """Of each table that matters."""
    return {name: int(copy.sql(f"SELECT count(*) FROM {name};")[0]) for name in TABLES}


def at_rest(copy: Copy) -> None:
    """Well, and nobody is at work: after a restore `watch` makes a full backup."""

    def seen() -> bool:
        found = copy.xiong("status", expect=None)
        return found.exit_code == 0 and found.json["lease"] is None

    wait_until(seen, "well and at rest", 90)


def restored(copy: Copy, *words: str) -> dict:
    at_rest(copy)
    result = copy.xiong("restore", *words, timeout=200).json
    at_rest(copy)
    return result


def test_all_rows_are_back_as_they_were_the_second_before_they_were_deleted(copy: Copy):
    talk(copy, "before-the-mistake")
    before = rows(copy)
    time_before = datetime.now(UTC)
    wait_until(lambda: datetime.now(UTC).timestamp() - time_before.timestamp() > 1, "a second later")
    copy.sql("TRUNCATE messages, conversations, risk_events CASCADE;")
    assert rows(copy)["messages"] == 0

    done = restored(copy, "--at", time_before.isoformat(), "--yes-restore", "newest")

    assert rows(copy) == before
    assert done["gated_seconds"] > 0
    assert next(iter(done["kept"])).startswith("postgres in ")
    talk(copy, "afterwards")


def test_what_was_replaced_is_put_back_and_then_confirmed(copy: Copy):
    talk(copy, "before-the-undo")
    before = rows(copy)
    first = copy.xiong("restore", "--dry-run", "--at", datetime.now(UTC).isoformat()).json["chain"][0]
    restored(copy, first, "--yes-restore", first)
    assert rows(copy) != before

    copy.xiong("restore", "--undo")
    at_rest(copy)
    assert rows(copy) == before

    gone = copy.xiong("restore", "--confirm").json
    assert gone["done"] == "deleted"
    assert gone["data"]
    assert copy.xiong("restore", "--confirm").json["data"] == []


def test_closed_the_proxy_answers_503_with_the_hotlines(copy: Copy):
    at_rest(copy)
    finished(copy.platform().stores.gate(closed=True))
    try:
        answer = httpx.get(f"{copy.url}/api/v1/healthz", timeout=30, trust_env=False)
    finally:
        finished(copy.platform().stores.gate(closed=False))

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "1925" in answer.text
    talk(copy, "after-the-gate")


def test_what_is_said_while_data_is_exchanged_is_answered_or_told_to_come_again(copy: Copy):
    at_rest(copy)
    restoring = copy.begin("restore", "newest", "--yes-restore", "newest")
    seen: list[httpx.Response] = []
    while restoring.poll() is None:
        seen.append(httpx.get(f"{copy.url}/api/v1/healthz", timeout=30, trust_env=False))
    out, err = restoring.communicate()

    assert restoring.returncode == 0, err
    assert json.loads(out)["rows"] > 0
    assert {answer.status_code for answer in seen} <= {200, 503}
    assert all(answer.headers.get("Retry-After") for answer in seen if answer.status_code == 503)


@pytest.mark.parametrize("step", list(Step))
def test_a_restore_that_is_killed_leaves_the_old_or_the_new_serving(copy: Copy, step: Step):
    at_rest(copy)
    talk(copy, f"before-{step}")
    before = rows(copy)
    records = copy.platform().records

    restoring = copy.begin("restore", "newest", "--yes-restore", "newest")

    def reached() -> bool:
        found = finished(journal.read(records))
        return (found is not None and list(Step).index(found.step) >= list(Step).index(step)) or (
            restoring.poll() is not None
        )

    wait_until(reached, f"the step {step}", 120)
    restoring.send_signal(signal.SIGKILL)
    restoring.communicate()

    wait_until(lambda: finished(journal.read(records)) is None, "watch has ended it", 90)
    at_rest(copy)
    assert rows(copy) == before
    talk(copy, f"after-{step}")
    copy.xiong("restore", "--confirm", expect=None)


def test_after_its_data_folder_is_gone_the_newest_commit_that_was_received_is_back(copy: Copy):
    at_rest(copy)
    talk(copy, "before-the-fire", 5)
    before = rows(copy)
    os.kill(copy.pid("postgres"), signal.SIGKILL)

    def gone() -> bool:
        shutil.rmtree(copy.state / "postgres", ignore_errors=True)
        return not (copy.state / "postgres").exists()

    wait_until(gone, "the data folder is gone")
    wait_until(lambda: copy.xiong("status", expect=None).json["lease"] is None, "nobody at work", 60)

    done = copy.xiong("restore", "newest", "--yes-restore", "newest", timeout=200).json

    at_rest(copy)

    assert rows(copy) == before
    assert done["rows"] > 0


def test_into_a_folder_nothing_that_runs_is_touched(copy: Copy, tmp_path: Path):
    at_rest(copy)
    before = rows(copy)
    target = copy.folder / "elsewhere"

    done = copy.xiong("restore", "newest", "--into", str(target), timeout=200).json

    assert (target / "PG_VERSION").is_file()
    assert not (target / "recovery.signal").exists()
    assert (done["kept"], done["gated_seconds"]) == ([], 0)
    assert rows(copy) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--at", "2020-01-01"), "which is later"),
        (("20200101T000000Z-ffff",), "there is no set 20200101T000000Z-ffff"),
    ],
)
def test_what_cannot_be_restored_is_refused_in_words(copy: Copy, words: tuple[str, ...], said: str):
    refused = copy.xiong("restore", *words, "--dry-run", expect=None)

    assert refused.exit_code in {1, 2}
    assert said in refused.err


def test_nobody_restores_without_saying_so(copy: Copy):
    refused = copy.xiong("restore", expect=2)

    assert "nobody agreed" in refused.err


def test_the_drill_boots_the_real_service_on_the_newest_set_and_leaves_nothing(copy: Copy, tmp_path: Path):
    at_rest(copy)
    before = rows(copy)

    made = copy.xiong("drill", "restore", "--report", str(tmp_path), timeout=200).json

    (result,) = made["results"]
    assert (result["outcome"], result["why"]) == ("passed", [])
    assert {measure["name"] for measure in result["measures"]} == {"heal", "rpo"}
    assert rows(copy) == before
    assert not list((copy.state / "restores").glob("*drill*"))
    copy.xiong("drill", "verify", made["report"])


def test_a_drill_on_a_damaged_set_fails_and_names_it(copy: Copy):
    at_rest(copy)
    newest = max((copy.state / "backups" / "sets").iterdir())
    file = newest / "base.tar.zst.age"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)

    made = copy.xiong("drill", "restore", timeout=200, expect=1).json

    (result,) = made["results"]
    assert result["outcome"] == "failed"
    assert "base.tar" in result["why"][0] or "damaged" in result["why"][0]
