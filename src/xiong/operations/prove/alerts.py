"""Area `alerts`: each is provoked on a real Prometheus, arrives through Alertmanager's routes, and ends.

Rules and routes are the shipped ones in quick motion (`scaling`). Each provocation has a Prometheus of its
own, since the service is one: what one alert needs would silence or provoke another. They share one
Alertmanager, which keeps them apart by the label `cluster`.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from xiong.errors import DeadlineError, XiongError
from xiong.operations.prove import lab, scaling, scenarios
from xiong.operations.prove.ground import Ground
from xiong.operations.prove.lab import Running
from xiong.operations.prove.matrix import Proof, Verdict
from xiong.operations.prove.provoking import Provocation
from xiong.operations.prove.receiver import Receiver
from xiong.operations.prove.scenarios import Alert, Scenario
from xiong.operations.prove.trial import Trial
from xiong.platforms import shipped
from xiong.tools.web import Request, Response, WebServer

AREA = "alerts"
_SIDE_BY_SIDE = 10
_ROUTES_FACTOR = 60.0


@dataclass(frozen=True)
class _Case:
    """An alert with what provokes it."""

    number: int
    alert: Alert
    scenario: Scenario
    factor: float


async def prove(ground: Ground) -> list[Proof]:
    """A row for each alerting rule."""
    wanted = [alert for alert in scenarios.alerts() if ground.wants(alert.name)]
    lacking = ground.collectors.missing()
    if lacking:
        return [Proof(AREA, alert.title, Verdict.NOT_RUN, why=lacking) for alert in wanted]
    recorded = scenarios.recorded()
    proofs: dict[str, Proof] = {}
    cases = []
    for number, alert in enumerate(wanted):
        scenario = scenarios.scenario_for(alert)
        if scenario is None:
            proofs[alert.title] = Proof(AREA, alert.title, Verdict.GAP, why="no promtool case fires it")
        else:
            factor = scaling.factor_for(alert.expr, recorded, scenario.fires_at)
            cases.append(_Case(number, alert, scenario, factor))
    async with _stage(ground) as stage:
        # The longest begin first, so that none of them is waited for alone.
        cases.sort(key=lambda case: case.scenario.fires_at / case.factor, reverse=True)
        for proof in await asyncio.gather(*(stage.play(case) for case in cases)):
            proofs[proof.artifact] = proof
    return [proofs[alert.title] for alert in wanted]


class _Stage:
    """What all provocations share."""

    def __init__(self, ground: Ground, folder: Path) -> None:
        self._ground = ground
        self._folder = folder
        self._provocations: dict[str, Provocation] = {}
        self._room = asyncio.Semaphore(_SIDE_BY_SIDE)
        self.receiver = Receiver(ground.clock)
        self.address = ""
        self.alertmanager_port = 0

    def answer(self, request: Request) -> Response:
        """Exporters below /CLUSTER/NUMBER, the receiver below /hear/NAME."""
        kind, _, rest = request.path.removeprefix("/").partition("/")
        if kind == "hear":
            return self.receiver.hear(rest, request)
        found = self._provocations.get(kind)
        return found.answer(int(rest)) if found and rest.isdigit() else Response(404)

    async def play(self, case: _Case) -> Proof:
        """One provocation from its beginning to its end."""
        async with self._room:
            try:
                proof = await self._played(case)
            except (XiongError, OSError) as error:
                why = error.message if isinstance(error, XiongError) else str(error)
                proof = Proof(AREA, case.alert.title, Verdict.GAP, why=why)
        told = ", ".join(f"{step} {how}" for step, how in proof.steps.items())
        self._ground.progress(
            f"{proof.artifact}: {proof.verdict}, {told}{' ' if proof.why else ''}{proof.why}"
        )
        return proof

    async def _played(self, case: _Case) -> Proof:
        assert self._ground.collectors.prometheus is not None, "looked for"  # noqa: S101
        cluster = f"case-{case.number}"
        clock = self._ground.clock
        provocation = self._provocations[cluster] = Provocation(case.scenario, case.factor, clock)
        trial = Trial(case.alert, cluster, provocation, self.receiver, clock)
        folder = self._folder / cluster
        trial.place_rules(folder, case.factor)
        trial.place_targets(folder, self.address)
        settings = trial.settings(self.alertmanager_port)
        async with lab.prometheus(self._ground.collectors.prometheus, folder, settings, clock) as running:
            return await self._watched(trial, running, folder, case)

    async def _watched(self, trial: Trial, running: Running, folder: Path, case: _Case) -> Proof:
        placing = asyncio.create_task(trial.keep_targets(folder, self.address))
        steps = {"speed": f"{case.factor:.0f} times"}
        try:
            await trial.play(running, case.scenario.fires_at / case.factor, steps)
        except DeadlineError as error:
            seen = await trial.seen(running)
            return Proof(AREA, case.alert.title, Verdict.GAP, steps, f"{error.message} ({seen})")
        finally:
            placing.cancel()
        return Proof(AREA, case.alert.title, Verdict.PROVED, steps)


@asynccontextmanager
async def _stage(ground: Ground) -> AsyncIterator[_Stage]:
    """The exporters, the receiver and one Alertmanager."""
    assert ground.collectors.alertmanager is not None, "looked for"  # noqa: S101
    with tempfile.TemporaryDirectory(prefix="xiong-prove-") as place:
        folder = Path(place)
        stage = _Stage(ground, folder)
        async with WebServer(stage.answer) as server:
            stage.address = f"127.0.0.1:{server.port}"
            document = shipped.load(shipped.folder() / "alertmanager" / "alertmanager.yml")
            routed = shipped.with_receivers(
                document, lambda name: f"http://{stage.address}/hear/{quote(name, safe='')}"
            )
            settings = scaling.routes(routed, _ROUTES_FACTOR)
            program = ground.collectors.alertmanager
            async with lab.alertmanager(program, folder / "routes", settings, ground.clock) as running:
                stage.alertmanager_port = running.port
                yield stage
