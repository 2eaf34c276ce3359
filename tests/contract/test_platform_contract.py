"""One body for every platform by name: what `platforms/base.py` promises, each must keep."""

import asyncio
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from copies import QUICK, open_folder, source_tree
from everywhere import platforms, settled
from xiong.config.load import load_settings
from xiong.config.settings import Settings
from xiong.errors import PlatformError, ReleaseNotFoundError, RolloutError
from xiong.model.instance import Instance, InstanceState, ReplicaStep
from xiong.model.release import Release
from xiong.model.task import DatabaseRole, Task
from xiong.operations.front_door import front_door
from xiong.operations.up import provision
from xiong.platforms.base import Platform
from xiong.platforms.faults import Fault
from xiong.platforms.registry import platform_for
from xiong.tools.clock import SystemClock


@pytest.fixture(scope="module", params=platforms())
def settings(request) -> Iterator[Settings]:
    folder = open_folder("contract ")
    with settled(request.param, folder / "state") as flags:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in QUICK.items():
                patch.setenv(name, value)
            made = load_settings(None, flags)
        yield made
        asyncio.run(platform_for(made).stop(purge=True, progress=print))
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def source() -> Iterator[Path]:
    folder = open_folder("contract source ")
    yield source_tree(folder / "tree")
    shutil.rmtree(folder)


@pytest.fixture
async def platform(settings) -> Platform:
    return platform_for(settings)


@pytest.fixture(scope="module")
def releases(settings, source) -> dict[str, Release]:
    """Two good releases and one that crashes, staged once."""

    async def stage() -> dict[str, Release]:
        platform = platform_for(settings)
        assert await platform.preflight() == []
        await platform.start_services(print)
        await provision(platform, SystemClock())
        first = await platform.stage(source, print)
        migrated = await platform.run_task(
            first, Task("migrate", "api.migrate", ("upgrade",), DatabaseRole.OWNER)
        )
        assert migrated.exit_code == 0, migrated.stderr
        main = source / "src/api/main.py"
        good = main.read_text()
        main.write_text(f"{good}\n# second\n")
        second = await platform.stage(source, print)
        main.write_text(f"{good}\nraise RuntimeError\n")
        broken = await platform.stage(source, print)
        main.write_text(good)
        return {"first": first, "second": second, "broken": broken}

    return asyncio.run(stage())


@pytest.fixture
async def serving(platform, releases) -> Platform:
    """The first release with two replicas."""
    async for _ in platform.apply(releases["first"], 2):
        pass
    return platform


def another(before: list[Instance], after: list[Instance]) -> list[Instance]:
    """What runs after and did not before; a name may come back, and an identity never does."""
    staying = [i for i in after if i.state is not InstanceState.DRAINING]
    assert len(staying) == len(before)
    return [i for i in staying if i.identity not in {old.identity for old in before}]


async def steps(platform: Platform, release: Release, replicas: int) -> list[ReplicaStep]:
    return [event.step async for event in platform.apply(release, replicas)]


async def test_the_same_source_is_the_same_release(platform, releases, source):
    again = await platform.stage(source, print)

    assert again.id == releases["first"].id
    assert {r.id for r in await platform.releases()} == {r.id for r in releases.values()}


async def test_a_staged_release_is_fetched_by_its_reference(platform, releases):
    assert await platform.stage(releases["second"].id, print) == releases["second"]
    with pytest.raises(ReleaseNotFoundError):
        await platform.stage("absent", print)


async def test_apply_runs_the_release_and_says_so(serving, releases):
    replicas = await serving.instances("api")

    assert [(r.release_id, r.state) for r in replicas] == [(releases["first"].id, InstanceState.READY)] * 2
    async with httpx.AsyncClient(trust_env=False) as client:
        for replica in replicas:
            answer = await client.get(f"{replica.url}/api/v1/healthz")
            assert answer.json()["release"] == releases["first"].id


async def test_apply_of_what_runs_does_nothing(serving, releases):
    assert await steps(serving, releases["first"], 2) == []


async def test_apply_replaces_every_replica_one_at_a_time(serving, releases):
    done = await steps(serving, releases["second"], 2)

    assert done.count(ReplicaStep.ADMITTED) == done.count(ReplicaStep.STOPPED) == 2
    assert {r.release_id for r in await serving.instances("api")} == {releases["second"].id}


async def test_apply_goes_no_further_than_it_is_asked_to(serving, releases):
    events = serving.apply(releases["second"], 2)
    async for event in events:
        if event.step is ReplicaStep.READY:
            break
    await events.aclose()

    running = [r.release_id for r in await serving.instances("api")]
    assert running.count(releases["first"].id) == 2


async def test_apply_of_a_broken_release_leaves_the_old_one(serving, releases):
    with pytest.raises(RolloutError, match="did not get ready"):
        await steps(serving, releases["broken"], 2)

    assert {r.release_id for r in await serving.instances("api")} == {releases["first"].id}


async def test_a_killed_replica_comes_back_with_the_same_release(serving, releases):
    victim = (await serving.instances("api"))[0]

    await serving.kill(victim.name, signal.SIGKILL)

    async with asyncio.timeout(30):
        while True:
            now = await serving.instances("api")
            ready = [i for i in now if i.state is InstanceState.READY]
            if len(ready) == len(now) == 2 and victim.identity not in {i.identity for i in now}:
                break
            await asyncio.sleep(0.05)
    assert {i.release_id for i in now} == {releases["first"].id}
    again = [i.restarts for i in now if i.name == victim.name]
    assert again in ([], [victim.restarts + 1])  # under another name it is a new one


async def test_restart_gives_the_same_release_in_another_process(serving, releases):
    before = await serving.instances("api")

    await serving.restart(before[0].name)

    (after,) = another(before, await serving.instances("api"))
    assert (after.release_id, after.state) == (releases["first"].id, InstanceState.READY)


async def test_a_hung_replica_is_restarted_within_its_grace_and_start_leaves_one_that_runs_alone(serving):
    before = await serving.instances("api")
    if await serving.faults.lacks(Fault.FREEZE) is None:
        await serving.kill(before[0].name, signal.SIGSTOP)

    await serving.restart(before[0].name, grace_seconds=0.5)
    (again,) = another(before, await serving.instances("api"))
    await serving.start(again.name)

    assert again.state is InstanceState.READY
    assert again.identity in {i.identity for i in await serving.instances("api")}
    with pytest.raises(PlatformError):
        await serving.start("no-such-copy")


async def test_a_replica_is_replaced_by_another_that_serves_before_it_goes(serving, releases):
    before = await serving.instances("api")
    rolled = serving.replace(before[0].name, releases["first"])

    steps = [event.step async for event in rolled]
    after = await serving.instances("api")

    assert steps.index(ReplicaStep.ADMITTED) < steps.index(ReplicaStep.STOPPED)
    assert len({i.identity for i in after} - {i.identity for i in before}) == 1
    assert [i.state for i in after] == [InstanceState.READY] * 2
    await serving.admit(after[0].name)  # what is let in already stays so


async def test_a_dry_run_names_what_may_go_from_the_disk_and_deletes_nothing(serving, releases):
    names = {volume.name for volume in await serving.volumes()}
    found = await serving.reclaim({releases["first"].id}, names, dry_run=True)

    assert not any(releases["first"].id in one.name for one in found)
    assert all(one.bytes >= 0 for one in found)
    assert {r.id for r in await serving.releases()} >= {releases["first"].id, releases["second"].id}
    assert await serving.reclaim(set(), set(), dry_run=False) == []


async def test_a_task_sees_the_database_and_its_exit_code_is_told(serving, releases):
    good = await serving.run_task(releases["first"], Task("schema", "api.migrate", ("status",)))
    bad = await serving.run_task(releases["first"], Task("schema", "api.migrate", ("no-such-verb",)))

    assert (good.exit_code, '"0001"' in good.stdout) == (0, True)
    assert bad.exit_code != 0


async def test_a_store_tool_runs_as_the_superuser(serving):
    done = await serving.run_store_tool(
        "postgres", ["psql", "-d", "postgres", "-qAt"], b"SELECT current_user;"
    )

    assert (done.exit_code, done.stdout.strip()) == (0, "postgres")


async def test_logs_name_the_instance_of_each_line(serving):
    lines = [line async for line in serving.logs("api", follow=False)]

    assert lines
    assert all(instance.startswith("api-") for instance, _ in lines)


async def test_the_endpoint_reaches_the_service(serving, releases):
    endpoint = await serving.endpoint()
    async with front_door(endpoint, 10) as http, asyncio.timeout(20):
        while (answer := await http.request("GET", "/api/v1/healthz")) is None or answer.status != 200:
            await asyncio.sleep(0.05)

    assert answer.json()["release"] == releases["first"].id
    assert endpoint.token_file.is_file()


async def test_a_discarded_release_is_gone_and_the_others_stay(platform, releases):
    await platform.discard(releases["broken"].id)

    assert {r.id for r in await platform.releases()} == {releases["first"].id, releases["second"].id}
