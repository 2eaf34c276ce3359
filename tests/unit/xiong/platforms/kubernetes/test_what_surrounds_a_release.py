"""What is made of settings and objects around a release: the door, what `watch` reads, a plan, an end."""

import tomllib

import pytest

from xiong.config.settings import Settings
from xiong.errors import PlatformError
from xiong.platforms.kubernetes import (
    ending,
    endpoint,
    manifests,
    objects,
    planning,
    services,
    tasks,
    watching,
)
from xiong.platforms.kubernetes.stores import ClusterStores
from xiong.platforms.onehost.secrets import HostSecrets


class Silent:
    """A cluster that answers from a dictionary."""

    def __init__(self, found=(), *, inside=False):
        self._found = dict(found)
        self.inside = inside

    async def get(self, kind, name):
        return self._found.get((kind, name))


def settings(**kubernetes) -> Settings:
    return Settings.model_validate({"platform": "kubernetes", "kubernetes": kubernetes})


async def door(told: Settings, cluster, tmp_path):
    return await endpoint.endpoint(cluster, manifests.load(told.kubernetes), told, HostSecrets(tmp_path))


def test_a_tasks_two_streams_are_told_apart_to_the_last_byte():
    printed = f'{{"a": 1}}\n\n{objects.MARK}\na warning\n'.encode().rstrip(b"\n")

    assert tasks.separated(printed) == ('{"a": 1}\n', "a warning")
    assert tasks.separated(f"\n{objects.MARK}".encode()) == ("", "")


def test_of_a_task_that_was_ended_from_outside_everything_is_a_complaint():
    assert tasks.separated(b"half a line") == ("", "half a line")


async def test_the_door_is_the_name_of_the_ingress_by_what_its_controller_says_of_itself(tmp_path):
    told = settings(host="chat.example.net")
    status = {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}}

    found = await door(told, Silent({("Ingress", "xiongichat-api"): status}), tmp_path)
    unknown = await door(told, Silent(), tmp_path)

    assert (found.url, found.address) == ("https://chat.example.net", "https://192.0.2.7")
    assert found.server_name == unknown.server_name == "chat.example.net"
    assert unknown.address == "https://chat.example.net"


async def test_an_address_in_clear_is_where_people_go_too_and_the_name_is_still_said(tmp_path):
    told = settings(host="chat.example.net", address="http://192.0.2.7")

    found = await door(told, Silent(), tmp_path)

    assert (found.url, found.address, found.server_name) == (
        "http://192.0.2.7",
        "http://192.0.2.7",
        "chat.example.net",
    )


async def test_inside_the_cluster_the_way_in_is_the_service(tmp_path):
    found = await door(settings(address="http://192.0.2.7"), Silent(inside=True), tmp_path)

    assert (found.address, found.server_name, found.by_chance) == ("http://xiongichat-api", None, True)


def test_watch_reads_the_copys_settings_with_every_file_that_they_name(tmp_path):
    paging = tmp_path / "paging.yaml"
    paging.write_text("contacts: []")
    own = {name: tmp_path / name for name in ("kubeconfig", "certificate", "key")}
    for file in own.values():
        file.write_text("an operator's own")
    told = Settings.model_validate(
        {
            "platform": "kubernetes",
            "kubernetes": {"namespace": "mine", "kubeconfig": own["kubeconfig"], "context": "laptop"},
            "proxy": {"host": "a.example", "certificate": own["certificate"], "key": own["key"]},
            "paging": {"file": paging},
            "watch": {"cycle_seconds": 2},
        }
    )

    given = watching.files(told)
    read = tomllib.loads(given.pop("settings.toml").decode())

    assert list(given.values()) == [b"contacts: []"]
    assert read["paging"]["file"] == f"/run/xiong/settings/{next(iter(given))}"
    assert read["watch"] == {"cycle_seconds": 2, "bind": "0.0.0.0", "port": 9108}  # noqa: S104 - compared
    assert read["kubernetes"] == {"namespace": "mine", "context": ""}
    assert read["proxy"] == {"host": "a.example"}


def test_the_deployment_of_watch_reads_its_settings_from_the_secret_and_else_stays():
    shipped = manifests.deployment(manifests.load(settings().kubernetes), "watch")

    changed = watching.reading(shipped, "told-anew")

    volumes = {one["name"]: one for one in changed["spec"]["template"]["spec"]["volumes"]}
    assert volumes.pop("settings") == {
        "name": "settings",
        "secret": {"secretName": "told-anew", "defaultMode": 0o440},
    }
    assert list(volumes.values()) == [
        one for one in shipped["spec"]["template"]["spec"]["volumes"] if one["name"] != "settings"
    ]


@pytest.mark.parametrize(
    ("status", "up"),
    [
        ({"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1}, True),
        ({"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1}, False),
        ({"observedGeneration": 2, "replicas": 2, "updatedReplicas": 1, "readyReplicas": 1}, False),
        ({"observedGeneration": 2, "replicas": 1, "updatedReplicas": 1}, False),
        ({}, False),
    ],
)
def test_a_set_is_up_when_what_was_asked_last_is_ready_and_nothing_of_before_is_left(status, up):
    assert services.is_up({"metadata": {"generation": 2}, "spec": {"replicas": 1}, "status": status}) is up
    assert services.is_up(None) is False


def test_a_plan_names_what_would_be_asked_in_the_order_of_up():
    told = settings(namespace="mine")

    planned = planning.plan(manifests.load(told.kubernetes), told, None, 3)
    names = [one.name for one in planned]

    assert list(dict.fromkeys(names)) == ["services", "migrate", "pager", "api", "replicas", "watch"]
    assert planned[0].argv[-1] == "/api/v1/namespaces/mine"
    scale = "/apis/apps/v1/namespaces/mine/deployments/xiongichat-api/scale"
    assert planned[names.index("replicas")].argv == ["PATCH", scale, "3"]


async def test_data_in_a_cluster_is_refused_in_words():
    stores = ClusterStores()

    assert "is not built yet" in str(await stores.lacks("postgres"))
    with pytest.raises(PlatformError, match="is not built yet"):
        await stores.place("postgres", "anything")
    with pytest.raises(PlatformError, match="is not built yet"):
        async with stores.scratch("postgres", None, {}):
            pass
    assert await stores.kept() == []


class Namespace(Silent):
    """One with pods, that remembers what was deleted."""

    namespace = "mine"

    def __init__(self, *labels):
        super().__init__({("Namespace", "mine"): {}})
        self.pods = [{"metadata": {"name": f"pod-{n}", "labels": own}} for n, own in enumerate(labels)]
        self.deleted = []

    async def list(self, kind):
        return self.pods if kind == "Pod" else []

    async def delete(self, kind, name):
        self.deleted.append((kind, name))
        self._found.clear()


async def test_a_namespace_is_purged_with_what_is_in_it_unless_somebody_elses_pod_runs_there():
    ours, mixed = Namespace({"app.kubernetes.io/component": "postgres"}), Namespace({"app": "theirs"})

    await ending.purge(ours, print)
    with pytest.raises(PlatformError, match="pod-0 in it is not of this copy"):
        await ending.purge(mixed, print)

    assert (ours.deleted, mixed.deleted) == ([("Namespace", "mine")], [])
