"""A copy in an empty namespace: it comes up, rolls, goes back, changes its size, goes and comes again."""

import json

import pytest

import broken_releases as broken
from clustered import ClusteredCopy
from xiong.model.instance import InstanceState

pytestmark = [pytest.mark.kubernetes, pytest.mark.timeout(900)]
MESSAGES = "SELECT count(*) FROM messages"
BAD = {
    "crashes at start": (broken.MAIN, broken.CRASHES_AT_START, "did not get ready"),
    "hangs at start": (broken.MAIN, broken.HANGS_AT_START, "did not get ready"),
    "answers 500": (broken.MAIN, broken.ANSWERS_500, "of requests failed"),
}


def test_it_serves_and_says_so(copy: ClusteredCopy):
    status = copy.xiong("status").json
    health = copy.xiong("health", expect=None)

    assert (status["healthy"], status["platform"]) == (True, "kubernetes")
    assert {i.state for i in copy.instances()} == {InstanceState.READY}
    assert health.exit_code == 0, health.out


def test_up_again_changes_nothing(copy: ClusteredCopy):
    before = {i.identity for i in copy.instances()}

    copy.up()

    assert {i.identity for i in copy.instances()} == before


def test_a_deploy_loses_nothing_and_a_rollback_goes_back(copy: ClusteredCopy):
    first = copy.release()
    copy.change("src/api/main.py", append="# another release")

    receipt = copy.deploy().json

    assert (receipt["outcome"], receipt["probe"]["failed"]) == ("committed", 0)
    assert receipt["probe"]["sent"] > 0
    assert copy.release() == receipt["release"] != first
    back = copy.xiong("rollback").json
    assert (back["release"], back["probe"]["failed"], copy.release()) == (first, 0, first)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_release_is_refused_while_the_old_one_serves(copy: ClusteredCopy, name: str):
    file, code, reason = BAD[name]
    serving, kept = copy.release(), (copy.source / file).read_bytes()
    before = {i.identity for i in copy.instances("api")}
    copy.change(file, append=code)

    ran = copy.deploy(expect=1)

    (copy.source / file).write_bytes(kept)
    assert reason in ran.out + ran.err
    assert (copy.release(), {i.identity for i in copy.instances("api")}) == (serving, before)
    assert copy.xiong("status").json["healthy"]


def test_an_image_that_no_registry_has_is_refused_by_its_name(copy: ClusteredCopy):
    absent = f"{copy.kubernetes['registry']}/service@sha256:{'0' * 64}"

    ran = copy.xiong("deploy", absent, expect=1)

    assert absent in ran.out + ran.err
    assert copy.xiong("status").json["healthy"]


def test_scale_gives_as_many_replicas_as_asked(copy: ClusteredCopy):
    for wanted in (3, 2):
        copy.xiong("scale", str(wanted))

        replicas = copy.instances("api")
        assert [i.state for i in replicas] == [InstanceState.READY] * wanted


def test_no_secret_is_in_what_the_cluster_shows_of_a_pod(copy: ClusteredCopy):
    words = [f.read_text().strip() for f in (copy.state / "secrets").iterdir() if "database-" in f.name]
    shown = json.dumps(
        [copy.objects(kind) for kind in ("Pod", "Deployment", "StatefulSet", "ConfigMap", "Job")]
    )

    assert len(words) >= 4
    assert not [word for word in words if word in shown]


def test_down_stops_every_pod_and_up_finds_the_data_again(copy: ClusteredCopy):
    rows = copy.sql(MESSAGES)

    copy.xiong("down")
    assert copy.instances() == []
    copy.up()

    assert int(copy.sql(MESSAGES)[0]) >= int(rows[0]) > 0
    assert copy.xiong("status").json["healthy"]
