"""Pages for people: links lead somewhere, commands exist, examples parse."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from urllib.parse import unquote

import pytest

from repo import commands, tree
from xiong.config.settings import Settings

PAGES = {tree.named(page): page for page in tree.pages()}
TARGETS = set(re.findall(r"^([a-z-]+):", tree.read("Makefile"), re.MULTILINE))


def leads_somewhere(page: Path, link: str) -> bool:
    """Whether a link of a page goes to a file that is here, and to a heading of it."""
    if re.match(r"[a-z]+:", link):
        return True  # another site; nothing is asked over the network
    target, _, anchor = unquote(link).partition("#")
    file = (page.parent / target).resolve() if target else page
    if not file.exists() or not file.is_relative_to(tree.ROOT):
        return False
    return not anchor or anchor in tree.anchors(tree.read(file))


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere(name):
    page = PAGES[name]
    assert [link for link in tree.links(tree.read(page)) if not leads_somewhere(page, link)] == []


@pytest.mark.parametrize("name", PAGES)
def test_every_xiong_command_exists(name):
    calls = commands.shown(tree.read(PAGES[name]), "xiong")
    wrong = {" ".join(call): commands.fault(call) for call in calls}
    assert {call: fault for call, fault in wrong.items() if fault} == {}


@pytest.mark.parametrize("name", PAGES)
def test_every_make_target_exists(name):
    calls = commands.shown(tree.read(PAGES[name]), "make")
    named = {word for call in calls for word in call[1:] if "=" not in word}
    assert named - TARGETS == set()


@pytest.mark.parametrize("name", PAGES)
def test_every_toml_block_is_a_valid_configuration(name):
    for language, block in tree.fences(tree.read(PAGES[name])):
        if language == "toml":
            Settings.model_validate(tomllib.loads(block))


@pytest.mark.parametrize("name", PAGES)
def test_every_json_block_parses(name):
    for language, block in tree.fences(tree.read(PAGES[name])):
        if language == "json":
            json.loads(block)


@pytest.mark.parametrize("name", PAGES)
def test_every_file_that_a_page_names_is_there(name):
    starts = ("src/", "tests/", "docs/", "deployment/", "requirements/", ".ci/", "bench/")
    named = [code for code in tree.inline_code(tree.read(PAGES[name])) if code.startswith(starts)]
    assert [path for path in named if not (tree.ROOT / path).exists()] == []


def test_a_link_that_leads_nowhere_is_found():
    page = tree.ROOT / "docs" / "index.md"

    assert leads_somewhere(page, "reference/cli.md#xiong-deploy")
    assert not leads_somewhere(page, "reference/cli.md#xiong-deplo")
    assert not leads_somewhere(page, "reference/absent.md")
    assert not leads_somewhere(page, "../../outside.md")


def test_every_page_is_reached_from_the_index():
    seen, waiting = set(), [tree.ROOT / "docs" / "index.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        targets = (link.partition("#")[0] for link in tree.links(tree.read(page)) if ":" not in link)
        waiting += [(page.parent / target).resolve() for target in targets if target]
    left = {n for n, page in PAGES.items() if page not in seen and n.startswith("docs/")}
    assert left == set()


def test_the_readme_fits_on_two_screens_and_shows_what_to_type():
    text = tree.read("README.md")

    assert len(text.splitlines()) <= 120
    for wanted in ("make up", "make test", "curl ", "xiong deploy", "messages sent", "docs/source-code.md"):
        assert wanted in text


def test_both_readmes_show_the_same_commands():
    both = [tree.read("README.md"), tree.read("README.zh-TW.md")]
    shown = [[commands.shown(text, program) for program in ("make", "xiong", "curl")] for text in both]

    assert shown[0] == shown[1]


def test_the_changelog_begins_with_what_is_not_released_yet():
    sections = re.findall(r"^## (.*)$", tree.read("CHANGELOG.md"), re.MULTILINE)
    kinds = re.findall(r"^### (.*)$", tree.read("CHANGELOG.md"), re.MULTILINE)

    assert sections[0] == "[Unreleased]"
    assert set(kinds) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
