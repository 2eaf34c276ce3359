"""Which lines of a log are recent enough, and few enough."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from xiong.config.settings import Settings
from xiong.operations.bundle import logs
from xiong.operations.bundle.part import Subject
from xiong.tools.clock import SystemClock

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


class Logged:
    """A platform as far as it logs."""

    def __init__(self, *lines: str) -> None:
        self.lines = lines

    async def logs(self, service: str | None, *, follow: bool) -> AsyncIterator[tuple[str, bytes]]:
        for line in self.lines:
            yield "api-0", line.encode()


async def recent(*lines: str, since: datetime = AT) -> list[str]:
    subject = Subject(Logged(*lines), Settings(), SystemClock(), since)  # type: ignore[arg-type]
    (part,) = await logs.parts(subject)
    assert part.name == "logs/api-0.log"
    return [str(piece) async for piece in part.pieces(subject)]


@pytest.mark.parametrize(
    "line",
    [
        '{"@timestamp":"2026-03-04T05:06:07.123+00:00","message":"x"}',
        '{"@timestamp":"2026-03-04T13:06:07.123+08:00","message":"x"}',
        "2026-03-04 05:06:07.123 UTC [17542] LOG:  x",
        "2026-03-04 05:06:07,123 INFO x",
        "ts=2026-03-04T05:06:07.123Z caller=main.go:241 x",
        '{"level":"warn","ts":1772600767.02,"msg":"x"}',
        "17562:M 04 Mar 2026 05:06:07.859 * x",
    ],
)
async def test_the_time_of_a_line_is_read_whoever_wrote_it(line):
    assert logs.moment(line).replace(microsecond=0) == AT
    assert await recent(line, since=AT) != []
    assert await recent(line, since=AT + timedelta(seconds=1)) == []


async def test_a_line_without_a_time_goes_with_the_one_before():
    lines = ("2026-03-04 05:06:06 UTC old", "  its rest", "2026-03-04 05:06:08 UTC new", "  its rest too")

    assert await recent(*lines) == ["2026-03-04 05:06:08 UTC new", "  its rest too"]


async def test_a_log_that_never_says_a_time_is_recent():
    assert await recent("· watch leads") == ["· watch leads"]


async def test_of_a_long_log_the_newest_lines_are_kept_and_the_others_counted():
    lines = [f"line {number:>6} {'x' * 1000}" for number in range(400)]

    found = await recent(*lines)

    assert found[-1] == lines[-1]
    assert len(found) < 300
    assert found[0] == f"[{400 - len(found) + 1} older lines were left out: 256 KiB of each log]"


async def test_the_time_of_valkey_is_told_as_others_tell_theirs():
    assert await recent("17562:M 04 Mar 2026 05:06:07.859 * Ready") == [
        "2026-03-04T05:06:07.859Z 17562:M * Ready"
    ]
