"""`xiong backup` on a whole copy, as a person and a script use it."""

import json

import pytest

from copies import Copy, open_folder

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def copy():
    made = Copy(open_folder(), XIONG_WATCH__ENABLED="true", XIONG_BACKUP__ENABLED="true")
    try:
        made.up()
        yield made
    finally:
        made.remove()


def test_a_set_is_made_listed_verified_and_kept(copy):
    full = copy.xiong("backup", "create", "--full", "--dump").json
    increment = copy.xiong("backup", "create", "--incremental").json
    assert (full["kind"], full["dump"], increment["parent"]) == ("full", True, full["id"])
    assert increment["rows"] > 0

    listed = copy.xiong("backup", "list").json
    (repository,) = listed["repositories"]
    assert [one["id"] for one in repository["sets"]] == [increment["id"], full["id"]]
    assert [one["verified"] for one in repository["sets"]] == [None, None]
    assert (repository["beside_data"], listed["offline_key_here"]) == (True, True)
    assert repository["logs"][0]["gaps"] == []

    found = copy.xiong("backup", "verify", "all").json["sets"]
    assert {one["backup"]: one["outcome"] for one in found} == {full["id"]: "good", increment["id"]: "good"}
    kept = copy.xiong("backup", "prune").json
    assert [one["deleted"] for one in kept["repositories"]] == [[]]
    assert not list((copy.state / "data" / "restores").glob("*verify*"))


def test_a_damaged_object_ends_with_exit_code_1_and_its_name(copy):
    made = copy.xiong("backup", "create", "--full", "--no-dump").json
    folder = copy.state / "backups" / "sets" / made["id"]
    damaged = bytearray((folder / "cache.rdb.zst.age").read_bytes())
    damaged[-1] ^= 1
    (folder / "cache.rdb.zst.age").write_bytes(damaged)
    ran = copy.xiong("backup", "verify", made["id"], expect=1)
    (found,) = json.loads(ran.out)["sets"]
    assert found["outcome"] == "bad"
    assert [fault for fault in found["faults"] if "cache.rdb" in fault] == found["faults"]


def test_what_is_not_there_or_cannot_be_done_is_said(copy):
    assert "no set '2001'" in copy.xiong("backup", "verify", "2001", expect=2).err
    assert "do not go together" in copy.xiong("backup", "create", "--full", "--incremental", expect=2).err
    assert copy.xiong("backup", "verify", "--timeout", "0.01", expect=5).exit_code == 5
    plan = copy.xiong("backup", "create", "--dry-run").json
    assert any("signed manifest, last" in step for step in plan["steps"])
