"""`xiong init --platform kubernetes` before anything runs: settings here, secrets in the cluster."""

import tomllib

import pytest

from clustered import PLACES, ClusteredCopy, place
from copies import open_folder

pytestmark = pytest.mark.kubernetes
KEYS = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "SECRET_KEYS_ALSO", "OPENAI_API_KEY", "API_TOKENS"}


@pytest.fixture(params=PLACES)
def prepared():
    with place() as kubernetes:
        made = ClusteredCopy(open_folder(), kubernetes)
        try:
            yield made
        finally:
            made.remove()


def test_it_writes_the_settings_and_puts_the_secrets_where_pods_read_them(prepared: ClusteredCopy):
    asked = ("--platform", "kubernetes", "--namespace", prepared.kubernetes["namespace"])
    more = ("--registry", "registry.example.org/xiong", "--host", "chat.example.org")

    told = prepared.xiong("init", "--yes", *asked, *more).json
    file = tomllib.loads((prepared.folder / "xiong.toml").read_text())
    secrets = {one["metadata"]["name"]: one["data"] for one in prepared.objects("Secret")}

    assert told["written"]
    assert file["platform"] == "kubernetes"
    assert file["kubernetes"]["registry"] == "registry.example.org/xiong"
    assert file["kubernetes"]["host"] == "chat.example.org"
    assert set(secrets["xiongichat-secrets"]) == KEYS
    assert {"xiongichat-copy", "xiongichat-owner", "xiongichat-database", "xiongichat-cache"} <= set(secrets)

    again = prepared.xiong("init", "--yes").json
    kept = {one["metadata"]["name"]: one["data"] for one in prepared.objects("Secret")}
    assert (again["written"], again["secrets"], kept) == (False, [], secrets)


def test_a_dry_run_makes_nothing(prepared: ClusteredCopy):
    told = prepared.xiong("init", "--yes", "--platform", "kubernetes", "--dry-run").json

    assert "write where the service reads them: the secrets" in told["steps"]
    assert prepared.objects("Secret") == []
    assert not (prepared.folder / "xiong.toml").exists()
