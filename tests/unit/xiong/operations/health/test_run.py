"""How the checks are looked with: side by side, each with its own deadline, none hiding another."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from console_stage import SmallPlatform
from planted import leaks, planted
from xiong.config.settings import Settings
from xiong.errors import PlatformError, UsageError
from xiong.model.health import Finding, HealthReport, Verdict
from xiong.operations.health.check import Check
from xiong.operations.health.memory import Memory
from xiong.operations.health.registry import CHECKS
from xiong.operations.health.run import examine
from xiong.operations.health.scene import Scene
from xiong.tools.clock import SystemClock

Look = Callable[[Scene], Awaitable[Finding]]


class SetClock:
    """A clock that a test turns on."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


async def well(_: Scene) -> Finding:
    return Finding("", Verdict.HEALTHY, "all is well")


async def hang(_: Scene) -> Finding:
    await asyncio.Event().wait()
    raise AssertionError


def raising(error: BaseException) -> Look:
    async def look(_: Scene) -> Finding:
        raise error

    return look


@pytest.fixture
def looked(tmp_path):
    """Looks with these checks; `total` is the time for all of them."""
    platform = SmallPlatform(tmp_path, "http://127.0.0.1:1")

    async def look(*checks: Check, names=(), total: float = 15, clock=None, memory=None) -> HealthReport:
        settings = Settings.model_validate({"health": {"total_timeout_seconds": total}})
        clock = clock or SystemClock()
        return await examine(platform, settings, clock, names, checks=checks, memory=memory)

    return look


async def test_a_check_that_raises_is_unhealthy_in_words_and_hides_no_other(looked):
    error = PlatformError("the proxy said nothing", hint="xiong up")

    report = await looked(Check("a", well), Check("b", raising(error)), Check("c", well))

    assert [f.check for f in report.findings] == ["a", "b", "c"]
    assert [f.verdict for f in report.findings] == [Verdict.HEALTHY, Verdict.UNHEALTHY, Verdict.HEALTHY]
    assert report.findings[1].summary == "the check itself failed: PlatformError: the proxy said nothing"
    assert (report.findings[1].hint, report.findings[1].cause) == ("xiong up", "failed")
    assert report.verdict is Verdict.UNHEALTHY


@pytest.mark.parametrize("identity", planted(), ids=lambda identity: identity.kind)
async def test_what_an_error_quotes_is_told_without_personal_data(looked, identity):
    report = await looked(Check("a", raising(ValueError(f"bad row:\n{identity.sentence}"))))

    told = report.findings[0].summary
    assert told.startswith("the check itself failed: ValueError: bad row: ")
    assert leaks({"finding": told.encode()}) == []


async def test_a_check_that_hangs_is_given_up_at_its_own_deadline(looked):
    report = await looked(Check("a", hang, timeout_seconds=0.05), Check("b", well))

    assert report.findings[0].summary == "gave no result within its 0.05 s"
    assert report.findings[0].cause == "late"
    assert report.findings[1].verdict is Verdict.HEALTHY


async def test_a_timeout_of_its_own_is_the_checks_error_and_not_our_deadline(looked):
    report = await looked(Check("a", raising(TimeoutError("the socket")), timeout_seconds=60))

    assert report.findings[0].summary == "the check itself failed: TimeoutError: the socket"


async def test_a_check_that_is_cancelled_from_within_is_unhealthy_and_hides_no_other(looked):
    report = await looked(Check("a", raising(asyncio.CancelledError())), Check("b", well))

    assert report.findings[0].summary == "the check itself failed: CancelledError"
    assert report.findings[1].verdict is Verdict.HEALTHY


async def test_the_total_ends_all_that_is_not_done_and_keeps_what_is(looked):
    report = await looked(Check("a", hang, timeout_seconds=60), Check("b", well), total=0.05)

    assert report.findings[0].verdict is Verdict.UNHEALTHY
    assert "within the 0.05 s for all checks" in report.findings[0].summary
    assert report.findings[1].verdict is Verdict.HEALTHY


async def test_a_check_that_will_not_be_cancelled_does_not_hold_the_look_up(looked):
    released = asyncio.Event()

    async def stubborn(_: Scene) -> Finding:
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                continue
        return Finding("", Verdict.HEALTHY, "at last")

    async with asyncio.timeout(10):
        report = await looked(Check("a", stubborn, timeout_seconds=0.01), Check("b", well), total=0.05)
    released.set()

    assert [f.verdict for f in report.findings] == [Verdict.UNHEALTHY, Verdict.HEALTHY]


async def test_ctrl_c_ends_the_look_and_every_check_of_it(looked):
    ended = []
    begun = asyncio.Event()

    async def noting(_: Scene) -> Finding:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)
        raise AssertionError

    work = asyncio.create_task(looked(Check("a", noting)))
    await begun.wait()
    work.cancel()

    with pytest.raises(asyncio.CancelledError):
        await work
    assert ended == [True]


async def test_the_checks_run_side_by_side(looked):
    met = asyncio.Barrier(3)

    async def meet(_: Scene) -> Finding:
        await met.wait()
        return Finding("", Verdict.HEALTHY, "met")

    report = await looked(*(Check(name, meet, timeout_seconds=10) for name in "abc"))

    assert report.verdict is Verdict.HEALTHY


async def test_a_thousand_checks_are_a_thousand_looks_and_one_question_to_the_platform(tmp_path):
    counts = {"looks": 0, "questions": 0}

    class Counting(SmallPlatform):
        async def instances(self, service: str | None = None):
            counts["questions"] += 1
            return await super().instances(service)

    async def look(scene: Scene) -> Finding:
        counts["looks"] += 1
        await scene.instances("api")
        return Finding("", Verdict.HEALTHY, "")

    checks = [Check(f"c{number}", look, depends_on=("c0",)) for number in range(1000)]
    platform = Counting(tmp_path, "http://127.0.0.1:1")

    report = await examine(platform, Settings(), SystemClock(), checks=checks)

    assert counts == {"looks": 1000, "questions": 1}
    assert [f.check for f in report.findings] == [check.name for check in checks]
    assert report.verdict is Verdict.HEALTHY


async def test_a_check_that_is_given_up_does_not_end_what_another_waits_for(looked):
    answered = asyncio.Event()
    given_up = asyncio.Event()

    async def ask() -> str:
        await answered.wait()
        return "well"

    async def patient(scene: Scene) -> Finding:
        given_up.set()
        return Finding("", Verdict.HEALTHY, await scene.once("same", ask))

    async def hasty(scene: Scene) -> Finding:
        try:
            return Finding("", Verdict.HEALTHY, await scene.once("same", ask))
        finally:
            await given_up.wait()
            answered.set()

    report = await looked(Check("a", hasty, timeout_seconds=0.01), Check("b", patient, timeout_seconds=10))

    assert [f.cause for f in report.findings] == ["late", ""]
    assert report.findings[1].summary == "well"


async def test_only_those_that_are_named_are_looked_with_in_the_order_of_all(looked):
    checks = [Check(name, well) for name in "abc"]

    report = await looked(*checks, names=("c", "a"))

    assert [f.check for f in report.findings] == ["a", "c"]


async def test_an_unknown_name_is_refused_with_those_that_exist(looked):
    with pytest.raises(UsageError, match=r"no check x, y: expected one of a, b$"):
        await looked(Check("a", well), Check("b", well), names=("x", "a", "y"))


async def test_with_a_memory_a_check_is_not_looked_with_before_its_time(looked):
    clock, memory, looks = SetClock(), Memory(), []

    async def look(_: Scene) -> Finding:
        looks.append(clock.seconds)
        return Finding("", Verdict.HEALTHY, f"look {len(looks)}")

    check = Check("a", look, every_seconds=60)
    told = []
    for later in (0, 30, 29, 1):
        clock.seconds += later
        told.append((await looked(check, clock=clock, memory=memory)).findings[0].summary)

    assert told == ["look 1", "look 1", "look 1", "look 2"]


async def test_without_a_memory_every_check_is_looked_with(looked):
    looks = []

    async def look(_: Scene) -> Finding:
        looks.append(1)
        return Finding("", Verdict.HEALTHY, "")

    for _ in range(2):
        await looked(Check("a", look, every_seconds=60))

    assert len(looks) == 2


async def test_what_was_not_run_makes_nothing_worse(looked):
    async def absent(_: Scene) -> Finding:
        return Finding("", Verdict.NOT_RUN, "no HTTPS")

    assert (await looked(Check("a", absent), Check("b", well))).verdict is Verdict.HEALTHY


def test_what_a_check_depends_on_comes_before_it():
    names = [check.name for check in CHECKS]

    assert len(set(names)) == len(names)
    for check in CHECKS:
        assert all(names.index(other) < names.index(check.name) for other in check.depends_on), check.name
