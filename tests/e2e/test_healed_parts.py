"""What the healer may do to stores, processes and disks, on a copy in which the fault is real."""

import asyncio
import json
import os
import shutil
import signal
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from copies import Copy
from healing import a_patient, fail, freeze, identities, pid, until
from xiong.errors import PlatformError, PreflightError
from xiong.model.documents import to_document
from xiong.operations.journal import Journal
from xiong.operations.recovery.actions.registry import by_name

pytestmark = pytest.mark.drill


async def test_only_idle_sessions_of_the_service_are_ended(copy: Copy):
    patient = a_patient(copy, health={"idle_in_transaction_seconds": 1})
    port = json.loads((copy.state / "ports.json").read_text())["database"]

    def as_role(role: str, secret: str):
        password = (copy.state / "secrets" / secret).read_text().strip()
        return asyncpg.connect(
            host="127.0.0.1", port=port, user=role, password=password, database="xiongichat"
        )

    idle, busy, quiet = [await as_role("xiongichat_app", "database-app") for _ in range(3)]
    owner = await as_role("xiongichat_owner", "database-owner")
    await idle.execute("BEGIN; SELECT 1")
    await owner.execute("BEGIN; SELECT 1")
    working = asyncio.create_task(busy.execute("BEGIN; SELECT pg_sleep(6); COMMIT"))

    async def planned() -> bool:
        return "end 1 sessions" in await by_name("cancel-idle-sessions").plan(patient)

    await until(planned, "idle for more than a second")
    said = await by_name("cancel-idle-sessions").act(patient)

    assert said.startswith("ended 1 sessions of xiongichat_app idle in a transaction for more than 1 s")
    with pytest.raises((asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.PostgresError)):
        await idle.fetchval("SELECT 1")
    assert await quiet.fetchval("SELECT 1") == 1
    assert await owner.fetchval("SELECT 1") == 1
    await working
    for session in (busy, quiet, owner):
        await session.close()


@pytest.mark.parametrize("store", ["postgres", "valkey"])
async def test_a_dead_data_store_is_started_again_with_its_data_and_one_that_runs_is_left_alone(
    copy: Copy, store: str
):
    patient = a_patient(copy, store)
    asked = copy.sql("SELECT count(*) FROM messages")
    with pytest.raises(PreflightError, match=rf"{store} runs \(ready\)"):
        await by_name("restart-store").act(patient)
    before = await identities(patient)
    await freeze(patient, store)
    try:
        with pytest.raises(PreflightError, match=rf"{store} runs \(ready\)"):
            await by_name("restart-store").act(patient)
        assert await identities(patient) == before
    finally:
        os.kill(await pid(patient, store), signal.SIGCONT)
    await fail(patient, store)

    assert f"start {store} again" in await by_name("restart-store").plan(patient)
    said = await by_name("restart-store").act(patient)

    assert said.startswith(f"{store} was started again and answers")
    after = await identities(patient)
    assert {name for name in after if after[name] != before[name]} == {store}
    assert copy.sql("SELECT count(*) FROM messages") == asked


async def test_a_proxy_that_hangs_is_restarted_and_one_that_answers_is_left_alone(copy: Copy):
    patient = a_patient(copy, "proxy")
    with pytest.raises(PreflightError, match="proxy answers"):
        await by_name("restart-process").act(patient)
    hung = await pid(patient, "proxy")
    await freeze(patient, "proxy")

    assert "kill proxy, which does not answer" in await by_name("restart-process").plan(patient)
    said = await by_name("restart-process").act(patient)

    assert said.startswith("proxy did not answer; it was started again")
    assert await pid(patient, "proxy") != hung
    assert copy.release()


async def test_a_pager_that_was_given_up_is_started_again(copy: Copy):
    name = next(one.name for one in copy.instances() if one.service == "pager")
    patient = a_patient(copy, name)
    await fail(patient, name)

    assert f"start {name} (failed) again" in await by_name("restart-process").plan(patient)
    said = await by_name("restart-process").act(patient)

    assert said.startswith(f"{name} did not run; it was started again and answers")


async def test_a_data_store_or_a_replica_is_not_for_restart_process(copy: Copy):
    for name in ("postgres", "api-0"):
        with pytest.raises(PreflightError, match="not for this action"):
            await by_name("restart-process").act(a_patient(copy, name))


async def test_a_full_disk_gets_room_and_everything_that_is_needed_stays(copy: Copy):
    patient = a_patient(copy, health={"disk_free_share": 0.999999}, deploy={"keep_releases": 2})
    journal = Journal(patient.platform.records)
    committed = await journal.committed()
    releases = copy.state / "releases"
    for age, name in enumerate(("0.0.1-kept", "0.0.1-old", "0.0.1-older"), 1):
        shutil.copytree(releases / committed.release, releases / name)
        (releases / name).chmod(0o755)
        file = releases / name / "release.json"
        made = json.loads(file.read_bytes())
        made |= {"id": name, "created_at": (datetime.now(UTC) - timedelta(days=age)).isoformat()}
        file.write_text(json.dumps(made))
    earlier = to_document(replace(committed, earlier=("0.0.1-kept", "0.0.1-old", "0.0.1-older")))
    await patient.platform.records.write("state", "committed", earlier)
    logs = copy.state / "logs"
    (logs / "api-0.log.1").write_bytes(b"x" * 100_000)
    (copy.state / "spool" / "x.log.1").write_bytes(b"somebody wrote this")
    try:
        planned = await by_name("free-disk").plan(patient)
        assert (logs / "api-0.log.1").exists()
        said = await by_name("free-disk").act(patient)
        with pytest.raises(PlatformError, match="no release is to spare"):
            await by_name("free-disk").act(patient)
    finally:
        await patient.platform.records.write("state", "committed", to_document(committed))

    assert "log api-0.log.1, release 0.0.1-older, release 0.0.1-old)" in planned
    assert int(said.split()[1].replace(",", "")) > 100_000
    assert planned.removeprefix("delete ").removesuffix(" on state") == said.removeprefix("deleted ")
    left = {release.id for release in await patient.platform.releases()}
    assert left == {committed.release, "0.0.1-kept"}
    assert not (logs / "api-0.log.1").exists()
    assert (logs / "api-0.log").exists()
    assert (copy.state / "spool" / "x.log.1").exists()
    with pytest.raises(PreflightError, match="no disk is short of room"):
        limits = {"disk_free_share": 0.000001, "inodes_free_share": 0.0}
        await by_name("free-disk").act(a_patient(copy, health=limits))
    (copy.state / "spool" / "x.log.1").unlink()
    shutil.rmtree(releases / "0.0.1-kept")
