"""`xiong bundle` of a real copy: what helps is in it; secrets, words and names of people are not."""

import base64
import hashlib
import json
import os
import signal
import stat
import tarfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from copies import Copy
from planted import files_below, leaks, planted

pytestmark = pytest.mark.drill

ROOT = "xiong-bundle/"
SAID, PERSON = "這句話只給雄i聊聽，別人都不該看到", "person-who-trusts-us"
OF_OTHERS = ("never-seen-before", "unknown-token-of-somebody", "sk-unknown-key-of-a-model")
OLD = ('{"@timestamp":"2020-01-01T00:00:00.000+00:00","message":"years ago"}', "  of the same time")


def held(file: str | Path) -> dict[str, bytes]:
    """{name below the root: content} of an archive."""
    with tarfile.open(file) as tar:
        return {entry.name.removeprefix(ROOT): tar.extractfile(entry).read() for entry in tar}


def bundled(copy: Copy, *words: str) -> tuple[dict, dict[str, bytes]]:
    """What the verb printed, and what the archive holds; the archive is deleted."""
    made = copy.xiong("bundle", *words).json
    content = held(made["file"])
    Path(made["file"]).unlink()
    return made, content


def lacking(made: dict) -> set[str]:
    """The parts that could not be had."""
    return {entry["name"] for entry in made["manifest"]["files"] if entry["fault"]}


def log(copy: Copy, instance: str, *lines: str) -> None:
    """Writes lines into the log of a running instance, as it might."""
    with (copy.state / "logs" / f"{instance}.log").open("a") as opened:
        opened.writelines(f"{line}\n" for line in lines)


@dataclass(frozen=True)
class Evidence:
    """One bundle of a copy in which everything was planted that must not leave.

    Attributes:
        made: what the verb printed.
        content: what the archive holds.
        mode: of the archive's file.
        release: what ran.
        source: what was planted, where it was planted.
        secrets: the copy's own that were logged.
    """

    made: dict
    content: dict[str, bytes]
    mode: int
    release: str
    source: dict[str, bytes]
    secrets: list[str]

    @property
    def everything(self) -> bytes:
        return b"\n".join(self.content.values())

    def taken(self, name: str) -> dict:
        """What the manifest says of a file."""
        return next(entry for entry in self.made["manifest"]["files"] if entry["name"] == name)


@pytest.fixture(scope="module")
def evidence(copy: Copy) -> Evidence:
    """Chats, plants, and makes one bundle."""
    token = (copy.state / "secrets" / "operator-token").read_text()
    httpx.post(
        f"{copy.url}/api/v1/chat",
        json={"person": PERSON, "message": SAID},
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
        trust_env=False,
    ).raise_for_status()
    names = ("database-app", "operator-token", "cache", "secret-key")
    secrets = [(copy.state / "secrets" / name).read_text().strip() for name in names]
    log(copy, "api-0", *OLD, *people(), "no time, as new as the one before")
    log(copy, "api-1", *shapes(secrets))
    log(copy, "valkey", *(identity.sentence for identity in planted()))
    notices = copy.state / "records" / "notices"
    notices.mkdir(exist_ok=True)
    bodies = [identity.sentence for identity in planted()]
    (notices / "29991231.json").write_text(json.dumps({"title": bodies[0], "body": bodies}))
    file = copy.folder / "for the helper.tar.gz"
    made = copy.xiong("bundle", "--since", "30m", "--out", str(file)).json
    assert made["file"] == str(file)
    source = files_below(copy.state / "logs") | files_below(notices)
    return Evidence(made, held(file), stat.S_IMODE(file.stat().st_mode), copy.release(), source, secrets)


def people() -> list[str]:
    """Log lines with everybody in them: plain, as JSON, and as JSON in JSON."""
    said = [identity.sentence for identity in planted()]
    escaped = [json.dumps({"@timestamp": "2999-01-01T00:00:00Z", "message": f"\n{s}"}) for s in said]
    nested = [json.dumps({"a": [{"b": {"c": s}}], "said": json.dumps({"x": f"\n{s}"})}) for s in said]
    return [*escaped, *nested, *said]


def shapes(secrets: list[str]) -> list[str]:
    """Log lines with secrets in them, those of the copy and those of others."""
    return [
        *(f"could not connect with {value} to it" for value in secrets),
        *(json.dumps({"message": f'said "{value}"', "password": value}) for value in secrets),
        *(f"x {quote(value, safe='')} y {base64.b64encode(value.encode()).decode()}" for value in secrets),
        f"redis://:{OF_OTHERS[0]}@127.0.0.1/0 refused",
        f"Authorization: Bearer {OF_OTHERS[1]}",
        f"api_key={OF_OTHERS[2]}",
    ]


def test_a_bundle_holds_what_helps(evidence):
    content = evidence.content

    assert {"settings.json", "machine.json", "releases.json", "records/recovery.jsonl"} <= {*content}
    assert {"logs/api-0.log", "logs/postgres.log", "metrics/api-1.prom", "metrics/pager-0.prom"} <= {*content}
    assert json.loads(content["status.json"])["committed"]["release"] == evidence.release
    assert {f["check"] for f in json.loads(content["health.json"])["findings"]} >= {"database", "api"}
    assert json.loads(content["versions.json"])["programs"]["postgres"].startswith("postgres (PostgreSQL)")
    assert json.loads(content["records/history.jsonl"].splitlines()[-1])["verb"] == "up"
    assert b"http_requests_total{" in content["metrics/api-0.prom"]


def test_it_says_what_it_holds_and_only_we_read_it(evidence):
    assert evidence.mode == 0o600
    assert json.loads(evidence.content["manifest.json"]) == evidence.made["manifest"]
    for entry in evidence.made["manifest"]["files"]:
        data = evidence.content[entry["name"]]
        assert (entry["bytes"], entry["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())


def test_what_cannot_be_had_is_named_and_counted(evidence):
    assert (lacking(evidence.made), evidence.made["missing"]) == ({"alerts.json"}, 1)
    assert b"not had, or not whole: neither Alertmanager nor" in evidence.content["alerts.json"]


def test_nobody_whom_a_log_or_a_record_names_is_in_it(evidence):
    assert {leak.partition(":")[0] for leak in leaks(evidence.source)} == {
        "api-0.log",
        "valkey.log",
        "29991231.json",
    }

    assert leaks({**evidence.content, "printed": json.dumps(evidence.made).encode()}) == []
    assert evidence.taken("logs/api-0.log")["personal"] >= 3 * len(planted())
    assert evidence.taken("records/notices.jsonl")["personal"] >= len(planted())


def test_nothing_that_somebody_said_is_in_it(evidence):
    assert SAID.encode() not in evidence.everything
    assert PERSON.encode() not in evidence.everything


def test_no_secret_that_was_logged_is_in_it(evidence):
    for value in (*evidence.secrets, *OF_OTHERS):
        assert value.encode() in evidence.source["api-1.log"]
        assert value.encode() not in evidence.everything
        assert base64.b64encode(value.encode()).rstrip(b"=") not in evidence.everything
    assert evidence.taken("logs/api-1.log")["secrets"] >= 4 * len(evidence.secrets) + len(OF_OTHERS)


def test_what_was_logged_earlier_than_asked_for_is_left_out(evidence):
    assert b"years ago" not in evidence.content["logs/api-0.log"]
    assert b"of the same time" not in evidence.content["logs/api-0.log"]
    assert b"no time, as new as the one before" in evidence.content["logs/api-0.log"]


def test_a_dry_run_shows_all_of_it_and_keeps_nothing(copy):
    before = sorted(os.listdir(copy.folder))

    made = copy.xiong("bundle", "--dry-run").json

    assert made["file"] is None
    assert "logs/api-0.log" in {entry["name"] for entry in made["manifest"]["files"]}
    assert sorted(os.listdir(copy.folder)) == before


def test_a_duration_that_is_none_is_a_wrong_call(copy):
    ran = copy.xiong("bundle", "--since", "a while", expect=2)

    assert "expected a number and s, m, h or d" in ran.err


@pytest.mark.timeout(240)
def test_a_bundle_is_made_while_the_database_hangs(copy):
    postgres = copy.pid("postgres")
    os.kill(postgres, signal.SIGSTOP)
    try:
        made, content = bundled(copy)
    finally:
        os.kill(postgres, signal.SIGCONT)

    assert lacking(made) == {"alerts.json"}
    assert b"http_requests_total{" in content["metrics/api-0.prom"]
    (database,) = [f for f in json.loads(content["health.json"])["findings"] if f["check"] == "database"]
    assert database["verdict"] == "unhealthy"


@pytest.mark.timeout(240)
def test_a_bundle_is_made_when_nothing_runs(copy):
    copy.xiong("down")
    with pytest.raises(httpx.HTTPError):
        copy.release()

    made, content = bundled(copy)

    status = json.loads(content["status.json"])
    assert status["healthy"] is False
    assert {"alerts.json", "metrics/none.prom"} == {
        e["name"] for e in made["manifest"]["files"] if e["fault"]
    }
    assert b"LOG:" in content["logs/postgres.log"]
