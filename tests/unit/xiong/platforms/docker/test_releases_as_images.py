"""Releases as images: which reference names one for ever, how a record is read, what makes two the same."""

from datetime import UTC, datetime

import pytest

from xiong.config.compose import ComposeSettings
from xiong.errors import PlatformError
from xiong.model.release import Release, SchemaSupport
from xiong.platforms.docker import building, documents

DIGEST = "sha256:" + "0123456789abcdef" * 4
RELEASE = Release(
    "1.0-0123456789ab",
    "1.0",
    DIGEST,
    datetime(2026, 1, 1, tzinfo=UTC),
    SchemaSupport(("0001",), ("0001",)),
    ".",
)


def facts(**changes):
    config = {"Cmd": ["uvicorn"], "Labels": {"org.opencontainers.image.version": "1.0"}}
    return {"Id": "anything", "RootFS": {"Layers": ["sha256:a"]}, "Config": config, **changes}


@pytest.mark.parametrize(
    ("reference", "lasting"),
    [
        (f"registry.example/xiong/service@{DIGEST}", True),
        (f"registry.example/xiong/service:1.0@{DIGEST}", True),
        ("registry.example/xiong/service:1.0", False),
        (f"registry.example/service@{DIGEST[:-1]}", False),
        ("1.0-0123456789ab", False),
    ],
)
def test_only_a_digest_names_an_image_for_ever(reference, lasting):
    assert bool(documents.BY_DIGEST.match(reference)) is lasting


def test_a_record_is_read_again_with_whatever_stands_beside_it():
    document = documents.to_document(RELEASE, image=f"registry/service@{DIGEST}")

    assert documents.from_document(document) == RELEASE
    assert document["image"].endswith(DIGEST)


def test_two_builds_are_the_same_release_when_what_runs_is_the_same():
    assert building.content_digest(facts()) == building.content_digest(facts(Id="another", Created="later"))
    assert building.content_digest(facts()) != building.content_digest(facts(RootFS={"Layers": ["sha256:b"]}))
    assert building.version(facts()) == "1.0"
    assert building.version(facts(Config={})) == "0"
    assert building.release_id("1.0", DIGEST) == RELEASE.id


async def test_what_is_no_source_tree_is_refused_before_anything_is_built(tmp_path):
    with pytest.raises(PlatformError, match="is no source tree of the service"):
        await building.build(tmp_path, "service", "tag", ComposeSettings())
