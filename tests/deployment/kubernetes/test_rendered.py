"""What Kustomize put together for `xiong`: as its sources are, without a fault, and taken by an API server.

Needs no Kustomize: where there is none, a digest tells whether the sources changed.
"""

from __future__ import annotations

import copy
import shutil

import kubernetes_validate
import pytest
import yaml

from deployment.kubernetes import __main__ as making
from deployment.kubernetes.traps import RULES, Document, of_kind
from xiong.config.kubernetes import KubernetesSettings
from xiong.model.task import DatabaseRole, Task
from xiong.platforms.kubernetes import manifests, objects
from xiong.platforms.kubernetes.objects import Running

OVERLAYS = ["staging", "production"]
VERSIONS = ["1.30", kubernetes_validate.latest_version()]
IMAGE = "registry.example.org/xiong/service@sha256:" + "1" * 64
RUNNING = Running("1.2.0-0123456789ab", IMAGE, "digest")
TASK = Task("migrate", "api.migrate", ("upgrade",), DatabaseRole.OWNER)
EVERYTHING = {
    "namespace": "mine",
    "host": "chat.example.net",
    "ingress_class": "traefik",
    "storage_class": "fast",
    "database_user": 70,
}


def read(overlay: str) -> list[Document]:
    return list(yaml.safe_load_all((making.RENDERED / f"{overlay}.yaml").read_text()))


def brought_up(overlay: str) -> list[Document]:
    """All that `xiong` would apply of a release, with every setting that changes something."""
    found = manifests.load(KubernetesSettings(overlay=overlay, **EVERYTHING))
    found = manifests.drained(manifests.configured(found, {"RATE_LIMIT": "7/minute"}), 60)
    rolled = [
        objects.released(manifests.deployment(found, name), RUNNING) for name in ("api", "pager", "watch")
    ]
    job, _ = objects.task_job(found, TASK, RUNNING, "abc123")
    # traps.py knows our objects by their names
    return [*manifests.services(found), *rolled, {**job, "metadata": {"name": "xiongichat-migrate"}}]


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A copy of all sources, to spoil one."""
    folder = tmp_path / "kubernetes"
    shutil.copytree(making.HERE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(making, "HERE", folder)
    monkeypatch.setattr(making, "RENDERED", folder / "rendered")
    return folder


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_there_is_one_file_for_each_overlay(overlay):
    assert making.RENDERED / f"{overlay}.yaml" in making.targets()
    assert len(read(overlay)) > 18


def test_what_is_rendered_is_as_its_sources_are():
    assert making.stale_renderings() == []


@pytest.mark.parametrize("source", ["base/watch.yaml", "components/data/pg_hba.conf", "jobs/migrate.yaml"])
def test_a_changed_source_is_found_also_without_kustomize(source, copied, monkeypatch):
    monkeypatch.setattr(making, "kustomize", list)
    assert making.stale_renderings() == []
    file = copied / source
    file.write_text(file.read_text() + "# more\n")

    assert len(making.stale_renderings()) == len(OVERLAYS) + 1


def test_without_kustomize_nothing_is_written_and_the_code_says_so(copied, monkeypatch, capsys):
    monkeypatch.setattr(making, "kustomize", list)
    (copied / "base" / "more.yaml").write_text("")
    before = (copied / "rendered" / "staging.yaml").read_text()

    assert making.main([]) == 1
    assert "neither kustomize nor kubectl" in capsys.readouterr().err
    assert (copied / "rendered" / "staging.yaml").read_text() == before


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_each_version_knows_every_field(overlay, version):
    for one in [*read(overlay), *brought_up(overlay)]:
        kubernetes_validate.validate(one, version, strict=True)


@pytest.mark.parametrize("trap", RULES)
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_is_applied_has_none_of_the_faults(overlay, trap):
    documents = copy.deepcopy(brought_up(overlay))
    for one in of_kind(documents, "Job"):
        # a rule about releases: this one has the same image as the service
        one["spec"]["template"]["spec"]["containers"][0]["image"] = IMAGE

    assert list(RULES[trap](documents)) == []


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_no_secret_is_rendered(overlay):
    assert of_kind(read(overlay), "Secret") == []
