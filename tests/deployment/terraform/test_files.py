"""What the files promise to readers and to the rest of the repository; needs no program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from api.pager.process import CONNECTIONS

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "deployment" / "terraform"
MODULES = {
    "network",
    "cluster",
    "database",
    "cache",
    "registry",
    "backup",
    "monitoring",
    "dns-tls",
    "identity",
}
FILES = sorted(path for path in FOLDER.rglob("*.tf") if ".terraform" not in path.parts)
FOLDERS = sorted({path.parent for path in FILES})
_BLOCK = re.compile(r'^(variable|output) "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)


def text(name: str) -> str:
    return (FOLDER / name).read_text()


def test_every_module_and_environment_is_there_with_tests():
    assert {path.name for path in (FOLDER / "modules").iterdir()} == MODULES
    assert {path.name for path in (FOLDER / "environments").iterdir()} == {"staging", "production"}
    assert [f.name for f in FOLDERS if not list((f / "tests").glob("*.tftest.hcl"))] == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_every_variable_and_output_says_what_it_is(folder):
    blocks = _BLOCK.findall("".join(path.read_text() for path in folder.glob("*.tf")))

    assert blocks
    assert [
        name for _, name, body in blocks if not re.search(r'^  description = "\S', body, re.MULTILINE)
    ] == []


def test_every_module_is_used_by_both_environments():
    for name in ("staging", "production"):
        used = re.findall(r'source\s+= "\.\./\.\./modules/([\w-]+)"', text(f"environments/{name}/main.tf"))
        assert sorted(used) == sorted(MODULES), name


def test_nothing_made_by_a_first_init_is_committed():
    ignored = text(".gitignore").splitlines()

    assert {".terraform/", ".terraform.lock.hcl", "*.tfstate", "*.tfvars"} <= set(ignored)


def test_every_waiver_of_a_scanner_has_a_reason():
    waivers = [
        line.strip() for path in FILES for line in path.read_text().splitlines() if "checkov:skip" in line
    ]

    assert waivers
    assert [w for w in waivers if not re.fullmatch(r"#checkov:skip=CKV2?_GCP_\d+:.{40,}", w)] == []


def test_no_secret_and_no_password_is_in_a_file():
    everything = "\n".join(path.read_text() for path in FILES)

    assert "google_sql_user" not in everything
    assert "google_secret_manager_secret_version" not in everything
    assert "google_service_account_key" not in everything


def test_a_pager_is_counted_with_the_connections_that_it_holds():
    counted = re.search(r"var\.clients\.pagers \* (\d+)", text("modules/database/main.tf"))

    assert counted is not None
    # its pool, and the one that listens
    assert int(counted[1]) == CONNECTIONS + 1


def test_the_names_of_the_design_are_kept():
    everything = "\n".join(path.read_text() for path in FILES)
    names = (
        "xiongichat-terraform-state",
        "xiongichat-cluster",
        "xiongichat-node",
        "xiongichat-postgres",
        "xiongichat-redis",
        "xiongichat-api-ip",
        "xiongichat-api-cert",
        "api.xiongichat.kao.gov.tw",
        "API Uptime Alert",
        "n2-standard-4",
        "db-custom-4-16384",
        "cluster_endpoint",
        "database_connection",
    )

    assert [name for name in names if f'"{name}"' not in everything] == []


def test_runbooks_that_alerts_name_exist():
    named = re.findall(r"See the runbook (\w+)", text("modules/monitoring/main.tf"))

    assert len(named) == 5
    assert [name for name in named if not (ROOT / "docs" / "runbooks" / f"{name}.md").is_file()] == []
