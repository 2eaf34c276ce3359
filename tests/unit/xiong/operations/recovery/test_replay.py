"""A replay decides on what was recorded as the daemon did, and shows what another policy changes."""

import pytest

from healing_stage import Stage
from simulated_healing import CYCLE, ill, policy
from xiong.errors import UsageError
from xiong.operations.recovery import history
from xiong.operations.recovery.replay import replay

HUNG = ill("api", "hung", "api-1", of=2)


@pytest.fixture
async def lived(tmp_path):
    """Ten minutes with a replica that hangs for three of them, and what the daemon did about it."""
    stage = Stage(tmp_path / "state", jitter=0)
    await stage.cycles(12)
    stage.ails["api"] = HUNG
    await stage.cycles(36)
    del stage.ails["api"]
    await stage.cycles(72)
    return stage


async def test_the_same_policy_would_have_done_what_was_done(lived):
    made = replay(await history.kept(lived.place.records), policy(jitter=0), CYCLE)

    assert [deed.action for deed in made.did] == ["restart-replica", "replace-replica"]
    assert made.would == made.did
    assert (made.only_would, made.only_did) == ((), ())
    assert [told.check for told in made.tells] == ["api"]


async def test_a_policy_that_waits_longer_would_have_done_less(lived):
    made = replay(await history.kept(lived.place.records), policy(fails=5, cooldown_seconds=600), CYCLE)

    assert [deed.action for deed in made.would] == ["restart-replica"]
    assert [deed.action for deed in made.only_did] == ["replace-replica"]
    assert made.refusals["back-off"] > 10


async def test_a_policy_that_is_in_a_hurry_would_have_done_other_things(lived):
    made = replay(
        await history.kept(lived.place.records), policy(jitter=0, fails=1, cooldown_seconds=30), CYCLE
    )

    assert made.only_would
    assert made.only_would == made.would[-len(made.only_would) :]
    assert made.would[0].at < made.did[0].at


async def test_what_was_exported_is_replayed_alike(lived, tmp_path):
    kept = await history.kept(lived.place.records)
    history.write(kept, tmp_path / "week.jsonl")

    assert history.read(tmp_path / "week.jsonl") == kept


async def test_a_copy_of_one_hours_record_is_read_too(lived):
    kept = await history.kept(lived.place.records)

    [hour] = (lived.folder / "records" / "observations").glob("*.json")

    assert history.read(hour).observations == kept.observations


async def test_while_the_daemon_was_away_nothing_is_made_up(tmp_path):
    stage = Stage(tmp_path / "state", enabled=False, jitter=0)
    stage.ails["api"] = HUNG
    await stage.cycles(1)
    stage.clock.seconds += 3600
    stage.ails.clear()
    await stage.cycles(1)

    made = replay(await history.kept(stage.place.records), policy(jitter=0), CYCLE)

    assert made.observations == 2
    assert [(deed.at - made.begun_at).total_seconds() for deed in made.would] == [10]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"observation": {"at": "2026-03-01T12:00:00Z", "findings": []}}\nrubbish\n', "line 2"),
        ('{"something": 1}\n', "line 1"),
        ("[]", "line 1"),
        ("", "holds no observation"),
    ],
)
def test_a_file_that_is_none_is_refused_with_its_line(tmp_path, content, reason):
    file = tmp_path / "file"
    file.write_text(content)

    with pytest.raises(UsageError, match=reason):
        history.read(file)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UsageError, match="No such file"):
        history.read(tmp_path / "absent")
