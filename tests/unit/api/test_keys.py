"""Keys beside SECRET_KEY: their links for a time, their digests for ever."""

import json
import uuid
from datetime import UTC, datetime

import pytest

from api import keys
from api.keys import further_keys, keys_for_links
from api.pages.link import LinkError, read, sign
from api.settings import Secret

NOW = datetime(2026, 5, 1, tzinfo=UTC)
LIST = Secret(
    "next\n# links until 2026-05-02T00:00:00+00:00\nlast\n# links until 2026-04-30T00:00:00Z\nfirst\n"
)
PAGE, DELIVERY = uuid.uuid4(), uuid.uuid4()


def words(found: list[Secret]) -> list[str]:
    return [secret.reveal() for secret in found]


def test_all_keys_are_read_and_only_those_in_time_for_links():
    assert words([key.key for key in further_keys(LIST)]) == ["next", "last", "first"]
    assert words(keys_for_links(LIST, NOW)) == ["next", "last"]


def test_a_time_that_cannot_be_read_is_over_and_the_key_is_kept():
    broken = Secret("# links until soon\nkey")

    assert keys_for_links(broken, NOW) == []
    assert words([key.key for key in further_keys(broken)]) == ["key"]


def test_no_list_is_no_key():
    assert further_keys(Secret("")) == []


def test_a_link_of_another_key_is_read_and_a_new_one_is_signed_by_ours_alone():
    ours, other = Secret("ours"), Secret("other")
    token = sign(other, PAGE, DELIVERY, "a")

    assert read(ours, token, also=[other]).page == PAGE
    with pytest.raises(LinkError):
        read(ours, token)
    assert read(ours, sign(ours, PAGE, DELIVERY, "a")).contact == "a"


def test_the_ids_of_the_keys_are_printed_and_no_key(monkeypatch, capfdbinary):
    monkeypatch.setenv("DATABASE_URL", "postgresql://x")
    monkeypatch.setenv("SECRET_KEY", "ours")
    monkeypatch.setenv("SECRET_KEYS_ALSO", "the-other")

    assert keys.main() == 0

    printed = capfdbinary.readouterr().out
    assert len(set(json.loads(printed)["keys"])) == 2
    assert b"the-other" not in printed


def test_without_a_key_it_says_so(monkeypatch, capsys):
    monkeypatch.setenv("DATABASE_URL", "postgresql://x")
    monkeypatch.delenv("SECRET_KEY", raising=False)

    assert keys.main() == 2
    assert "SECRET_KEY is empty" in capsys.readouterr().err
