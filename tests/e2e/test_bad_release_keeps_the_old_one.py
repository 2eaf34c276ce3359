"""A bad release of any kind is refused, and the one before it never stops serving."""

import asyncio
import shutil
import uuid
from contextlib import asynccontextmanager

import pytest

import broken_releases as broken
from copies import Copy

pytestmark = pytest.mark.long

BAD = {
    "crashes at start": (broken.MAIN, broken.CRASHES_AT_START, "did not get ready"),
    "hangs at start": (broken.MAIN, broken.HANGS_AT_START, "did not get ready"),
    "names another release": (broken.MAIN, broken.NAMES_ANOTHER_RELEASE, "did not get ready"),
    "answers 500": (broken.MAIN, broken.ANSWERS_500, "of requests failed"),
    "hangs at chat": (broken.MAIN, broken.HANGS_AT_CHAT, "of requests failed"),
    "gives only the safe reply": (broken.RESPONDER, broken.ALWAYS_THE_SAFE_REPLY, "are the safe text"),
    "is slow": (broken.MAIN, broken.IS_SLOW, "p95 is"),
}


@asynccontextmanager
async def people_talking(copy: Copy):
    """Messages all through the body; each must get a reply by the model or the offline responder."""
    bad: list[str] = []
    count = 0
    crowd = uuid.uuid4().hex

    async def talk() -> None:
        nonlocal count
        async with copy.client() as client:
            while True:
                body = {"person": f"{crowd}-{count // 10}", "message": "晚上睡不著怎麼辦？"}
                answer = await client.post("/api/v1/chat", json=body)
                count += 1
                if answer.status_code != 200 or answer.json()["source"] == "safe":
                    bad.append(f"{answer.status_code} {answer.text[:80]}")
                await asyncio.sleep(0.05)

    task = asyncio.create_task(talk())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert count > 20
    assert bad == []


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_release_is_rolled_back_while_the_old_one_serves(copy: Copy, name: str):
    file, code, reason = BAD[name]
    good = copy.release()
    original = copy.source / file
    kept = original.read_bytes()
    copy.change(file, append=code)
    try:
        async with people_talking(copy):
            ran = await asyncio.to_thread(copy.deploy, expect=1)
    finally:
        original.write_bytes(kept)

    assert reason in ran.json["error"]["message"]
    assert f"{good} serves" in ran.json["error"]["message"]
    assert copy.release() == good
    assert copy.xiong("status").json["healthy"]
    receipt = copy.xiong("history").json["receipts"][0]
    assert (receipt["outcome"], receipt["probe"]["failed"]) == ("rolled back", 0)


def test_a_source_that_does_not_build_changes_nothing(copy: Copy):
    good = copy.release()
    before = copy.xiong("releases").json
    (copy.source / "pyproject.toml").rename(copy.source / "kept")
    (copy.source / "pyproject.toml").write_text("[build-system\n")
    try:
        ran = copy.deploy(expect=1)
    finally:
        shutil.move(copy.source / "kept", copy.source / "pyproject.toml")

    assert "cannot build a release" in ran.json["error"]["message"]
    assert (copy.release(), copy.xiong("releases").json) == (good, before)


def test_an_unknown_release_is_a_usage_error(copy: Copy):
    ran = copy.xiong("deploy", "9.9.9-nothing", expect=2)

    assert ran.json["error"]["hint"] == "xiong releases"
