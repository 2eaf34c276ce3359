"""The copy's secrets between folders and a real API server: one truth, and each pod gets what it needs."""

import asyncio
import base64
import hashlib
import json
from pathlib import Path

import pytest

from xiong.config.load import load_settings
from xiong.config.secrets import Secret
from xiong.config.settings import Settings
from xiong.errors import PlatformError
from xiong.platforms.kubernetes.cluster import Cluster
from xiong.platforms.kubernetes.secrets import COPY, WATCH, ClusterSecrets
from xiong.platforms.onehost.addresses import Addresses
from xiong.platforms.onehost.layout import Layout

pytestmark = pytest.mark.kubernetes


def secrets_in(folder: Path, cluster: Cluster, **settings) -> ClusterSecrets:
    """As a process has them that runs with that state folder."""
    return ClusterSecrets(cluster, Layout(folder, folder), load_settings(flags=settings))


async def data_of(cluster: Cluster, name: str) -> dict[str, str]:
    found = await cluster.get("Secret", name)
    return {k: base64.b64decode(v).decode() for k, v in ((found or {}).get("data") or {}).items()}


async def test_what_one_machine_made_another_reads(cluster: Cluster, tmp_path: Path) -> None:
    made = await secrets_in(tmp_path / "a", cluster).get("database-app")

    assert await secrets_in(tmp_path / "b", cluster).get("database-app") == made
    assert (await data_of(cluster, COPY))["database-app"] == made.reveal()
    file = tmp_path / "b" / "secrets" / "database-app"
    assert file.stat().st_mode & 0o777 == 0o600


async def test_two_that_make_everything_at_once_publish_the_same(cluster: Cluster, tmp_path: Path) -> None:
    both = [secrets_in(tmp_path / name, cluster) for name in "ab"]

    digests = await asyncio.gather(*(one.publish() for one in both))

    assert digests[0] == digests[1]
    copy = await data_of(cluster, COPY)
    assert (await data_of(cluster, "xiongichat-database"))["superuser"] == copy["database-superuser"]
    for folder in "ab":
        for name, value in copy.items():
            assert (tmp_path / folder / "secrets" / name).read_text() == value


async def test_those_who_keep_something_at_once_lose_nothing(cluster: Cluster, tmp_path: Path) -> None:
    names = ["one", "two", "three", "four"]

    await asyncio.gather(
        *(secrets_in(tmp_path / name, cluster).keep(name, Secret(f"of {name}")) for name in names)
    )

    assert await data_of(cluster, COPY) == {name: f"of {name}" for name in names}


async def test_each_pod_gets_what_it_needs_and_no_more(cluster: Cluster, tmp_path: Path) -> None:
    secrets = secrets_in(tmp_path, cluster)
    await secrets.publish()
    copy = await data_of(cluster, COPY)

    service = await data_of(cluster, "xiongichat-secrets")
    assert set(service) == {
        "DATABASE_URL",
        "REDIS_URL",
        "SECRET_KEY",
        "SECRET_KEYS_ALSO",
        "OPENAI_API_KEY",
        "API_TOKENS",
    }
    assert service["DATABASE_URL"].endswith("@postgres:5432/xiongichat")
    assert service["REDIS_URL"] == f"redis://:{copy['cache']}@valkey:6379/0"
    operator = hashlib.sha256(copy["operator-token"].encode()).hexdigest()
    assert operator in {entry["sha256"] for entry in json.loads(service["API_TOKENS"])}
    assert copy["database-owner"] in (await data_of(cluster, "xiongichat-owner"))["DATABASE_URL"]
    assert await data_of(cluster, "xiongichat-database") == {"superuser": copy["database-superuser"]}
    cache = await data_of(cluster, "xiongichat-cache")
    assert cache["password"] == copy["cache"]
    assert copy["cache"] not in cache["valkey.conf"]
    watch = await data_of(cluster, WATCH)
    assert set(watch) == {"database-monitor", "cache", "operator-token", "drill-report"}


async def test_servers_of_ones_own_get_no_secrets_of_ours(cluster: Cluster, tmp_path: Path) -> None:
    database, cache = "postgresql://them:x@db.example.org/chat", "redis://:y@cache.example.org/0"
    secrets = secrets_in(tmp_path, cluster, database={"url": database}, cache={"url": cache})
    await secrets.publish()

    service = await data_of(cluster, "xiongichat-secrets")
    assert (service["DATABASE_URL"], service["REDIS_URL"]) == (database, cache)
    assert await cluster.get("Secret", "xiongichat-database") is None
    assert await cluster.get("Secret", "xiongichat-cache") is None
    assert (await secrets.store_url("valkey")).reveal() == cache


async def test_a_secret_that_changes_is_seen_by_whoever_begins_afterwards(
    cluster: Cluster, tmp_path: Path
) -> None:
    first, second = (secrets_in(tmp_path / name, cluster) for name in "ab")
    before = await first.publish()
    await second.host()

    await first.keep("cache.next", Secret("to come"))
    await first.keep("secret-key", Secret("another"))
    after = await first.publish()
    await first.drop("cache.next")

    await second.push()
    later = await secrets_in(tmp_path / "b", cluster).host()
    assert before != after
    assert later.kept("secret-key") == Secret("another")
    assert later.kept("cache.next") is None
    assert (await second.host()).kept("secret-key") == Secret("another")


async def test_what_a_killed_process_left_in_the_folder_is_written_by_the_next(
    cluster: Cluster, tmp_path: Path
) -> None:
    secrets = secrets_in(tmp_path, cluster)
    await secrets.publish()
    (await secrets.host()).keep("cache.next", Secret("left"))

    await secrets_in(tmp_path, cluster).publish()

    assert (await data_of(cluster, COPY))["cache.next"] == "left"


async def test_only_looking_changes_nothing_in_the_cluster(cluster: Cluster, tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "backup-identity").write_text("opens every backup")
    (folder / "settings.toml").write_text("platform = 'kubernetes'")

    host = await secrets_in(tmp_path, cluster).host()

    assert host.kept("backup-identity") == Secret("opens every backup")
    assert await cluster.get("Secret", COPY) is None


async def test_a_copy_whose_secret_was_lost_gets_it_back_from_the_folder(
    cluster: Cluster, tmp_path: Path
) -> None:
    await secrets_in(tmp_path, cluster).publish()
    copy = await data_of(cluster, COPY)
    (tmp_path / "secrets" / "settings.toml").write_text("platform = 'kubernetes'")
    await cluster.delete("Secret", COPY)

    await secrets_in(tmp_path, cluster).publish()

    assert await data_of(cluster, COPY) == copy
    assert (tmp_path / "secrets" / "settings.toml").is_file()


async def test_inside_the_cluster_what_watch_needs_is_read_and_nothing_written(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await secrets_in(tmp_path / "outside", cluster).publish()
    copy = await data_of(cluster, COPY)
    monkeypatch.setattr(Cluster, "inside", property(lambda self: True))
    inside = secrets_in(tmp_path / "inside", cluster)
    stores = Addresses(("postgres", 5432), ("valkey", 6379))

    assert (await inside.get("operator-token")).reveal() == copy["operator-token"]
    assert copy["database-monitor"] in (await inside.store_url("postgres", stores)).reveal()
    with pytest.raises(PlatformError, match="has no database-app"):
        await inside.get("database-app")
    for refused in (inside.publish(), inside.push(), inside.drop("cache"), inside.keep("cache", Secret("x"))):
        with pytest.raises(PlatformError, match="not changed"):
            await refused
    assert await data_of(cluster, COPY) == copy


def test_settings_name_the_platform() -> None:
    assert Settings(platform="kubernetes").kubernetes.namespace == "xiongichat"
