"""What the healer may do to replicas and their release, on a copy in which the fault is real."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from copies import Copy
from healing import a_patient, fail, freeze, identities, people_talk, pid, serving, until
from xiong.errors import LeaseHeldError, PlatformError, PreflightError, RollbackRefusedError
from xiong.model.documents import to_document
from xiong.operations.journal import Journal, Rollout
from xiong.operations.leasing import hold_lease
from xiong.operations.recovery.actions.registry import by_name
from xiong.platforms.local.supervision.client import SupervisorClient
from xiong.platforms.local.supervision.spec import ChildState
from xiong.tools.clock import SystemClock

pytestmark = pytest.mark.drill


async def is_drained(copy: Copy, name: str) -> bool:
    return any(
        child.name == name and child.state is ChildState.DRAINING
        for child in await SupervisorClient(copy.state).list()
    )


async def test_a_replica_that_answers_is_restarted_and_nobody_loses_a_message(copy: Copy):
    patient = a_patient(copy, "api-0")
    before = await identities(patient)

    assert "drain it" in await by_name("restart-replica").plan(patient)
    assert await identities(patient) == before
    async with people_talk(copy) as lost:
        work = asyncio.create_task(by_name("restart-replica").act(patient))
        await until(lambda: is_drained(copy, "api-0"), "api-0 drained")
        said = await work

    assert lost == []
    assert said.startswith("api-0 was drained and restarted")
    after = await identities(patient)
    assert {name for name in after if after[name] != before.get(name)} == {"api-0"}
    assert await serving(patient) == {"api-0", "api-1"}


async def test_a_replica_that_hangs_is_restarted_without_waiting_for_it(copy: Copy):
    patient = a_patient(copy, "api-1")
    hung = await pid(patient, "api-1")
    await freeze(patient, "api-1")

    assert "since it does not answer" in await by_name("restart-replica").plan(patient)
    said = await by_name("restart-replica").act(patient)

    assert "did not answer" in said
    assert "api-1: did not end within 2 s, is killed" in (copy.state / "logs" / "supervisor.log").read_text()
    assert await pid(patient, "api-1") != hung
    assert await serving(patient) == {"api-0", "api-1"}


async def test_a_replica_that_was_given_up_is_started_again(copy: Copy):
    patient = a_patient(copy, "api-0")
    await fail(patient, "api-0")

    assert "start it again; 1 others serve" in await by_name("restart-replica").plan(patient)
    await by_name("restart-replica").act(patient)

    assert await serving(patient) == {"api-0", "api-1"}


async def test_no_action_is_taken_while_another_verb_is_at_work(copy: Copy):
    patient = a_patient(copy, "api-0")
    before = await identities(patient)

    async with hold_lease(patient.platform, "deploy", 30, patient.clock):
        for name in ("restart-replica", "replace-replica"):
            with pytest.raises(LeaseHeldError):
                await by_name(name).act(patient)

    assert await identities(patient) == before


async def test_a_hung_replica_is_replaced_by_another_one(copy: Copy):
    patient = a_patient(copy, "api-1")
    await freeze(patient, "api-1")

    assert "then stop api-1" in await by_name("replace-replica").plan(patient)
    async with people_talk(copy) as lost:
        said = await by_name("replace-replica").act(patient)

    assert await serving(patient) == {"api-0", "api-2"}
    assert said.startswith("started api-2 of release ")
    assert "stopped api-1" in said
    assert {word for word in lost if word not in {"502", "503", "504"}} == set()  # who was with the hung one


async def test_replicas_that_lack_are_started(copy: Copy):
    patient = a_patient(copy)
    await SupervisorClient(copy.state).stop("api-2", forget=True)
    assert await serving(patient) == {"api-0"}

    assert "bring 1 replicas that are ready to the 2" in await by_name("replace-replica").plan(patient)
    said = await by_name("replace-replica").act(patient)

    assert said.startswith("started api-1 of release ")
    assert await serving(patient) == {"api-0", "api-1"}


async def test_a_ready_replica_that_the_proxy_passes_over_is_let_in_again(copy: Copy):
    patient = a_patient(copy, "api-0")
    (copy.state / "holds" / "api-0").touch()
    assert await serving(patient) == {"api-1"}

    assert "take api-0's hold away" in await by_name("reopen-slot").plan(patient)
    assert await serving(patient) == {"api-1"}
    said = await by_name("reopen-slot").act(patient)

    assert said.startswith("api-0 gets requests again")
    assert await serving(patient) == {"api-0", "api-1"}


async def test_a_replica_that_no_gate_has_judged_is_not_let_in(copy: Copy):
    patient = a_patient(copy, "api-0")
    journal = Journal(patient.platform.records)
    committed = await journal.committed()
    hold = copy.state / "holds" / "api-0"
    hold.touch()
    rollout = Rollout("1", "deploy", committed.release, 2, committed.release, 2, datetime.now(UTC), "x@y")
    try:
        await journal.begin(rollout)
        with pytest.raises(PreflightError, match="a rollout was interrupted"):
            await by_name("reopen-slot").act(patient)
        await patient.platform.records.delete("state", "rollout")
        other = to_document(replace(committed, release="another"))
        await patient.platform.records.write("state", "committed", other)
        with pytest.raises(PreflightError, match="meant to run is another"):
            await by_name("reopen-slot").act(patient)
        assert "meant to run is another" in await by_name("reopen-slot").plan(patient)
        assert hold.exists()
    finally:
        await patient.platform.records.delete("state", "rollout")
        await patient.platform.records.write("state", "committed", to_document(committed))
        hold.unlink()


async def test_what_is_not_here_is_not_treated(copy: Copy):
    with pytest.raises(PlatformError, match=r"api-9 is not here; here are .*api-0"):
        await by_name("restart-replica").act(a_patient(copy, "api-9"))
    with pytest.raises(PreflightError, match="no instance is named"):
        await by_name("restart-replica").act(a_patient(copy))


async def test_a_young_release_is_rolled_back_once_and_an_old_one_not_at_all(copy: Copy):
    patient = a_patient(copy)
    first = copy.release()
    with pytest.raises(RollbackRefusedError, match="came by `up`"):
        await by_name("roll-back").act(patient)
    copy.change("src/api/main.py", append="# another release")
    await asyncio.to_thread(copy.deploy)
    second = copy.release()

    class Later(SystemClock):
        def now(self) -> datetime:
            return super().now() + timedelta(minutes=16)

    with pytest.raises(RollbackRefusedError, match=r"came 16 min ago, and only one of less than 15 min"):
        await by_name("roll-back").act(replace(patient, clock=Later()))
    assert f"from {second}" in await by_name("roll-back").plan(patient)
    assert copy.release() == second
    said = await by_name("roll-back").act(patient)

    assert said.startswith(f"rolled back from {second} to {first} in ")
    assert copy.release() == first
    with pytest.raises(RollbackRefusedError, match="came by `rollback`; going further back is for people"):
        await by_name("roll-back").act(patient)
    assert "do nothing: no rollback" in await by_name("roll-back").plan(patient)
