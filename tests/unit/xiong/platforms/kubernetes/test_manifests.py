"""The shipped manifests as a copy's own: what the settings change in them, and what they leave alone."""

from __future__ import annotations

import copy

import kubernetes_validate
import pytest
import yaml

from xiong.config.kubernetes import KubernetesSettings
from xiong.config.settings import Settings
from xiong.errors import ConfigurationError
from xiong.platforms.kubernetes import manifests

OVERLAYS = ["staging", "production"]
SAYS = {"DATABASE_POOL_SIZE": "7", "CONSOLE_URL": "https://c.example.net", "paging.yaml": "people: []\n"}


def loaded(**said):
    return manifests.load(KubernetesSettings(**said))


def named(found, kind, name):
    return next(one for one in found if (one["kind"], one["metadata"]["name"]) == (kind, name))


def config(found):
    maps = [one for one in found if one["kind"] == "ConfigMap"]
    return next(one for one in maps if one["metadata"]["name"].startswith("xiongichat-config"))


def own_file(folder, documents):
    file = folder / "mine.yaml"
    file.write_text(yaml.safe_dump_all(documents))
    return file


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_each_object_lies_in_the_namespace_of_the_copy(overlay):
    found = loaded(overlay=overlay, namespace="mine")
    places = {one["metadata"].get("namespace") for one in found if one["kind"] != "Namespace"}
    accounts = {subject["namespace"] for one in found for subject in one.get("subjects", ())}

    assert len(found) > 18
    assert places == accounts == {"mine"}
    assert named(found, "Namespace", "mine")


def test_what_lies_in_a_third_namespace_stays_there_and_users_are_in_none(tmp_path):
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "reader", "namespace": "kube-system"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
        "subjects": [
            {"kind": "ServiceAccount", "name": "adapter", "namespace": "xiongichat-staging"},
            {"kind": "ServiceAccount", "name": "autoscaler", "namespace": "kube-system"},
            {"kind": "Group", "name": "operators", "apiGroup": "rbac.authorization.k8s.io"},
        ],
    }
    served = {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": "v1beta1.custom.metrics.k8s.io"},
        "spec": {"service": {"name": "adapter", "namespace": "xiongichat-staging"}},
    }
    database = {
        "apiVersion": "postgresql.cnpg.io/v1",
        "kind": "Cluster",
        "metadata": {"name": "postgres", "namespace": "xiongichat-staging"},
    }
    shipped = loaded(namespace="xiongichat-staging")
    mine = own_file(tmp_path, [*shipped, binding, served, database])
    found = loaded(manifests=mine, namespace="mine")
    adapter, autoscaler, group = named(found, "RoleBinding", "reader")["subjects"]

    assert named(found, "RoleBinding", "reader")["metadata"]["namespace"] == "kube-system"
    assert (adapter["namespace"], autoscaler["namespace"]) == ("mine", "kube-system")
    assert "namespace" not in group
    moved = named(found, "APIService", "v1beta1.custom.metrics.k8s.io")
    assert moved["spec"]["service"]["namespace"] == "mine"
    assert "namespace" not in moved["metadata"]
    assert named(found, "Cluster", "postgres")["metadata"]["namespace"] == "mine"


def test_the_host_stands_in_the_rules_and_in_the_certificate():
    spec = named(loaded(host="chat.example.net", ingress_class="traefik"), "Ingress", "xiongichat-api")[
        "spec"
    ]

    assert [rule["host"] for rule in spec["rules"]] == ["chat.example.net"]
    assert [tls["hosts"] for tls in spec["tls"]] == [["chat.example.net"]]
    assert spec["ingressClassName"] == "traefik"


def test_without_a_setting_the_manifests_stand():
    spec = named(loaded(), "Ingress", "xiongichat-api")["spec"]
    store = named(loaded(), "StatefulSet", "postgres")["spec"]

    assert [rule["host"] for rule in spec["rules"]] == ["staging.chat.example.org"]
    assert "ingressClassName" not in spec
    assert store["template"]["spec"]["securityContext"]["runAsUser"] == 999
    assert "storageClassName" not in store["volumeClaimTemplates"][0]["spec"]


def test_the_database_gets_its_user_and_both_stores_their_class():
    found = loaded(database_user=70, storage_class="fast")
    security = named(found, "StatefulSet", "postgres")["spec"]["template"]["spec"]["securityContext"]
    cache = named(found, "StatefulSet", "valkey")["spec"]

    assert (security["runAsUser"], security["runAsGroup"], security["fsGroup"]) == (70, 70, 70)
    assert security["runAsNonRoot"] is True
    assert cache["template"]["spec"]["securityContext"]["runAsUser"] == 10001
    for store in ("postgres", "valkey"):
        claim = named(found, "StatefulSet", store)["spec"]["volumeClaimTemplates"][0]["spec"]
        assert claim["storageClassName"] == "fast"


def test_a_file_that_is_no_manifest_is_told_with_what_makes_one(tmp_path):
    for text in ("a: [", "just words", "kind: Pod"):
        file = tmp_path / "wrong.yaml"
        file.write_text(text)
        with pytest.raises(ConfigurationError, match=r"wrong\.yaml"):
            loaded(manifests=file)
    with pytest.raises(ConfigurationError, match="cannot be read") as absent:
        loaded(manifests=tmp_path / "absent.yaml")
    assert "kustomize build" in absent.value.hint


def test_services_are_all_but_what_a_roll_owns_and_the_namespace_is_first():
    found = loaded()
    wanted = manifests.services(found)
    left = [one["metadata"]["name"] for one in found if one not in wanted]
    kinds = [one["kind"] for one in wanted]

    assert sorted(left) == ["xiongichat-api", "xiongichat-pager", "xiongichat-watch"]
    assert kinds[0] == "Namespace"
    assert kinds.index("ConfigMap") < kinds.index("StatefulSet")
    assert kinds.index("ServiceAccount") < kinds.index("StatefulSet")


def test_a_deployment_that_is_missing_is_named(tmp_path):
    rest = [one for one in loaded() if one["metadata"]["name"] != "xiongichat-pager"]
    with pytest.raises(ConfigurationError, match="no Deployment xiongichat-pager"):
        manifests.deployment(loaded(manifests=own_file(tmp_path, rest)), "pager")


def test_new_data_makes_a_new_name_and_every_reference_follows():
    found = loaded()
    before = config(found)["metadata"]["name"]
    made = manifests.configured(found, SAYS)
    after = config(made)

    assert after["data"]["DATABASE_POOL_SIZE"] == "7"
    assert after["data"]["RATE_LIMIT"] == config(found)["data"]["RATE_LIMIT"]
    assert after["metadata"]["name"] != before
    assert before not in yaml.safe_dump_all(made)
    assert yaml.safe_dump(manifests.deployment(made, "api")).count(after["metadata"]["name"]) > 10


def test_the_same_data_gives_the_same_name_and_other_data_another():
    names = [
        config(manifests.configured(loaded(), data))["metadata"]["name"]
        for data in (SAYS, dict(reversed(SAYS.items())), {**SAYS, "RATE_LIMIT": "1/minute"})
    ]

    assert names[0] == names[1] != names[2]


def test_what_was_given_is_never_changed():
    found = loaded()
    before = copy.deepcopy(found)
    manifests.configured(found, SAYS)
    manifests.drained(found, 60)
    manifests.without_stores(found, ["postgres", "valkey"])

    assert found == before


def test_settings_that_would_reach_nobody_are_refused():
    rest = [one for one in loaded() if one["kind"] != "ConfigMap"]

    assert manifests.configured(rest, {}) == rest
    with pytest.raises(ConfigurationError, match="no ConfigMap xiongichat-config"):
        manifests.configured(rest, SAYS)


def test_only_what_somebody_set_goes_before_the_manifests_own():
    assert manifests.config_data(Settings(), "mine") == {}
    said = Settings.model_validate(
        {
            "service": {"environment": "production", "database_pool": 9},
            "model": {"name": "small", "embeddings": True},
            "kubernetes": {"host": "chat.example.net"},
            "paging": {"file": None},
        }
    )

    assert manifests.config_data(said, "mine") == {
        "ENVIRONMENT": "production",
        "DATABASE_POOL_SIZE": "9",
        "OPENAI_MODEL": "small",
        "OPENAI_EMBEDDINGS": "1",
        "PUBLIC_URL": "https://chat.example.net",
    }


def test_no_secret_is_among_the_data():
    said = Settings.model_validate({"model": {"api_key": "sk-very-secret", "name": "small"}})

    assert "very-secret" not in repr(manifests.config_data(said, "mine"))


def test_the_paging_file_goes_along_with_where_it_lies(tmp_path):
    file = tmp_path / "paging.yaml"
    file.write_text("people: []\n")
    data = manifests.config_data(Settings.model_validate({"paging": {"file": file}}), "mine")

    assert data == {"PAGING_FILE": "/run/xiong/config/paging.yaml", "paging.yaml": "people: []\n"}
    file.unlink()
    with pytest.raises(ConfigurationError, match="paging"):
        manifests.config_data(Settings.model_validate({"paging": {"file": file}}), "mine")


def test_a_longer_drain_gives_the_server_and_the_pod_more_time():
    made = manifests.drained(loaded(), 90)
    pod = manifests.deployment(made, "api")["spec"]["template"]["spec"]

    assert "--timeout-graceful-shutdown=90" in pod["containers"][0]["args"]
    assert pod["terminationGracePeriodSeconds"] >= 90 + 5 + 5


def test_a_store_elsewhere_leaves_nothing_of_its_own_and_the_other_stays():
    found = manifests.without_stores(loaded(), ["postgres"])
    there = {(one["kind"], one["metadata"]["name"].rpartition("-database-")[0] or one["metadata"]["name"])
             for one in found}  # fmt: skip

    assert not {(kind, "postgres") for kind in ("StatefulSet", "Service", "NetworkPolicy")} & there
    assert ("ConfigMap", "xiongichat") not in there
    assert {(kind, "valkey") for kind in ("StatefulSet", "Service", "NetworkPolicy")} <= there
    assert len(loaded()) - len(found) == 4


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_with_every_setting_it_is_still_what_kubernetes_knows(overlay):
    named_anew = {"namespace": "mine", "host": "a.example.net", "ingress_class": "x"}
    found = loaded(overlay=overlay, storage_class="fast", database_user=70, **named_anew)
    made = manifests.drained(manifests.configured(found, SAYS), 60)
    for one in made:
        for version in ("1.30", kubernetes_validate.latest_version()):
            kubernetes_validate.validate(one, version, strict=True)

    assert len(made) == len(found)
