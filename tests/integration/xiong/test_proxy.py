"""The proxy's configuration on the real proxy: no replica, a body too large, HTTPS by a certificate."""

import asyncio
import socket
import ssl
import subprocess
from contextlib import contextmanager
from dataclasses import replace

import httpx
import orjson
import pytest
import trustme

from xiong.config.settings import ProxySettings
from xiong.platforms.local import commands, services
from xiong.platforms.local.programs import find_programs
from xiong.platforms.onehost import proxy
from xiong.platforms.onehost.layout import Layout
from xiong.platforms.onehost.ports import Ports


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(settings: ProxySettings, tmp_path, slots: tuple[int, ...] = ()):
    """The proxy on a free port; gives the ports."""
    ports = Ports(free_port(), 0, 0, slots or (free_port(),))
    layout = Layout(tmp_path, tmp_path)
    layout.proxy.mkdir()
    file = layout.proxy / "caddy.json"
    file.write_bytes(orjson.dumps(proxy.configuration(settings, services.front_of(settings, layout, ports))))
    server = subprocess.Popen(
        commands.caddy(find_programs().caddy, file), env={**commands.BASE_ENVIRONMENT, "HOME": str(tmp_path)}
    )
    try:
        yield replace(ports)
    finally:
        server.terminate()
        server.wait(30)


async def answer_of(url: str, **request) -> httpx.Response:
    """The first answer after the proxy listens."""
    verify = request.pop("verify", True)
    async with httpx.AsyncClient(verify=verify, trust_env=False, timeout=10) as client, asyncio.timeout(20):
        while True:
            try:
                return await client.request(request.get("method", "GET"), url, content=request.get("content"))
            except httpx.ConnectError:
                await asyncio.sleep(0.05)


async def test_without_any_replica_a_person_still_reads_where_to_call(tmp_path):
    with running(ProxySettings(), tmp_path) as ports:
        answer = await answer_of(f"http://127.0.0.1:{ports.proxy}/api/v1/chat", method="POST", content=b"{}")

    assert answer.status_code == 503
    assert {line["number"] for line in answer.json()["hotlines"]} == {"1925", "1995", "110", "113"}
    assert "1925" in answer.json()["reply"]
    assert answer.headers["Retry-After"] == "2"


async def test_a_body_above_1_mib_is_refused_with_the_hotlines(tmp_path):
    async def swallow(reader, writer):
        try:
            while await reader.read(65536):
                pass
        except ConnectionError:
            pass  # the proxy gives the request up
        finally:
            writer.close()

    upstream = await asyncio.start_server(swallow, "127.0.0.1", 0)
    slot = upstream.sockets[0].getsockname()[1]
    async with upstream:
        with running(ProxySettings(), tmp_path, (slot,)) as ports:
            url = f"http://127.0.0.1:{ports.proxy}/api/v1/chat"
            answer = await answer_of(url, method="POST", content=b"x" * 1_100_000)

    assert answer.status_code == 413
    assert "1925" in answer.text


@pytest.fixture
def authority(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    chain, key = folder / "chain.pem", folder / "key.pem"
    certificate.private_key_pem.write_to_path(key)
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(chain, append=True)
    return authority, chain, key


async def test_with_a_host_name_it_serves_https_by_the_given_certificate(tmp_path, authority):
    made, chain, key = authority
    context = ssl.create_default_context()
    made.configure_trust(context)
    settings = ProxySettings(host="localhost", certificate=chain, key=key)
    with running(settings, tmp_path) as ports:
        answer = await answer_of(f"https://localhost:{ports.proxy}/metrics", verify=context)
        clear = await answer_of(f"http://localhost:{ports.proxy}/metrics")

    assert answer.status_code == 404
    assert clear.status_code == 400


async def test_metrics_never_leave_through_it(tmp_path):
    with running(ProxySettings(), tmp_path) as ports:
        for path in ("/metrics", "/metrics/", "/metrics/x"):
            assert (await answer_of(f"http://127.0.0.1:{ports.proxy}{path}")).status_code == 404
