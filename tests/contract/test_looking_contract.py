"""What `platforms/base.py` promises to whoever looks deeply, on every platform by name."""

from urllib.parse import urlsplit

import pytest

from everywhere import platforms, settled
from xiong.config.settings import Settings
from xiong.errors import PlatformError
from xiong.platforms.base import Platform
from xiong.platforms.registry import platform_for

THEIRS = {
    "database": {"url": "postgresql://somebody:theirs@db.example.invalid:5433/chat"},
    "cache": {"url": "redis://:theirs@cache.example.invalid:6390/2"},
}


@pytest.fixture(params=platforms())
def platform_of(request, tmp_path):
    """Makes a platform with these settings."""
    with settled(request.param, tmp_path / "state") as base:

        def made(**sections: dict) -> Platform:
            return platform_for(Settings.model_validate({**base, **sections}))

        yield made


async def test_a_store_is_reached_by_an_address_that_prints_as_nothing(platform_of):
    for store, scheme in (("postgres", "postgresql"), ("valkey", "redis")):
        secret = await platform_of().store_url(store)
        parts = urlsplit(secret.reveal())

        assert (parts.scheme, bool(parts.hostname), bool(parts.port)) == (scheme, True, True)
        assert parts.password
        assert parts.password not in f"{secret} {secret!r}"


async def test_our_own_database_is_reached_as_the_role_that_only_looks(platform_of):
    assert urlsplit((await platform_of().store_url("postgres")).reveal()).username == "xiongichat_monitor"


async def test_a_store_of_somebody_else_is_reached_where_they_say(platform_of):
    platform = platform_of(**THEIRS)

    assert (await platform.store_url("postgres")).reveal() == THEIRS["database"]["url"]
    assert (await platform.store_url("valkey")).reveal() == THEIRS["cache"]["url"]


async def test_an_unknown_store_is_refused_with_those_that_exist(platform_of):
    with pytest.raises(PlatformError, match="no data store mongo: expected postgres or valkey"):
        await platform_of().store_url("mongo")


async def test_memory_is_told_whole_and_by_instance_or_not_at_all(platform_of):
    used = await platform_of().memory()

    if used is not None:
        assert 0 < used.available_bytes <= used.size_bytes
        assert used.resident == ()  # nothing was started
