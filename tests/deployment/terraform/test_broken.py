"""What must never change cannot change unseen: each is broken in a copy, and the module's tests see it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

pytestmark = [pytest.mark.terraform, pytest.mark.timeout(600)]


@dataclass(frozen=True)
class Break:
    """One line made wrong, where it is tested, and the promise that must be seen broken."""

    folder: str
    file: str
    old: str
    new: str
    seen_by: str


MODULE, KUBERNETES = "terraform/modules", "kubernetes"
BREAKS = {
    "the database gets a public address": Break(
        "modules/database",
        f"{MODULE}/database/main.tf",
        "ipv4_enabled       = false",
        "ipv4_enabled       = true",
        "it_has_no_public_address_and_takes_nothing_in_clear",
    ),
    "the database may be deleted": Break(
        "modules/database",
        f"{MODULE}/database/main.tf",
        "deletion_protection_enabled  = true",
        "deletion_protection_enabled  = false",
        "it_is_protected_from_deletion",
    ),
    "no second of the week comes back": Break(
        "modules/database",
        f"{MODULE}/database/main.tf",
        "point_in_time_recovery_enabled = true",
        "point_in_time_recovery_enabled = false",
        "it_is_backed_up_and_any_second_of_a_week_comes_back",
    ),
    "the control plane gets a public address": Break(
        "modules/cluster",
        f"{MODULE}/cluster/main.tf",
        "enable_private_endpoint = true",
        "enable_private_endpoint = false",
        "nothing_has_a_public_address",
    ),
    "the autoscaler may spend twice as much": Break(
        "modules/cluster",
        f"{MODULE}/cluster/main.tf",
        "maximum       = 100",
        "maximum       = 200",
        "the_autoscaler_keeps_its_limits",
    ),
    "the cache is reached in clear": Break(
        "modules/cache",
        f"{MODULE}/cache/main.tf",
        '"SERVER_AUTHENTICATION"',
        '"DISABLED"',
        "it_is_reached_from_the_network_only_by_tls_and_a_password",
    ),
    "the backup job may delete": Break(
        "modules/backup",
        f"{MODULE}/backup/main.tf",
        '"roles/storage.objectCreator"',
        '"roles/storage.objectAdmin"',
        "who_writes_can_neither_delete_nor_replace",
    ),
    "the nodes may edit the project": Break(
        "modules/identity",
        f"{MODULE}/identity/main.tf",
        '"roles/container.defaultNodeServiceAccount"',
        '"roles/editor"',
        "nobody_has_a_role_of_the_whole_project_but_these_two",
    ),
    "a pool of connections that does not fit": Break(
        "environments/production",
        f"{KUBERNETES}/base/config.env",
        "DATABASE_POOL_SIZE=5",
        "DATABASE_POOL_SIZE=16",
        "connections_of_the_manifests_fit",
    ),
    "more replicas than connections": Break(
        "environments/production",
        f"{KUBERNETES}/base/autoscaling.yaml",
        "maxReplicas: 10",
        "maxReplicas: 40",
        "connections_of_the_manifests_fit",
    ),
    "production has a small cache": Break(
        "environments/production",
        "terraform/environments/production/main.tf",
        "memory_gb    = 5",
        "memory_gb    = 8",
        "the_figures_are_those_of_the_design",
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_a_broken_promise_is_seen(terraform, name):
    broken = BREAKS[name]
    terraform.replace(broken.file, broken.old, broken.new)
    terraform.keep_one_promise(broken.folder, broken.seen_by)

    terraform.succeed(broken.folder, "init", "-backend=false", "-input=false")
    terraform.succeed(broken.folder, "validate")
    done = terraform.run(broken.folder, "test")

    assert done.returncode == 1, done.stdout
    assert f'run "{broken.seen_by}"... fail' in done.stdout, f"{done.stdout}\n{done.stderr}"
