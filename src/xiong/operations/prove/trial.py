"""One alert on its own Prometheus: what that is told, and the wait for fire, arrival and end."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import orjson
import yaml

from xiong.operations.prove import scaling
from xiong.operations.prove.lab import Running
from xiong.operations.prove.provoking import Provocation
from xiong.operations.prove.receiver import Arrival, Receiver
from xiong.operations.prove.scenarios import Alert
from xiong.platforms import shipped
from xiong.tools import files
from xiong.tools.clock import Clock, wait_for

_SLACK_SECONDS = 45.0
_ARRIVE_SECONDS = 60.0
_RESOLVE_SECONDS = 180.0
_LOOK_SECONDS = 0.25


class Trial:
    """An alert, its provocation and its cluster label."""

    def __init__(
        self, alert: Alert, cluster: str, provocation: Provocation, receiver: Receiver, clock: Clock
    ) -> None:
        self._alert = alert
        self._cluster = cluster
        self._provocation = provocation
        self._receiver = receiver
        self._clock = clock

    def settings(self, alertmanager_port: int) -> dict[str, Any]:
        """Of its Prometheus."""
        jobs = sorted(self._provocation.jobs())
        alertmanager = {"static_configs": [{"targets": [f"127.0.0.1:{alertmanager_port}"]}]}
        return {
            "global": {
                "scrape_interval": "1s",
                "scrape_timeout": "1s",
                "evaluation_interval": "1s",
                "external_labels": {"cluster": self._cluster, "runbooks": "https://runbooks.invalid"},
            },
            "rule_files": ["rules.yml"],
            "alerting": {
                "alert_relabel_configs": [{"action": "labeldrop", "regex": "runbooks"}],
                "alertmanagers": [alertmanager],
            },
            "scrape_configs": [
                {"job_name": job, "file_sd_configs": [{"files": [f"targets/{job}.json"]}]} for job in jobs
            ],
        }

    def place_rules(self, folder: Path, factor: float) -> None:
        """The shipped rules in quick motion."""
        document = scaling.rules(shipped.groups(), factor)
        files.write_atomic(folder / "rules.yml", yaml.safe_dump(document, allow_unicode=True).encode())

    def place_targets(self, folder: Path, address: str) -> None:
        """Who is to be scraped now; all scrapes go to one server, and the path says who is meant."""
        entries: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for target in self._provocation.targets():
            path = f"/{self._cluster}/{self._provocation.number(target)}"
            labels = {"instance": target.instance, "__metrics_path__": path}
            entries[target.job].append({"targets": [address], "labels": labels})
        for job in self._provocation.jobs():
            file = folder / "targets" / f"{job}.json"
            document = orjson.dumps(entries[job])
            if not file.is_file() or file.read_bytes() != document:
                files.write_atomic(file, document)

    async def keep_targets(self, folder: Path, address: str) -> None:
        """Never returns."""
        while True:
            self.place_targets(folder, address)
            await self._clock.sleep(_LOOK_SECONDS)

    async def play(self, running: Running, expected_seconds: float, steps: dict[str, str]) -> None:
        """Fire, arrival, end; what was seen is written into `steps` as it comes.

        Raises:
            DeadlineError: one of them was not seen.
        """
        await self._until(lambda: self._is_set(running), "its targets are scraped", _SLACK_SECONDS)
        begun = self._clock.monotonic()
        self._provocation.begin()

        def since() -> str:
            return f"{self._clock.monotonic() - begun:.1f} s"

        async def fires() -> bool:
            return await self._fires(running)

        async def is_quiet() -> bool:
            return not await self._fires(running)

        await self._until(fires, "it fires", round(expected_seconds + _SLACK_SECONDS))
        steps["fire"] = since()
        arrival = await self._until(self._arrived, "it arrives", _ARRIVE_SECONDS)
        steps["arrive"] = f"{since()} by {arrival.receiver}"
        if self._always():
            await self._until(self._repeated, "it arrives again", _ARRIVE_SECONDS)
            steps["resolve"] = f"never, by design; came again after {since()}"
            return
        begun = self._clock.monotonic()
        self._provocation.heal()
        await self._until(is_quiet, "it resolves", _RESOLVE_SECONDS)
        await self._until(self._resolved, "its end arrives", _RESOLVE_SECONDS)
        steps["resolve"] = since()

    async def seen(self, running: Running) -> str:
        """The alerts that stand, for an explanation."""
        found = await running.asked("/api/v1/alerts") or {"alerts": []}
        states = {f"{a['labels'].get('alertname')} {a['state']}" for a in found["alerts"]}
        return f"alerts now: {', '.join(sorted(states)) or 'none'}"

    async def _until(self, condition: Any, what: str, seconds: float) -> Any:
        return await wait_for(condition, what=what, seconds=seconds, clock=self._clock, every=_LOOK_SECONDS)

    async def _is_set(self, running: Running) -> bool:
        """Alertmanager is found, every target is scraped, and nothing fires yet."""
        notifiers = await running.asked("/api/v1/alertmanagers") or {}
        targets = (await running.asked("/api/v1/targets?state=active") or {}).get("activeTargets", [])
        scraped = [target for target in targets if target["health"] == "up"]
        if not notifiers.get("activeAlertmanagers") or len(scraped) < len(self._provocation.targets()):
            return False
        return self._always() or not await self._fires(running)

    async def _fires(self, running: Running) -> bool:
        found = await running.asked("/api/v1/alerts")
        if found is None:
            return False
        return any(a["state"] == "firing" and self._alert.made(a["labels"]) for a in found["alerts"])

    async def _arrived(self) -> Arrival | None:
        return next(iter(self._arrivals("firing")), None)

    async def _repeated(self) -> bool:
        return len(self._arrivals("firing")) > 1

    async def _resolved(self) -> bool:
        return bool(self._arrivals("resolved"))

    def _arrivals(self, status: str) -> list[Arrival]:
        return [
            one
            for one in self._receiver.arrivals
            if one.status == status
            and one.labels.get("cluster") == self._cluster
            and self._alert.made(one.labels)
        ]

    def _always(self) -> bool:
        return self._alert.expr.strip() == "vector(1)"
