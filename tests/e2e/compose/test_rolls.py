"""Releases as images: rolled under load, from a registry by digest, and back when they are bad."""

import json

import pytest

from composed import ComposedCopy
from docker_engine import REGISTRIES, docker
from rolling_under_load import rolled_under_load

pytestmark = [pytest.mark.compose, pytest.mark.timeout(600)]


async def test_rolls_under_load_lose_nothing_on_kept_and_on_new_connections(copy: ComposedCopy):
    whole = await rolled_under_load(copy, copy.url, requests=20_000, rolls=2)

    assert whole.failed == 0, whole.kinds
    assert whole.sent >= 20_000


def test_a_bad_release_is_rolled_back_and_the_old_one_serves(copy: ComposedCopy):
    before = copy.release()
    good = (copy.source / "src/api/main.py").read_text()
    copy.change("src/api/main.py", append="raise RuntimeError('a bad release')")

    refused = copy.deploy(expect=1)
    (copy.source / "src/api/main.py").write_text(good)

    assert "did not get ready" in refused.json["error"]["message"]
    assert "a bad release" in refused.json["error"]["message"]
    assert {i.release_id for i in copy.instances("api")} == {before}
    assert copy.release() == before


def test_a_release_is_deployed_by_its_digest_from_a_registry_and_rolled_back(
    copy: ComposedCopy, registry: str
):
    before = copy.release()
    pushed = f"{registry}/xiongichat:story"
    serving = next(slot.image for name, slot in copy.project.slots().items() if name.startswith("api-"))
    docker("image", "tag", serving, pushed)
    docker("push", pushed)
    digests = json.loads(docker("image", "inspect", pushed).out)[0]["RepoDigests"]
    reference = next(name for name in digests if name.startswith(f"{registry}/xiongichat@sha256:"))

    copy.xiong("deploy", f"{registry}/xiongichat:story", expect=2)  # a tag names no release
    receipt = copy.xiong("deploy", reference).json

    assert receipt["outcome"] == "committed"
    assert receipt["release"].endswith(reference.rpartition(":")[2][:12])
    assert copy.release() == receipt["release"] != before
    copy.xiong("rollback")
    assert copy.release() == before


@pytest.fixture(params=REGISTRIES)
def registry(request) -> str:
    """A registry that answers on the loopback."""
    return request.param
