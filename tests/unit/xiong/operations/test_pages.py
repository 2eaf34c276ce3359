"""Pages as the tool sees them, with a service that says what the test wrote down."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import orjson
import pytest

from xiong.config.settings import PagingSettings, Settings
from xiong.errors import DeadlineError, ExitCode, PlatformError, PreflightError, UnhealthyError, UsageError
from xiong.operations import pages, rehearsal
from xiong.tools.http import Answer

OPENED = datetime(2026, 1, 1, tzinfo=UTC)
FIRST, SECOND = "aaaa0000-0000-4000-8000-000000000001", "aaaa1111-0000-4000-8000-000000000002"
SETTINGS = Settings(paging=PagingSettings(file=Path("paging.yaml")))


def delivery(state="waiting", *, channel="email", sent=None, received=None, attempts=0, error=None):
    moments = [None if s is None else (OPENED + timedelta(seconds=s)).isoformat() for s in (sent, received)]
    return {
        "contact": "probe-box",
        "channel": channel,
        "state": state,
        "attempts": attempts,
        "sent_at": moments[0],
        "received_at": moments[1],
        "error": error,
    }


def page(name=FIRST, *deliveries, state="open", step=0, by=None, opened=OPENED):
    return {
        "id": name,
        "kind": "canary",
        "level": "IMMINENT",
        "state": state,
        "opened_at": opened.isoformat(),
        "events": 1,
        "step": step,
        "application": "operator",
        "person": "p-1",
        "acknowledged_at": OPENED.isoformat() if by else None,
        "acknowledged_by": by,
        "deliveries": list(deliveries),
    }


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self):
        self.seconds = 0.0

    def now(self):
        return OPENED

    def monotonic(self):
        return self.seconds

    async def sleep(self, seconds):
        self.seconds += seconds


class Service:
    """Answers each call with the next thing that was written down for it; the last one again and again."""

    def __init__(self, **script):
        self.script = script
        self.asked = []

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        return None

    async def request(self, method, path, *, body=None, headers=None):
        self.asked.append((method, path, body))
        kind = next(k for k in ("acknowledgement", "open=true", "message=", "chat", "") if k in path)
        answers = self.script.get(kind.strip("=") or "all", [])
        said = answers.pop(0) if len(answers) > 1 else (answers or [(404, {})])[0]
        return None if said is None else Answer(said[0], {}, orjson.dumps(said[1]))


@pytest.fixture
def platform(monkeypatch):
    """Makes a platform whose service says these things."""

    def make(pager=True, **script):
        service = Service(**script)

        async def desk(_):
            return service

        async def instances(_):
            return ["pager"] if pager else []

        monkeypatch.setattr(pages, "desk", desk)
        return SimpleNamespace(instances=instances, service=service)

    return make


CHAT = (200, {"message_id": "m", "risk": {"level": "IMMINENT"}})


def listed(*found):
    return (200, {"pages": list(found)})


async def rehearse(platform, *, confirmed=False, settings=SETTINGS, seconds=10):
    told = []
    made = await rehearsal.rehearse(
        platform, settings, Clock(), told.append, seconds=seconds, confirmed=confirmed
    )
    return made, told


async def test_open_pages_come_first_and_the_newest_of_them_first(platform):
    later = OPENED + timedelta(hours=1)
    here = platform(
        **{
            "open=true": [listed(page(FIRST), page(SECOND, opened=later))],
            "all": [listed(page("bbbb", state="acknowledged", by="x", opened=later), page(FIRST))],
        }
    )

    found = (await pages.list_pages(here, all_of_them=True)).pages

    assert [p.id for p in found] == [SECOND, FIRST, "bbbb"]


async def test_a_beginning_names_a_page_only_when_no_other_begins_so(platform):
    here = platform(**{"open=true": [listed(page(FIRST), page(SECOND))], "all": [listed()]})

    assert (await pages.find(here, "AAAA0")).id == FIRST
    with pytest.raises(UsageError, match="2 pages"):
        await pages.find(here, "aaaa")
    with pytest.raises(UsageError, match="no page"):
        await pages.find(here, "cccc")


async def test_taking_over_says_whether_somebody_else_was_first(platform):
    taken = page(FIRST, state="acknowledged", by="nurse-a")
    here = platform(acknowledgement=[(200, taken)])

    assert (await pages.acknowledge(here, FIRST, "nurse-a")).first
    assert not (await pages.acknowledge(here, FIRST, "lead")).first
    assert here.service.asked[0][2] == {"by": "nurse-a", "via": "cli"}


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        (None, UnhealthyError, ExitCode.UNHEALTHY),
        ((403, {}), PlatformError, ExitCode.FAILED),
        ((503, {}), UnhealthyError, ExitCode.UNHEALTHY),
    ],
)
async def test_a_service_that_does_not_tell_is_an_error_of_its_kind(platform, answer, error, code):
    with pytest.raises(error) as caught:
        await pages.list_pages(platform(**{"open=true": [answer]}), all_of_them=False)
    assert caught.value.exit_code is code


async def test_a_rehearsal_reports_each_hop_and_closes_its_page(platform):
    here = platform(
        chat=[CHAT],
        message=[
            listed(),
            listed(page(step=-1)),
            listed(page(FIRST, delivery())),
            listed(page(FIRST, delivery("sent", sent=0.5))),
        ],
    )

    made, told = await rehearse(here)

    assert (made.ok, made.page, made.deliveries[0].sent_seconds) == (True, FIRST, 0.5)
    assert [line for line in told if "email to probe-box sent" in line]
    assert here.service.asked[-1][1].endswith(f"/{FIRST}/acknowledgement")
    assert here.service.asked[0][2]["person"].startswith("synthetic-")


async def test_a_rehearsal_that_must_be_confirmed_waits_for_the_receipt(platform):
    sent = listed(page(FIRST, delivery("sent", sent=0.5)))
    there = listed(page(FIRST, delivery("sent", sent=0.5, received=2.0)))
    made, _ = await rehearse(platform(chat=[CHAT], message=[sent, there]), confirmed=True)

    assert made.deliveries[0].received_seconds == 1.5
    with pytest.raises(DeadlineError, match=r"email to probe-box \(not confirmed\)"):
        await rehearse(platform(chat=[CHAT], message=[sent]), confirmed=True)


async def test_a_channel_that_fails_is_named_with_its_reason(platform):
    broken = delivery(channel="hook", attempts=2, error="refused: nobody listens there")
    here = platform(chat=[CHAT], message=[listed(page(FIRST, delivery("sent", sent=0.1), broken))])

    made, _ = await rehearse(here)

    assert made.faults == ("hook to probe-box: refused: nobody listens there",)
    assert (made.ok, made.hint is not None) == (False, True)


async def test_one_failed_try_may_still_be_mended(platform):
    once = page(FIRST, delivery(attempts=1, error="timeout: no answer"))
    mended = page(FIRST, delivery("sent", sent=3.0, attempts=2))
    made, _ = await rehearse(platform(chat=[CHAT], message=[listed(once), listed(mended)]))
    late, _ = await rehearse(platform(chat=[CHAT], message=[listed(once)]))

    assert made.ok
    assert late.faults == ("email to probe-box: timeout: no answer",)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (listed(), "no page was opened"),
        (listed(page(step=-1)), "no pager took page aaaa0000 up"),
        (listed(page(FIRST, delivery())), "not sent"),
    ],
)
async def test_what_does_not_happen_in_time_is_named(platform, found, said):
    with pytest.raises(DeadlineError, match=said) as caught:
        await rehearse(platform(chat=[CHAT], message=[found]))
    assert caught.value.exit_code is ExitCode.DEADLINE


@pytest.mark.parametrize(
    ("settings", "pager", "script", "said"),
    [
        (Settings(), True, {}, "paging.file is not set"),
        (SETTINGS, False, {}, "no pager runs"),
        (SETTINGS, True, {"message": [listed(page(step=0))]}, "canary.recipients"),
    ],
)
async def test_where_nobody_would_be_called_it_says_what_is_missing(platform, settings, pager, script, said):
    with pytest.raises(PreflightError, match=said) as caught:
        await rehearse(platform(pager=pager, chat=[CHAT], **script), settings=settings)
    assert caught.value.hint
    assert caught.value.exit_code is ExitCode.FAILED
