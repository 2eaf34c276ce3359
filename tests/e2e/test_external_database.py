"""A copy whose database is somebody else's server: it starts none and needs no superuser."""

import pytest

from copies import Copy, open_folder
from xiong.datastores import postgres

pytestmark = pytest.mark.long


@pytest.fixture
def elsewhere(copy: Copy):
    """Another copy, whose database lies on the first copy's server as an operator would make it."""
    port = next(i for i in copy.state.joinpath("ports.json").read_text().split('"database":')[1].split(","))
    copy.sql("CREATE ROLE theirs_owner LOGIN PASSWORD 'o'; CREATE ROLE theirs_app LOGIN PASSWORD 'a';")
    copy.sql("CREATE DATABASE theirs OWNER theirs_owner")
    script = postgres.database_script().decode().replace("xiongichat_", "theirs_")
    copy.sql(f"\\c theirs\n{script}")
    server = f"127.0.0.1:{port.strip()}/theirs"
    made = Copy(
        open_folder(),
        XIONG_DATABASE__URL=f"postgresql://theirs_app:a@{server}",
        XIONG_DATABASE__OWNER_URL=f"postgresql://theirs_owner:o@{server}",
    )
    yield made
    made.remove()


def test_it_runs_and_deploys_without_a_server_of_its_own(elsewhere: Copy):
    elsewhere.up("--replicas", "1")
    elsewhere.change("src/api/main.py", append="# another release")

    receipt = elsewhere.deploy().json

    assert (receipt["outcome"], receipt["probe"]["failed"]) == ("committed", 0)
    assert "postgres" not in {i.service for i in elsewhere.instances()}
