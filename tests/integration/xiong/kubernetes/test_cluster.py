"""Objects, logs, commands and ports of a real API server."""

import asyncio
import hashlib
from pathlib import Path

import pytest
import yaml

from cluster import gone, phase_of, pod
from xiong.config.kubernetes import KubernetesSettings
from xiong.errors import PlatformError
from xiong.platforms.kubernetes.cluster import Cluster, ConflictError, MissingError, Object
from xiong.tools.clock import SystemClock, wait_for

pytestmark = pytest.mark.kubernetes
SERVES = ["valkey-server", "--port", "7000", "--save", "", "--protected-mode", "no"]
MEBIBYTE = bytes(range(256)) * 4096


def config(name: str, labels: dict[str, str] | None = None, **data: str) -> Object:
    metadata = {"name": name, "labels": labels or {}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


async def test_an_object_is_there_once_applied_and_gone_once_deleted(cluster: Cluster) -> None:
    await cluster.apply(config("one", {"kind": "first"}, a="1"))
    await cluster.apply(config("two", {"kind": "second"}, a="2"))

    found = await cluster.get("ConfigMap", "one")
    listed = await cluster.list("ConfigMap", {"kind": "first"})
    await cluster.delete("ConfigMap", "one")
    await cluster.delete("ConfigMap", "one")

    assert found is not None
    assert found["data"] == {"a": "1"}
    assert [item["metadata"]["name"] for item in listed] == ["one"]
    assert listed[0]["kind"] == "ConfigMap"
    assert await cluster.get("ConfigMap", "one") is None


async def test_what_others_wrote_into_an_object_stays_and_what_we_leave_out_goes(cluster: Cluster) -> None:
    await cluster.apply(config("one", a="1", b="2"))
    await cluster.patch("ConfigMap", "one", {"data": {"a": "theirs", "theirs": "kept"}})

    applied = await cluster.apply(config("one", a="3"))

    assert applied["data"] == {"a": "3", "theirs": "kept"}


async def test_a_dry_run_judges_and_changes_nothing(cluster: Cluster) -> None:
    told = await cluster.apply(config("one", a="1"), dry_run=True)

    assert told["metadata"]["name"] == "one"
    assert await cluster.get("ConfigMap", "one") is None
    with pytest.raises(PlatformError, match="applying Pod bad: the cluster says 422"):
        await cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bad"}}, dry_run=True)


async def test_an_object_is_made_once(cluster: Cluster) -> None:
    await cluster.create(config("one"))

    with pytest.raises(ConflictError, match="already exists"):
        await cluster.create(config("one"))


async def test_an_older_look_does_not_win_over_a_newer_one(cluster: Cluster) -> None:
    old = await cluster.create(config("one", a="1"))
    await cluster.patch("ConfigMap", "one", {"data": {"a": "2"}})

    with pytest.raises(ConflictError, match="modified"):
        await cluster.replace({**old, "data": {"a": "3"}})
    with pytest.raises(MissingError):
        await cluster.patch("ConfigMap", "none", {"data": {"a": "2"}})


async def test_the_first_object_brings_its_namespace_along(cluster: Cluster) -> None:
    other = Cluster(KubernetesSettings(namespace=f"{cluster.namespace}-more"))
    try:
        await asyncio.gather(other.create(config("one", a="1")), other.create(config("two", a="1")))
        assert len(await other.list("ConfigMap", {})) >= 2
    finally:
        await other.delete("Namespace", other.namespace)
        await other.close()


async def test_an_account_is_told_what_it_may_not(cluster: Cluster, tmp_path: Path) -> None:
    limited = await account_without_rights(cluster, tmp_path)
    try:
        with pytest.raises(
            PlatformError, match=r"listing Secret: the cluster says 403 .*forbidden"
        ) as refused:
            await limited.list("Secret")
        assert "auth can-i" in str(refused.value.hint)
        assert not await limited.allowed("list", "secrets")
        assert await cluster.allowed("list", "secrets")
        assert await cluster.allowed("create", "pods/exec")
    finally:
        await limited.close()


async def account_without_rights(cluster: Cluster, folder: Path) -> Cluster:
    """By a token, as a pod has it, in the form of a kubeconfig."""
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "nobody"}}
    await cluster.create(account)
    path = f"/api/v1/namespaces/{cluster.namespace}/serviceaccounts/nobody/token"
    told = await cluster._session.ask("POST", path, "asking for a token", body={"spec": {}})
    api = await cluster._session.api()
    server = {"server": api.auth.server, "certificate-authority": str(api.auth.server_ca_file)}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "it", "cluster": server}],
        "users": [{"name": "me", "user": {"token": told["status"]["token"]}}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "me"}}],
        "current-context": "it",
    }
    file = folder / "kubeconfig"
    file.write_text(yaml.safe_dump(document))
    return Cluster(KubernetesSettings(kubeconfig=file, namespace=cluster.namespace))


async def test_a_log_is_read_to_its_end_and_followed_until_the_pod_ends(cluster: Cluster) -> None:
    await cluster.create(pod("talks", ["sh", "-c", "echo first; sleep 2; echo second; printf third"]))
    await phase_of(cluster, "talks", "Running", "Succeeded")

    followed = [line async for line in cluster.log("talks", follow=True)]
    await phase_of(cluster, "talks", "Succeeded")
    last = [line async for line in cluster.log("talks", tail=1)]

    assert followed == [b"first", b"second", b"third"]
    assert last == [b"third"]
    assert [line async for line in cluster.log("nobody")] == []


async def test_a_command_reads_its_input_and_tells_both_outputs_and_its_code(cluster: Cluster) -> None:
    await cluster.create(pod("waits", ["sleep", "600"]))
    await phase_of(cluster, "waits", "Running")

    ended = await cluster.execute("waits", "main", ["sh", "-c", "cat; echo wrong >&2; exit 7"], b"some words")
    sent = await cluster.execute("waits", "main", ["sha256sum"], MEBIBYTE)
    back = await cluster.execute("waits", "main", ["cat"], MEBIBYTE)

    assert ended == (7, b"some words", b"wrong\n")
    assert sent[1].split()[0].decode() == hashlib.sha256(MEBIBYTE).hexdigest()
    assert back == (0, MEBIBYTE, b"")
    with pytest.raises(PlatformError, match="no-such-program"):
        await cluster.execute("waits", "main", ["no-such-program"])
    with pytest.raises(PlatformError, match="nobody"):
        await cluster.execute("nobody", "main", ["true"])


async def test_a_port_of_a_pod_is_reached_also_after_another_took_its_name(cluster: Cluster) -> None:
    await cluster.create(pod("echoes", SERVES))
    await phase_of(cluster, "echoes", "Running")
    port = await cluster.forward("echoes", 7000)

    first = await asyncio.gather(*(echoed(port, MEBIBYTE) for _ in range(3)))
    await cluster.delete("Pod", "echoes", grace_seconds=0)
    await gone(cluster, "Pod", "echoes")
    nobody = await answer_of(port, b"anybody?")
    await cluster.create(pod("echoes", SERVES))
    await phase_of(cluster, "echoes", "Running")

    assert first == [MEBIBYTE] * 3
    assert nobody == b""
    assert await cluster.forward("echoes", 7000) == port
    assert await echoed(port, b"again") == b"again"


async def test_ports_of_pods_that_are_gone_are_given_back(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xiong.platforms.kubernetes.cluster._MANY_FORWARDS", 2)
    await cluster.create(pod("stays", ["sleep", "600"]))
    stays, goes = await cluster.forward("stays", 7000), await cluster.forward("gone", 7000)

    await cluster.forward("another", 7000)

    assert await cluster.forward("stays", 7000) == stays
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", goes)


async def test_a_port_that_nobody_serves_closes_the_connection(cluster: Cluster) -> None:
    await cluster.create(pod("waits", ["sleep", "600"]))
    await phase_of(cluster, "waits", "Running")

    assert await answer_of(await cluster.forward("waits", 7000), b"anybody?") == b""


async def echoed(port: int, words: bytes) -> bytes:
    """What comes back of it, once something listens there."""

    async def whole() -> bytes | None:
        return await answer_of(port, words) or None

    return await wait_for(whole, what="an echo", seconds=30, clock=SystemClock(), every=0.2)


async def answer_of(port: int, words: bytes) -> bytes:
    """What the server says to an ECHO; less where the connection ends before."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = b"$%d\r\n" % len(words)
    try:
        writer.write(b"*2\r\n$4\r\nECHO\r\n" + head + words + b"\r\n")
        return (await reader.readexactly(len(head) + len(words))).removeprefix(head)
    except asyncio.IncompleteReadError as error:
        return error.partial
    except ConnectionError:
        return b""
    finally:
        writer.close()
