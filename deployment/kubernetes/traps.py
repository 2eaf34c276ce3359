"""One rule for each trap that a manifest shows; each gives what it finds in words, nothing where all is well.

Asked by tests/deployment/kubernetes, with all objects of one combination. A rule knows the names of our own
objects, since what is right for a server that drains is not what is right for a database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

Document = dict[str, Any]
RULES: dict[str, Callable[[list[Document]], Iterator[str]]] = {}
WORKLOADS = {"Deployment", "StatefulSet", "Job", "DaemonSet"}
# the service's own, which a release rolls
OWN = {"xiongichat-api", "xiongichat-pager", "xiongichat-watch", "xiongichat-migrate"}
# made by `xiong init`, by external-secrets or by cert-manager, never by us
SECRETS = {
    "xiongichat-secrets",
    "xiongichat-owner",
    "xiongichat-database",
    "xiongichat-cache",
    "xiongichat-tls",
}
DRAIN_S = 30
PROPAGATION_S = 5


def rule(trap: str) -> Callable[[Any], Any]:
    def keep(check: Callable[[list[Document]], Iterator[str]]) -> Any:
        RULES[trap] = check
        return check

    return keep


def pods(documents: list[Document]) -> Iterator[tuple[str, Document, Document]]:
    """Each workload's name, itself and its pod."""
    for one in documents:
        if one["kind"] in WORKLOADS:
            yield one["metadata"]["name"], one, one["spec"]["template"]["spec"]


def containers(pod: Document) -> list[Document]:
    return [*pod.get("initContainers", []), *pod["containers"]]


def of_kind(documents: list[Document], kind: str) -> list[Document]:
    return [one for one in documents if one["kind"] == kind]


@rule("K1")
def an_image_that_can_change(documents: list[Document]) -> Iterator[str]:
    for name, _, pod in pods(documents):
        for container in containers(pod):
            image = container["image"]
            tag = image.rpartition("/")[2].partition(":")[2]
            if name in OWN and not re.search(r"@sha256:[0-9a-f]{64}$", image):
                yield f"{name}: {image} is not a digest"
            elif "@sha256:" not in image and tag in {"", "latest"}:
                yield f"{name}: {image} may be another one tomorrow"


@rule("K2")
def containers_of_one_release_with_several_images(documents: list[Document]) -> Iterator[str]:
    for name, _, pod in pods(documents):
        images = {container["image"] for container in containers(pod)}
        if name in OWN and len(images) > 1:
            yield f"{name}: {sorted(images)}"
    services = {
        container["image"]
        for name, _, pod in pods(documents)
        if name in OWN - {"xiongichat-watch"}
        for container in containers(pod)
    }
    if len(services) > 1:
        yield f"api, pager and migrate are of {len(services)} releases"


@rule("K3")
def a_migration_that_every_pod_runs(documents: list[Document]) -> Iterator[str]:
    for name, workload, pod in pods(documents):
        words = [
            " ".join([*container.get("command", []), *container.get("args", [])])
            for container in (pod.get("initContainers", []) if workload["kind"] == "Job" else containers(pod))
        ]
        if any("migrate" in word or "alembic" in word for word in words):
            yield f"{name} migrates whenever a pod starts"


@rule("K6")
def a_server_that_ends_before_its_endpoint_does(documents: list[Document]) -> Iterator[str]:
    for name, _, pod in pods(documents):
        if name != "xiongichat-api":
            continue
        hook = pod["containers"][0].get("lifecycle", {}).get("preStop", {})
        words = " ".join(hook.get("exec", {}).get("command", []))
        slept = re.search(r"sleep (\d+)", words)
        waited = int(slept[1]) if slept else hook.get("sleep", {}).get("seconds", 0)
        if waited < PROPAGATION_S:
            yield f"{name}: preStop waits {waited} s"
        if "-USR1" not in words:
            yield f"{name}: nobody tells the service that it is drained"
        if pod.get("terminationGracePeriodSeconds", 30) < waited + DRAIN_S + 5:
            yield f"{name}: killed while it still answers"


@rule("K8")
def a_deployment_that_a_drain_may_empty(documents: list[Document]) -> Iterator[str]:
    budgets = of_kind(documents, "PodDisruptionBudget")
    for one in of_kind(documents, "Deployment"):
        if one["metadata"]["name"] != "xiongichat-api":
            continue
        labels = one["spec"]["template"]["metadata"]["labels"]
        mine = [b["spec"] for b in budgets if b["spec"]["selector"]["matchLabels"].items() <= labels.items()]
        if [(b.get("maxUnavailable"), b.get("unhealthyPodEvictionPolicy")) for b in mine] != [
            (1, "AlwaysAllow")
        ]:
            yield f"{one['metadata']['name']}: no budget, or one that blocks"


@rule("K9")
def a_count_with_two_owners(documents: list[Document]) -> Iterator[str]:
    scaled = {one["spec"]["scaleTargetRef"]["name"] for one in of_kind(documents, "HorizontalPodAutoscaler")}
    for name, workload, _ in pods(documents):
        if name in scaled and "replicas" in workload["spec"]:
            yield f"{name}: replicas beside an autoscaler"


@rule("K10")
def a_metric_that_nobody_serves(documents: list[Document]) -> Iterator[str]:
    served = {
        one["spec"]["group"]
        for one in of_kind(documents, "APIService")
        if one["spec"]["version"] == "v1beta1"
    }
    shipped = [text for one in of_kind(documents, "ConfigMap") for text in one.get("data", {}).values()]
    for one in of_kind(documents, "HorizontalPodAutoscaler"):
        for metric in one["spec"]["metrics"]:
            if metric["type"] != "Pods":
                continue
            name = metric["pods"]["metric"]["name"]
            if "custom.metrics.k8s.io" not in served or not any(f"seriesQuery: {name}" in t for t in shipped):
                yield f"{one['metadata']['name']}: {name} has no adapter with a rule for it"


@rule("K11")
def scaling_by_memory(documents: list[Document]) -> Iterator[str]:
    for one in of_kind(documents, "HorizontalPodAutoscaler"):
        if any(metric.get("resource", {}).get("name") == "memory" for metric in one["spec"]["metrics"]):
            yield f"{one['metadata']['name']}: Python keeps memory"


def _references(documents: list[Document]) -> Iterator[tuple[str, str, str]]:
    """(who, kind, name) of all that is needed and not optional."""
    for name, workload, pod in pods(documents):
        yield name, "ServiceAccount", pod.get("serviceAccountName", "default")
        if "serviceName" in workload["spec"]:
            yield name, "Service", workload["spec"]["serviceName"]
        sources = [s for v in pod.get("volumes", []) for s in (v, *v.get("projected", {}).get("sources", []))]
        for volume in sources:
            for key, kind, field in (
                ("secret", "Secret", "secretName"),
                ("configMap", "ConfigMap", "name"),
                ("persistentVolumeClaim", "PersistentVolumeClaim", "claimName"),
            ):
                if key in volume:
                    yield name, kind, volume[key].get(field) or volume[key]["name"]
        for container in containers(pod):
            for variable in container.get("env", []):
                source = variable.get("valueFrom", {})
                for key, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
                    if key in source:
                        yield name, kind, source[key]["name"]
    for one in documents:
        name = one["metadata"]["name"]
        if one["kind"] == "HorizontalPodAutoscaler":
            yield name, one["spec"]["scaleTargetRef"]["kind"], one["spec"]["scaleTargetRef"]["name"]
        if one["kind"] == "Ingress":
            yield from ((name, "Secret", tls["secretName"]) for tls in one["spec"].get("tls", []))
            for path in (p for r in one["spec"]["rules"] for p in r["http"]["paths"]):
                yield name, "Service", path["backend"]["service"]["name"]
        if one["kind"] in {"RoleBinding", "ClusterRoleBinding"}:
            yield name, one["roleRef"]["kind"], one["roleRef"]["name"]
        if one["kind"] == "APIService":
            yield name, "Service", one["spec"]["service"]["name"]


@rule("K12")
def a_reference_to_what_is_not_there(documents: list[Document]) -> Iterator[str]:
    there = {(one["kind"], one["metadata"]["name"]) for one in documents}
    there |= {("Secret", name) for name in SECRETS} | {("ClusterRole", "system:auth-delegator")}
    for who, kind, name in _references(documents):
        # the job is no part of the Kustomization: it names a map without the hash of its content
        hashed = re.compile(rf"{re.escape(name)}-[a-z0-9]{{10}}")
        found = (kind, name) in there or (kind == "ConfigMap" and any(hashed.fullmatch(n) for _, n in there))
        if not found:
            yield f"{who}: there is no {kind} {name}"
    labels = [w["spec"]["template"]["metadata"]["labels"] for _, w, _ in pods(documents)]
    for one in of_kind(documents, "Service"):
        if not any(one["spec"]["selector"].items() <= each.items() for each in labels):
            yield f"Service {one['metadata']['name']} selects no pod"


@rule("K13")
def probes_that_kill_or_see_nothing(documents: list[Document]) -> Iterator[str]:
    for name, workload, pod in pods(documents):
        if workload["kind"] == "Job":
            continue
        for container in pod["containers"]:
            probes = {key for key in ("startupProbe", "livenessProbe", "readinessProbe") if key in container}
            wanted = {"startupProbe", "readinessProbe"} | (set() if name == "postgres" else {"livenessProbe"})
            if probes != wanted:
                yield f"{name}: {sorted(wanted ^ probes)}"
            if any("initialDelaySeconds" in container[key] for key in probes):
                yield f"{name}: a delay is no startup probe"
        if name == "xiongichat-api":
            path = pod["containers"][0].get("livenessProbe", {}).get("httpGet", {}).get("path")
            if path != "/api/v1/healthz":
                yield f"{name}: liveness asks {path}, which may look at more than the event loop"


@rule("K14")
def a_pod_that_may_more_than_it_needs(documents: list[Document]) -> Iterator[str]:
    for name, _, pod in pods(documents):
        context = pod.get("securityContext", {})
        if (
            not context.get("runAsNonRoot")
            or context.get("seccompProfile", {}).get("type") != "RuntimeDefault"
        ):
            yield f"{name}: may run as root, or with every system call"
        if "automountServiceAccountToken" not in pod:
            yield f"{name}: nobody decided whether it gets a token"
        for container in containers(pod):
            own = container.get("securityContext", {})
            if (
                own.get("allowPrivilegeEscalation") is not False
                or own.get("readOnlyRootFilesystem") is not True
                or own.get("capabilities") != {"drop": ["ALL"]}
            ):
                yield f"{name}: {container['name']} is not hardened"
            limits = container.get("resources", {})
            if not {"cpu", "memory"} <= set(limits.get("requests", {})) or "memory" not in limits.get(
                "limits", {}
            ):
                yield f"{name}: {container['name']} has no resources"
    denied = [
        one
        for one in of_kind(documents, "NetworkPolicy")
        if one["spec"]["podSelector"] == {} and set(one["spec"]["policyTypes"]) == {"Ingress", "Egress"}
        and not one["spec"].get("ingress") and not one["spec"].get("egress")
    ]  # fmt: skip
    if not denied:
        yield "anybody may talk to anybody"


@rule("K15")
def pods_that_may_all_be_on_one_node(documents: list[Document]) -> Iterator[str]:
    for name, workload, pod in pods(documents):
        template = workload["spec"]["template"]["metadata"]["labels"]
        if name in OWN and ("xiong.release" not in template or "version" in template):
            yield f"{name}: no label says which release it is, or one that never changes"
        spread = {
            one["topologyKey"]: one["whenUnsatisfiable"] for one in pod.get("topologySpreadConstraints", [])
        }
        if name == "xiongichat-api" and (
            spread.get("kubernetes.io/hostname") != "DoNotSchedule"
            or "topology.kubernetes.io/zone" not in spread
        ):
            yield f"{name}: spread over {spread}"
        if any("log" in mount["mountPath"] for c in containers(pod) for mount in c.get("volumeMounts", [])):
            yield f"{name}: logs in a folder that goes with the pod"
