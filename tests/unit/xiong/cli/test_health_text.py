"""What people see of the deep checks: calm, aligned, and the next command below what is not well."""

from datetime import UTC, datetime

from xiong.cli import health
from xiong.model.health import Figure, Finding, HealthReport, Verdict

REPORT = HealthReport(
    datetime(2026, 6, 1, 12, tzinfo=UTC),
    Verdict.DEGRADED,
    (
        Finding("disk", Verdict.HEALTHY, "state [half] free", figures=(Figure("free", 0.5, "share", 0.1),)),
        Finding(
            "database",
            Verdict.DEGRADED,
            "2 sessions idle",
            hint="xiong recover database",
            figures=(
                Figure("idle in transaction", 2),
                Figure("longest", 61.25, "s", 30),
                Figure("memory", 3 * 2**20, "bytes"),
            ),
        ),
        Finding("certificate", Verdict.NOT_RUN, "no HTTPS"),
    ),
    0.421,
)


def test_each_check_is_one_line_and_what_is_not_well_names_the_next_command(capsys):
    health._text(REPORT, "local", with_figures=False)

    assert capsys.readouterr().out.splitlines() == [
        "degraded  local, 3 checks in 0.42 s, 2026-06-01 12:00:00 UTC",
        "  disk         healthy    state [half] free",
        "  database     degraded   2 sessions idle",
        "                          next  xiong recover database",
        "  certificate  not run    no HTTPS",
    ]


def test_with_figures_each_stands_beside_the_limit_it_was_held_against(capsys):
    health._text(REPORT, "local", with_figures=True)

    shown = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert "free  50.0%   (limit 10.0%)" in shown
    assert "idle in transaction  2" in shown
    assert "longest  61.250 s   (limit 30.000 s)" in shown
    assert "memory  3.0 MiB" in shown
