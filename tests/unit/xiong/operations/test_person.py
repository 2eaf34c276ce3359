"""One person's data as the tool asks for it, with a release that says what the test wrote down."""

from datetime import UTC, datetime
from types import SimpleNamespace

import orjson
import pytest

from xiong.errors import ExitCode, PlatformError, PreflightError, UsageError
from xiong.model.task import TaskResult
from xiong.operations import person, preflight

DOCUMENT = {"person": "p-1", "person_hmac": "digest", "messages": [{"content": "x"}], "left_out": ["a.b"]}
ERASED = {
    "erased": {"messages": 4},
    "already": False,
    "dry_run": False,
    "erasure": "entry",
    "person_hmac": "digest",
}


@pytest.fixture
def platform(monkeypatch):
    """Makes a platform whose release prints this."""

    def make(printed, code=0, errors=""):
        made = SimpleNamespace(tasks=[], kept=[])

        async def running_release(_):
            return None, None

        async def run_task(_, task):
            made.tasks.append(task)
            out = printed if isinstance(printed, str) else orjson.dumps(printed).decode()
            return TaskResult(code, out, errors, 0.1)

        async def write(kind, name, document):
            made.kept.append(document)

        monkeypatch.setattr(preflight, "running_release", running_release)
        made.run_task, made.records = run_task, SimpleNamespace(write=write)
        return made

    return make


CLOCK = SimpleNamespace(now=lambda: datetime(2026, 1, 1, tzinfo=UTC))


async def erase(platform, *, dry_run=False, application=None):
    return await person.erase(
        platform,
        CLOCK,
        person="p-1",
        application=application,
        reason="asked",
        force_open_page=False,
        dry_run=dry_run,
    )


async def test_an_export_goes_to_a_file_that_we_alone_can_read(platform, tmp_path):
    here = platform(DOCUMENT)
    made = await person.export(here, CLOCK, person="p-1", application=None, out=tmp_path / "p.json")

    assert (made.rows, made.document) == ({"messages": 1}, None)
    assert (tmp_path / "p.json").stat().st_mode & 0o777 == 0o600
    assert orjson.loads((tmp_path / "p.json").read_bytes()) == DOCUMENT


async def test_each_request_is_recorded_without_the_person(platform):
    here = platform(DOCUMENT)
    await person.export(here, CLOCK, person="p-1", application=None, out=None)
    gone = platform(ERASED)
    await erase(gone)

    (export,), (erasure,) = here.kept, gone.kept
    assert (export["verb"], erasure["verb"], erasure["reason"]) == ("export", "erase", "asked")
    assert "p-1" not in str(export) + str(erasure)
    assert export["person"] == erasure["person"] == "digest"


async def test_a_dry_run_asks_for_one_and_records_nothing(platform):
    here = platform({**ERASED, "dry_run": True, "erasure": None})
    made = await erase(here, dry_run=True, application="web")

    assert made.dry_run
    assert here.kept == []
    assert "--dry-run" in here.tasks[0].arguments
    assert here.tasks[0].arguments[:4] == ("erase", "p-1", "--application", "web")


@pytest.mark.parametrize(
    ("printed", "code", "errors", "error", "said"),
    [
        ({"error": "an open page", "kind": "open_page", "hint": "h"}, 1, "", PreflightError, "an open page"),
        ({"error": "away", "kind": "cache_away", "hint": "again"}, 1, "", PlatformError, "away"),
        ("", 2, "usage: x\nx: error: argument person: no id of a person", UsageError, "no id of a person"),
        ("", 1, "No module named api.person", PlatformError, "No module named"),
        ("", 0, "", PlatformError, "it said nothing"),
    ],
)
async def test_a_refusal_keeps_its_words_and_its_kind(platform, printed, code, errors, error, said):
    here = platform(printed, code, errors)
    with pytest.raises(error, match=said) as caught:
        await erase(here)
    assert caught.value.exit_code is not ExitCode.DONE
    assert here.kept == []
