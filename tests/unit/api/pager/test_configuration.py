"""PAGING_FILE: what comes out of a good one, and what is said about a bad one."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from api.pager.channels.settings import LineSettings, SlackSettings, SmtpSettings, WebhookSettings
from api.pager.checking import check
from api.pager.configuration import load
from api.pager.places import ConfigurationError
from api.pager.rota import TAIPEI
from unit.api.pager.files import REMOVED, WHOLE, changed, written

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=TAIPEI)
NIGHT = datetime(2026, 11, 25, 23, 0, tzinfo=TAIPEI)
EXAMPLE = Path(__file__).resolve().parents[4] / "deployment" / "paging.example.yaml"


def fault(folder, document):
    with pytest.raises(ConfigurationError) as caught:
        load(written(folder, document))
    return str(caught.value)


def told(configuration, step, at):
    return [(t.contact, t.channel, t.address) for t in configuration.targets(step, at)]


def test_a_whole_file_becomes_settings(tmp_path):
    read = load(written(tmp_path))

    assert read.channels == {
        "email": SmtpSettings(
            "mail.example.invalid",
            587,
            "starttls",
            "xiong@example.invalid",
            "xiong",
            Path("/run/secrets/smtp"),
        ),
        "hook": WebhookSettings(Path("/run/secrets/hook")),
        "slack": SlackSettings(),
        "line": LineSettings(Path("/run/secrets/line"), "https://api.line.me"),
    }
    assert read.contacts == WHOLE["contacts"]
    assert [step.acknowledge_minutes for step in read.policy.steps] == [5, 5]
    assert read.canary is not None
    assert read.canary.heartbeat_url_file == Path("/run/secrets/heartbeat")


def test_a_step_tells_whoever_is_on_call_on_the_channels_of_the_step_in_its_order(tmp_path):
    read = load(written(tmp_path))

    assert told(read, 0, NOON) == [("nurse-a", "line", "U123"), ("nurse-a", "email", "a@example.invalid")]
    assert told(read, 0, NIGHT) == [("lead", "email", "lead@example.invalid")]


def test_a_step_without_channels_tells_on_all_channels_and_nobody_twice(tmp_path):
    read = load(written(tmp_path))
    lead = [("lead", "email", "lead@example.invalid"), ("lead", "hook", "https://example.invalid/hook")]

    assert told(read, 1, NOON)[2:] == lead
    assert told(read, 1, NIGHT) == lead


def test_a_step_beyond_the_last_is_the_last_because_the_file_may_have_become_shorter(tmp_path):
    read = load(written(tmp_path))

    assert read.targets(7, NOON) == read.targets(1, NOON)


def test_rehearsals_go_to_the_canary_recipients_only(tmp_path):
    read = load(written(tmp_path))
    without = load(written(tmp_path, changed("canary", REMOVED)))

    assert [(t.contact, t.channel) for t in read.canary_targets()] == [("probe-box", "email")]
    assert without.canary_targets() == []


def test_steps_go_round_and_then_the_last_one_repeats_for_ever(tmp_path):
    policy = load(written(tmp_path)).policy
    place, seen = (0, -1), []
    for _ in range(7):
        place = policy.following(*place)
        seen.append(place)

    assert seen == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 1), (3, 1), (4, 1)]


def test_a_policy_of_one_step_repeats_it_under_a_new_round_each_time(tmp_path):
    policy = load(written(tmp_path, changed("policy", {"steps": [{"notify": ["lead"]}]}))).policy

    assert policy.following(0, -1) == (0, 0)
    assert policy.following(0, 0) == (1, 0)
    assert policy.following(1, 0) == (2, 0)


def test_an_address_is_found_by_contact_and_channel_and_absent_where_it_was_taken_away(tmp_path):
    read = load(written(tmp_path))

    assert read.address("lead", "hook") == "https://example.invalid/hook"
    assert read.address("lead", "line") is None
    assert read.address("gone", "line") is None


def test_what_is_printed_of_a_configuration_holds_no_address(tmp_path):
    read = load(written(tmp_path))

    assert "a@example.invalid" not in repr(read) + repr(read.targets(0, NOON))
    assert "U123" not in repr(read) + repr(read.targets(0, NOON))


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (
            "policy/steps/1/notify",
            ["leda"],
            "policy.steps[1].notify: no contact 'leda'; there are nurse-a, lead, ",
        ),
        ("policy/steps/0/channels", ["sms"], "policy.steps[0].channels: no channel 'sms'; there are "),
        ("policy/steps/0/channels", ["line"], "policy.steps[0].channels: lead has none of line"),
        ("policy/steps/0/channels", ["slack"], "policy.steps[0].channels: lead has none of slack"),
        ("policy/steps/0/chanels", ["line"], "policy.steps[0]: unknown key 'chanels'; known are notify, "),
        ("policy/steps/0/acknowledge_minutes", 0, "policy.steps[0].acknowledge_minutes: must be a number of"),
        (
            "policy/steps/0/acknowledge_minutes",
            "5",
            "policy.steps[0].acknowledge_minutes: must be a number of",
        ),
        ("policy/steps", [], "policy.steps: must be a list with at least one entry"),
        ("policy/repeat", 0, "policy.repeat: must be a whole number from 1 to 100"),
        ("policy/repeat", 1.5, "policy.repeat: must be a whole number from 1 to 100"),
        ("policy", REMOVED, "'policy' is missing"),
        ("polices", {}, "unknown key 'polices'; known are channels, "),
        ("contacts/lead/sms", "0900", "contacts.lead: no channel 'sms'; there are "),
        ("contacts/lead/email", "lead", "contacts.lead.email: must be a mail address, or file:/path"),
        (
            "contacts/lead/email",
            "a@example.invalid\nBcc: b@example.invalid",
            "contacts.lead.email: must be one line",
        ),
        ("contacts/lead/hook", "http://example.invalid/", "contacts.lead.hook: must be an https:// address"),
        ("contacts/team/slack", "file:slack", "contacts.team.slack: after file: must come an absolute path"),
        ("contacts/on-call", {"line": "U1"}, "contacts.on-call: 'on-call' is whoever the rota names"),
        ("contacts/nurse-a/line", 123, "contacts.nurse-a.line: must be text; put it in quotes"),
        ("contacts/nurse-a", {}, "contacts.nurse-a: must be a mapping with at least one entry"),
        ("channels/email/kind", "pigeon", "channels.email.kind: must be one of smtp, webhook, slack, line"),
        ("channels/email/kind", REMOVED, "channels.email: 'kind' is missing"),
        ("channels/email/port", 70000, "channels.email.port: must be a whole number from 1 to 65535"),
        ("channels/email/security", "none", "channels.email.security: a password needs starttls or tls"),
        ("channels/email/security", "ssl", "channels.email.security: must be one of none, starttls, tls"),
        ("channels/email/user", REMOVED, "channels.email: 'user' and 'password_file' go together"),
        ("channels/email/password", "x", "channels.email: unknown key 'password'; known are kind, "),
        ("channels/email/sender", "xiong", "channels.email.sender: must be a mail address"),
        ("channels/hook/secret_file", "hook", "channels.hook.secret_file: must be an absolute path"),
        (
            "channels/line/endpoint",
            "http://example.invalid",
            "channels.line.endpoint: must be an https:// address",
        ),
        ("channels/slack/token", "x", "channels.slack: unknown key 'token'; known are kind, ca_file"),
        ("canary/recipients", ["nobody"], "canary.recipients: no contact 'nobody'; there are nurse-a, "),
        ("canary/recipients", ["lead", "lead"], "canary.recipients: names something twice"),
        ("canary/every_minutes", REMOVED, "canary: 'every_minutes' is missing"),
        ("overrides", [], "overrides: must be a list with at least one entry"),
    ],
)
def test_what_cannot_be_meant_is_named_with_its_place(tmp_path, place, value, words):
    assert fault(tmp_path, changed(place, value)).startswith(words)


def test_an_error_about_an_address_does_not_show_it(tmp_path):
    document = changed("contacts/lead/email", "lead@secret example.invalid")

    assert "secret" not in fault(tmp_path, document)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [1", "line 1, column 6: this is no YAML"),
        ("contacts:\n  a: @secret", "line 2, column 6: this is no YAML"),
        ("contacts:\n  lead: {}\n  lead: {}", "line 3: 'lead' stands there twice"),
        ("? [a]\n: 1", "line 1: a key must be text"),
        ("1: 2", "a name must be text; put it in quotes"),
        ("- 1", "must be a mapping with at least one entry"),
        ("", "must be a mapping with at least one entry"),
        ("a: !!python/name:os.system x", "line 1, column 4: this is no YAML"),
    ],
)
def test_a_file_that_is_no_mapping_is_named_by_line_and_not_quoted(tmp_path, text, words):
    assert fault(tmp_path, text) == words


def test_a_file_that_is_not_there_or_not_text_is_an_error_and_not_a_crash(tmp_path):
    with pytest.raises(ConfigurationError, match=r"absent\.yaml: cannot be read: No such file"):
        load(tmp_path / "absent.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="is not UTF-8"):
        load(tmp_path / "binary.yaml")


def test_times_and_names_without_quotes_mean_what_they_say(tmp_path):
    text = written(tmp_path).read_text().replace("'20:00'", "20:00").replace("nurse-a", "no")
    read = load(written(tmp_path, text))

    assert read.rota.on_call(NOON) == "no"


def test_the_check_says_who_is_on_call_for_seven_days_and_what_is_missing(tmp_path):
    lines = check(written(tmp_path), datetime(2026, 12, 22, 9, 30, tzinfo=TAIPEI))
    shifts = [line.strip() for line in lines if " to " in line and line.startswith("  ")]

    assert shifts[0] == "tue 2026-12-22 09:30 to tue 2026-12-22 20:00  nurse-a"
    assert "thu 2026-12-24 20:00 to fri 2026-12-25 08:00  nurse-a (override)" in shifts
    assert shifts[-1].startswith("tue 2026-12-29 08:00 to tue 2026-12-29 09:30")
    assert "  1. on-call by line, email; next after 5 min" in lines
    assert "Canary every 60 min to probe-box." in lines
    missing = [line for line in lines if line.startswith("Not readable here: ")]
    assert {line.split(": ")[1] for line in missing} == {
        "channels.email.password_file",
        "channels.hook.secret_file",
        "channels.line.token_file",
        "contacts.team.slack",
        "canary.heartbeat_url_file",
    }


def test_the_check_names_what_is_unreadable_only_where_it_is(tmp_path):
    document = changed("channels/hook/secret_file", str(tmp_path / "there"))
    (tmp_path / "there").write_text("whsec_x")

    assert not [line for line in check(written(tmp_path, document)) if "channels.hook" in line]


def test_the_example_file_is_read_as_it_is():
    read = load(EXAMPLE)

    assert {settings.kind for settings in read.channels.values()} == {"smtp", "webhook", "slack", "line"}
    for hours in range(24 * 14):
        assert read.targets(0, NOON + timedelta(hours=hours))
