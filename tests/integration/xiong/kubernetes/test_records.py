"""Records in ConfigMaps of a real API server: none is lost, and what is full says so."""

import asyncio
import base64
import os

import pytest

from xiong.errors import PlatformError
from xiong.platforms.kubernetes import records
from xiong.platforms.kubernetes.cluster import Cluster
from xiong.platforms.kubernetes.records import KINDS, ClusterRecords, map_name

pytestmark = pytest.mark.kubernetes
NAMES = ["plain", "0.1.0-3f9a", "2026-11-29T08:30:37.123+00:00", "a_b", "值班", "a/b c"]


async def test_a_document_is_read_as_it_was_written_whatever_its_name(cluster: Cluster) -> None:
    store = ClusterRecords(cluster)
    for name in NAMES:
        await store.write("history", name, {"name": name, "words": "平安"})

    assert await store.names("history") == sorted(NAMES)
    assert [await store.read("history", name) for name in NAMES] == [
        {"name": name, "words": "平安"} for name in NAMES
    ]
    assert await store.read("history", "another") is None
    assert await store.read("drills", "plain") is None
    assert await store.names("drills") == []


async def test_a_document_that_was_deleted_is_gone_and_no_other(cluster: Cluster) -> None:
    store = ClusterRecords(cluster)
    await store.write("state", "one", {"a": 1})
    await store.write("state", "two", {"a": 2})

    await store.delete("state", "one")
    await store.delete("state", "one")
    await store.delete("drills", "never")

    assert await store.names("state") == ["two"]


async def test_many_who_write_at_once_lose_nothing_also_when_none_was_there(cluster: Cluster) -> None:
    store = ClusterRecords(cluster)

    await asyncio.gather(*(store.write("history", f"{n:02}", {"n": n}) for n in range(20)))

    assert await store.names("history") == [f"{n:02}" for n in range(20)]


async def test_the_oldest_observations_make_room_and_history_is_never_dropped(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "_LIMIT_BYTES", 20_000)
    store = ClusterRecords(cluster)
    for kind in ("observations", "history"):
        for n in range(4):
            await store.write(kind, f"2026-11-0{n}", random_document(4_000))

    await store.write("observations", "2026-11-05", random_document(4_000))
    with pytest.raises(PlatformError, match="records of kind history are full") as refused:
        await store.write("history", "2026-11-05", random_document(4_000))

    assert await store.names("observations") == ["2026-11-01", "2026-11-02", "2026-11-03", "2026-11-05"]
    assert len(await store.names("history")) == 4
    assert "xiongichat-records-history" in str(refused.value.hint)


async def test_what_one_config_map_may_hold_the_api_server_takes(cluster: Cluster) -> None:
    store = ClusterRecords(cluster)
    for n in range(10):
        await store.write("observations", str(n), random_document(90_000))

    found = await cluster.get("ConfigMap", map_name("observations"))
    assert found is not None
    held = sum(len(base64.b64decode(value)) for value in found["binaryData"].values())
    assert held > 750_000
    assert (await store.names("observations"))[-1] == "9"


async def test_a_damaged_document_is_told_by_name(cluster: Cluster) -> None:
    store = ClusterRecords(cluster)
    await store.write("state", "rollout", {"a": 1})
    await cluster.patch("ConfigMap", map_name("state"), {"binaryData": {"rollout": "bm8="}})

    with pytest.raises(PlatformError, match="xiongichat-records-state: rollout is damaged"):
        await store.read("state", "rollout")


async def test_what_watch_may_write_is_made_beforehand_and_what_is_there_stays(cluster: Cluster) -> None:
    store = ClusterRecords(cluster)
    await store.write("state", "committed", {"a": 1})

    await store.prepare()
    await store.prepare()

    assert await store.names("state") == ["committed"]
    assert [await cluster.get("ConfigMap", map_name(kind)) is not None for kind in KINDS] == [True] * len(
        KINDS
    )


def random_document(size: int) -> dict[str, str]:
    """One that does not get smaller: its text packs to about `size` bytes."""
    return {"text": os.urandom(size).hex()}
