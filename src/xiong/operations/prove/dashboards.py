"""Area `dashboards`: each query returns data, and each metric that a rule names exists, on the running copy.

A Prometheus of the proof's own scrapes the copy every second under a little load, with the shipped rules in
quick motion, so that what needs minutes is there within seconds.
"""

from __future__ import annotations

import secrets
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import yaml

from xiong.errors import DeadlineError
from xiong.model.instance import Instance, InstanceState
from xiong.operations.probe import running_probe
from xiong.operations.prove import boards, expressions, lab, scaling, scenarios
from xiong.operations.prove.ground import Ground
from xiong.operations.prove.lab import Running
from xiong.operations.prove.matrix import Proof, Verdict
from xiong.platforms import shipped
from xiong.tools import files
from xiong.tools.clock import wait_for
from xiong.tools.web import Request, Response, WebServer

AREA = "dashboards"
_FACTOR = 60.0
_PER_SECOND = 10.0
_SECONDS = 45.0
_JOBS = {"api": "xiongichat-api", "pager": "xiongichat-pager", "watch": "xiong-watch"}
_ELSEWHERE = {
    "container_": "cAdvisor",
    "kubelet_": "the kubelet",
    "kube_": "kube-state-metrics",
    "pg_": "the exporter of PostgreSQL",
    "redis_": "the exporter of Redis",
}
# Why a query may rightly be empty: what it names, what Prometheus then says, and in words.
_MEANWHILE = "sum(increase(xiongichat_page_{}[1m])) == 0"
_WAITING = "xiong_notice_oldest_waiting_timestamp_seconds"
_NOTHING = (
    ("page_acknowledge", _MEANWHILE.format("acknowledge_seconds_count"), "no page was taken over meanwhile"),
    ("page_latency", _MEANWHILE.format("latency_seconds_count"), "no page was sent meanwhile"),
    ("page_hop", _MEANWHILE.format("hop_seconds_count"), "no page was sent meanwhile"),
    ("page_deliveries", "max(xiongichat_paging_configured) == 0", "paging.file is not set"),
    ("page_deliveries", _MEANWHILE.format("deliveries_total"), "no page was sent meanwhile"),
    ("xiongichat_oldest_page", "max(xiongichat_pages_open) == 0", "nobody waits: no page is open"),
    ("xiong_backup_rpo", "max(xiong_backup_rpo_seconds) < 0", "no backup was made here"),
    ("xiong_backup_last", "max(xiong_backup_last_timestamp_seconds) == 0", "no backup was made here"),
    ("xiong_backup_log", "max(xiong_backup_log_last_pass_timestamp_seconds) == 0", "no log is shipped here"),
    ("xiong_drill", "absent(xiong_drill_last_timestamp_seconds > 0)", "no drill ran here"),
    ("xiong_drill_heal", "max(xiong_drill_heal_seconds) == 0", "no drill was healed here"),
    ("notice_oldest_waiting", f"max({_WAITING}) == 0", "no notice waits to be sent"),
    ("xiongichat_memory:ratio", "max(xiongichat_memory_limit_bytes) == 0", "nothing limits memory here"),
)
_HTTPS = "xiong_certificate_expiry_timestamp_seconds"


async def prove(ground: Ground) -> list[Proof]:
    """A row for each query of a dashboard and each metric of a rule."""
    asked = [(query.title, query.expr) for query in boards.queries()]
    asked += [(f"metric {name}", name) for name in sorted(_metrics_of_rules())]
    asked = [(title, expr) for title, expr in asked if ground.wants(title)]
    instances = await ground.platform.instances()
    why = ground.collectors.missing() or _absent(instances)
    if why:
        return [Proof(AREA, title, Verdict.NOT_RUN, why=why) for title, _ in asked]
    labels = _metrics_of_rules()
    https = (await ground.platform.endpoint()).server_name is not None
    async with _scraping(ground, instances) as running:
        proofs = [
            await _proof(ground, running, title, expr, labels.get(expr, set()), https=https)
            for title, expr in asked
        ]
    for proof in proofs:
        if proof.verdict is Verdict.GAP:
            ground.progress(f"{proof.artifact}: {proof.why}")
    return proofs


def _absent(instances: Iterable[Instance]) -> str | None:
    ready = {instance.service for instance in instances if instance.state is InstanceState.READY}
    lacking = [service for service in _JOBS if service not in ready]
    return f"{', '.join(lacking)} not running here (xiong up)" if lacking else None


def _metrics_of_rules() -> dict[str, set[str]]:
    """{metric: labels asked of it}, without those that a rule makes."""
    recorded = scenarios.recorded()
    named: dict[str, set[str]] = defaultdict(set)
    for expr in [*recorded.values(), *(alert.expr for alert in scenarios.alerts())]:
        for metric, labels in expressions.metrics(expr).items():
            if metric not in recorded:
                named[metric] |= labels
    return named


async def _proof(
    ground: Ground, running: Running, title: str, expr: str, labels: set[str], *, https: bool
) -> Proof:
    elsewhere = next((who for begin, who in _ELSEWHERE.items() if expr.startswith(begin)), None)
    if elsewhere:
        return Proof(AREA, title, Verdict.NOT_RUN, why=f"comes from {elsewhere} on other platforms")
    if _HTTPS in expr and not https:
        return Proof(AREA, title, Verdict.NOT_RUN, why="HTTPS is not configured here")
    found: list[dict[str, Any]] = []

    async def answered() -> bool:
        found[:] = await _asked(running, expr)
        return any(entry["value"][1] != "NaN" for entry in found)

    try:
        await wait_for(answered, what=title, seconds=_left(ground, running), clock=ground.clock, every=0.5)
    except DeadlineError:
        for named, asks, why in _NOTHING:
            if named in expr and await _asked(running, asks):
                return Proof(AREA, title, Verdict.NOT_RUN, why=why)
        return Proof(AREA, title, Verdict.GAP, why="only NaN" if found else "no data")
    lacking = labels - {name for entry in found for name in entry["metric"]}
    if lacking:
        return Proof(AREA, title, Verdict.GAP, why=f"has no label {', '.join(sorted(lacking))}")
    return Proof(AREA, title, Verdict.PROVED, {"series": str(len(found))})


async def _asked(running: Running, expr: str) -> list[dict[str, Any]]:
    """The series of an instant query."""
    found: list[dict[str, Any]] = (await running.asked(f"/api/v1/query?query={quote(expr)}") or {}).get(
        "result", []
    )
    return found


def _left(ground: Ground, running: Running) -> float:
    """All queries share one deadline: what is not there by then will not come."""
    return max(1.0, _SECONDS - (ground.clock.monotonic() - running.since))


@asynccontextmanager
async def _scraping(ground: Ground, instances: Iterable[Instance]) -> AsyncIterator[Running]:
    assert ground.collectors.prometheus is not None, "looked for"  # noqa: S101
    assert ground.collectors.alertmanager is not None, "looked for"  # noqa: S101
    endpoint = await ground.platform.endpoint()
    run = f"prove-{secrets.token_hex(3)}"
    with tempfile.TemporaryDirectory(prefix="xiong-prove-") as place:
        folder = Path(place)
        async with (
            WebServer(_swallow) as server,
            lab.alertmanager(
                ground.collectors.alertmanager, folder / "routes", _routes(server.port), ground.clock
            ) as routes,
        ):
            quick = yaml.safe_dump(scaling.rules(shipped.groups(), _FACTOR), allow_unicode=True)
            files.write_atomic(folder / "scrape" / "rules.yml", quick.encode())
            program, clock = ground.collectors.prometheus, ground.clock
            async with (
                lab.prometheus(program, folder / "scrape", _settings(instances, routes.port), clock) as made,
                running_probe(endpoint, run, _PER_SECOND, clock),
            ):
                yield made


def _swallow(_: Request) -> Response:
    return Response(200)


def _routes(port: int) -> dict[str, Any]:
    document = shipped.load(shipped.folder() / "alertmanager" / "alertmanager.yml")
    return scaling.routes(
        shipped.with_receivers(document, lambda name: f"http://127.0.0.1:{port}/{quote(name)}"), _FACTOR
    )


def _settings(instances: Iterable[Instance], alertmanager_port: int) -> dict[str, Any]:
    """As the local Prometheus, every second, with the targets written out."""
    notifier = f"127.0.0.1:{alertmanager_port}"
    targets: dict[str, list[dict[str, Any]]] = defaultdict(list)
    targets["alertmanager"] = [{"targets": [notifier], "labels": {"instance": "alertmanager"}}]
    for instance in instances:
        if instance.service in _JOBS and instance.url:
            entry = {"targets": [urlsplit(instance.url).netloc], "labels": {"instance": instance.name}}
            targets[_JOBS[instance.service]].append(entry)
    targets["prometheus"] = [{"targets": [lab.ITSELF], "labels": {"instance": "prometheus"}}]
    return {
        "global": {
            "scrape_interval": "1s",
            "scrape_timeout": "1s",
            "evaluation_interval": "1s",
            "external_labels": {"cluster": "prove", "runbooks": "https://runbooks.invalid"},
        },
        "rule_files": ["rules.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [notifier]}]}]},
        "scrape_configs": [{"job_name": job, "static_configs": found} for job, found in targets.items()],
    }
