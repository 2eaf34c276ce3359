"""A copy that serves HTTPS for a host name, with a certificate of a private authority; on every platform."""

import ssl

import httpx
import pytest
import trustme

from composed import ComposedCopy
from copies import Copy, open_folder
from everywhere import platforms


@pytest.fixture
def authority():
    return trustme.CA()


@pytest.fixture(params=platforms(local=pytest.mark.long, without=("kubernetes",)))
def secure(authority, request):
    folder = open_folder("https copy ")
    authority.cert_pem.write_to_path(folder / "root.pem")
    issue(authority, folder)
    kind = {"local": Copy, "compose": ComposedCopy}[request.param]
    made = kind(
        folder,
        XIONG_PLATFORM=request.param,
        XIONG_PROXY__HOST="chat.example",
        XIONG_PROXY__CERTIFICATE=str(folder / "chain.pem"),
        XIONG_PROXY__KEY=str(folder / "key.pem"),
        XIONG_PROXY__AUTHORITY=str(folder / "root.pem"),
    )
    yield made
    made.remove()


def issue(authority, folder) -> None:
    certificate = authority.issue_cert("chat.example")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "chain.pem")


def served_serial(copy: Copy, authority) -> str:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    port = httpx.URL(copy.url).port
    with httpx.Client(verify=context, trust_env=False) as client:
        answer = client.get(
            f"https://127.0.0.1:{port}/api/v1/healthz",
            headers={"Host": "chat.example"},
            extensions={"sni_hostname": "chat.example"},
        )
        stream = answer.extensions["network_stream"].get_extra_info("ssl_object")
    assert answer.status_code == 200
    return stream.getpeercert()["serialNumber"]


def test_every_verb_works_over_https_and_a_renewed_certificate_is_served_after_up(secure: Copy, authority):
    up = secure.up("--replicas", "1")
    assert up["url"].startswith("https://chat.example:")
    assert secure.xiong("status").json["healthy"]
    secure.change("src/api/main.py", append="# another release")
    assert secure.deploy().json["probe"]["failed"] == 0
    first = served_serial(secure, authority)

    issue(authority, secure.folder)
    secure.up()

    assert served_serial(secure, authority) != first
