"""`watch` in its container sees what settings name on this machine: certificates, repositories, the proxy."""

from collections.abc import Iterator

import pytest
import trustme

from composed import ComposedCopy, composed
from copies import open_folder
from docker_engine import ENGINES, docker

pytestmark = [pytest.mark.compose, pytest.mark.timeout(600)]


@pytest.fixture(params=ENGINES)
def secure() -> Iterator[ComposedCopy]:
    """A copy with HTTPS, whose files and backups lie beside its state folder."""
    folder, authority = open_folder("seen "), trustme.CA()
    issued = authority.issue_cert("chat.example")
    authority.cert_pem.write_to_path(folder / "root.pem")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    issued.cert_chain_pems[0].write_to_path(folder / "chain.pem")
    made = composed(
        folder,
        XIONG_WATCH__ENABLED="true",
        XIONG_BACKUP__EVERY_HOURS="1000",
        XIONG_BACKUP__REPOSITORIES=f'["file://{folder}/repository"]',
        XIONG_PROXY__HOST="chat.example",
        XIONG_PROXY__CERTIFICATE=str(folder / "chain.pem"),
        XIONG_PROXY__KEY=str(folder / "key.pem"),
        XIONG_PROXY__AUTHORITY=str(folder / "root.pem"),
    )
    try:
        made.up()
        yield made
    finally:
        made.remove()


def inside(copy: ComposedCopy, *words: str) -> str:
    """What the tool in `watch`'s container says; it must succeed."""
    named = f"--config={copy.state}/secrets/settings.toml", f"--state={copy.state}"
    return docker("exec", copy.container("watch"), "xiong", *named, *words).out


def test_https_and_a_repository_beside_the_state_folder_are_seen_from_watch(secure: ComposedCopy):
    looked = inside(secure, "health", "proxy", "certificate")
    inside(secure, "backup", "create")
    made = secure.xiong("backup", "list").json

    assert "chat.example" in secure.url
    assert "unhealthy" not in looked
    assert sum(1 for _ in (secure.folder / "repository").rglob("manifest.json*")) >= 1
    assert "repository" in str(made)
