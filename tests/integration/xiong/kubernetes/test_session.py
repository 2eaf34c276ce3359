"""What is asked again, what is not, and what a refusal says; by an API server that answers as it is told."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from xiong.config.kubernetes import KubernetesSettings
from xiong.errors import PlatformError
from xiong.platforms.kubernetes.cluster import Cluster, ConflictError, MissingError
from xiong.tools.clock import SystemClock

FOUND = {"kind": "Secret", "metadata": {"name": "one"}}
VERSION = {"major": "1", "minor": "34+", "gitVersion": "v1.34.4"}


class AtOnce(SystemClock):
    """Its pauses last no time."""

    async def sleep(self, seconds: float) -> None:
        """Goes on at once."""


class Server(ThreadingHTTPServer):
    """Gives the answers that it was told, in order, then the object; remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[tuple[int, object]] = []
        self.asked: list[str] = []
        self.accounts: list[str | None] = []

    def next_answer(self, method: str, path: str, account: str | None) -> tuple[int, object]:
        if path.startswith("/version"):
            return 200, VERSION
        self.asked.append(method)
        self.accounts.append(account)
        return self.answers.pop(0) if self.answers else (200, FOUND)


class Handler(BaseHTTPRequestHandler):
    def do(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        told = self.server.next_answer(self.command, self.path, self.headers.get("Authorization"))
        body = told[1].encode() if isinstance(told[1], str) else json.dumps(told[1]).encode()
        self.send_response(told[0])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do  # noqa: N815 - as the base class names them

    def log_message(self, *words: object) -> None:
        """Says nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
async def cluster(server: Server, tmp_path: Path):
    made = Cluster(KubernetesSettings(kubeconfig=kubeconfig(tmp_path, server.server_port), namespace="ours"))
    made._session._clock = AtOnce()
    yield made
    await made.close()


def kubeconfig(folder: Path, port: int, account: str = "first") -> Path:
    """As people have it."""
    file = folder / "kubeconfig"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "it", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "me", "user": {"token": account}}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "me"}}],
        "current-context": "it",
    }
    file.write_text(yaml.safe_dump(document))
    return file


@pytest.mark.parametrize("code", [429, 500, 503])
async def test_a_question_is_asked_again_while_the_api_server_is_busy(server, cluster, code) -> None:
    server.answers = [(code, "busy"), (code, "busy")]

    assert await cluster.get("Secret", "one") == FOUND
    assert server.asked == ["GET"] * 3


async def test_after_three_times_the_error_says_what_was_answered(server, cluster) -> None:
    server.answers = [(503, "etcd is away")] * 3

    with pytest.raises(PlatformError, match="reading Secret one: the cluster says 503 etcd is away"):
        await cluster.get("Secret", "one")


async def test_what_changes_something_is_sent_once(server, cluster) -> None:
    server.answers = [(503, "busy")]

    with pytest.raises(PlatformError, match="503"):
        await cluster.create({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "one"}})
    assert server.asked == ["POST"]


async def test_a_right_that_is_lacking_is_not_asked_for_again(server, cluster) -> None:
    server.answers = [(403, {"message": "you may not"})]

    with pytest.raises(PlatformError, match="403 you may not") as refused:
        await cluster.get("Secret", "one")
    assert server.asked == ["GET"]
    assert "auth can-i" in str(refused.value.hint)


async def test_a_token_that_ran_out_is_read_anew(server, cluster, tmp_path) -> None:
    await cluster.get("Secret", "one")
    kubeconfig(tmp_path, server.server_port, "second")
    server.answers = [(401, {"message": "expired"}), (401, {"message": "expired"})]

    assert await cluster.get("Secret", "one") == FOUND
    assert server.accounts[-1] == "Bearer second"


async def test_each_refusal_that_means_something_has_a_class(server, cluster) -> None:
    wanted = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "one"}}
    server.answers = [(409, {"message": "it exists"}), (404, {"message": "no such"})]

    with pytest.raises(ConflictError, match="creating Secret one: the cluster says 409 it exists"):
        await cluster.create(wanted)
    with pytest.raises(MissingError, match="404 no such"):
        await cluster.replace(wanted)


async def test_a_missing_namespace_is_made_before_what_lies_in_it(server, cluster) -> None:
    server.answers = [(404, {"message": 'namespaces "ours" not found'}), (201, {}), (201, FOUND)]

    made = await cluster.create({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "one"}})

    assert made == FOUND
    assert server.asked == ["POST"] * 3


async def test_a_cluster_that_is_not_there_is_told_in_words(tmp_path) -> None:
    with Server() as away:
        port = away.server_port
    cluster = Cluster(KubernetesSettings(kubeconfig=kubeconfig(tmp_path, port)))

    with pytest.raises(PlatformError, match="no cluster can be asked") as refused:
        await cluster.version()
    assert "kubernetes.kubeconfig" in str(refused.value.hint)


async def test_no_account_at_all_is_told_in_words(tmp_path) -> None:
    cluster = Cluster(KubernetesSettings(kubeconfig=tmp_path / "nothing-here"))

    with pytest.raises(PlatformError, match="no cluster can be asked"):
        await cluster.version()


async def test_the_version_is_two_numbers(cluster) -> None:
    assert await cluster.version() == (1, 34)


async def test_an_unknown_context_is_told_in_words(server, tmp_path) -> None:
    file = kubeconfig(tmp_path, server.server_port)
    cluster = Cluster(KubernetesSettings(kubeconfig=file, context="other"))

    with pytest.raises(PlatformError, match="other"):
        await cluster.version()
