"""docs/reference/paging.md lists what the code reads and says."""

from __future__ import annotations

import json
import re
import typing
from dataclasses import MISSING, fields

from api.pager.channels import failures, settings, webhook
from api.pager.channels.base import SEND_DEADLINE_S, ChannelError
from api.pager.policy import Step
from api.pages.model import PageKind
from repo import tree
from unit.api.pager.files import WHOLE
from unit.api.pager.test_wording import NOTICE

PAGE = tree.read("docs/reference/paging.md")
ROWS = {row[0].strip("`"): row for row in tree.tables(PAGE)}


def test_every_kind_of_channel_is_listed_with_its_settings():
    for kind in typing.get_args(settings.ChannelSettings):
        listed = re.sub(r"\(.*?\)", "", ROWS[kind.kind][2])
        assert set(re.findall(r"`(\w+)`", listed)) == {field.name for field in fields(kind)}


def test_every_key_of_the_file_and_of_a_step_is_listed():
    assert set(WHOLE) <= set(ROWS)
    for field in fields(Step):
        assert field.name in ROWS
        if field.default not in (MISSING, None):
            assert float(ROWS[field.name][1]) == field.default


def test_every_reason_is_listed():
    said = set(re.findall(r'ChannelError\(\s*"(\w+)"', "".join(tree.read(p) for p in _sources())))
    said |= {reason for _, reason, _ in failures._KINDS}

    assert said == set(re.findall(r"[a-z]+(?=[,.])", ChannelError.__doc__.partition("rows:")[2])) & set(ROWS)
    assert len(said) == 8


def test_the_webhook_body_is_shown_as_it_is():
    (shown,) = [json.loads(block) for language, block in tree.fences(PAGE) if language == "json"]
    body = webhook.payload(NOTICE)

    assert list(shown) == list(body)
    assert list(shown["data"]) == list(body["data"])
    assert shown["data"]["title"] == body["data"]["title"]
    assert all(f"`page.{kind.value}`" in PAGE for kind in PageKind)


def test_the_times_of_the_page_are_those_of_the_code():
    assert f"at most {SEND_DEADLINE_S:g} s" in PAGE
    assert f"up to {failures.LONGEST_RETRY_AFTER_S:g} s" in PAGE
    assert all(str(port) in PAGE for port in settings._PORTS.values())


def _sources():
    return [path for path in tree.python("src") if "pager/channels" in tree.named(path)]
