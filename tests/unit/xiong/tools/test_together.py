"""Things that are done at the same time end together, and fail as the first of them does."""

import asyncio

import pytest

from xiong.tools.together import together


async def test_each_one_gives_its_own_in_the_order_they_were_named():
    first_may_end = asyncio.Event()

    async def first() -> str:
        await first_may_end.wait()
        return "first"

    async def second() -> str:
        first_may_end.set()
        return "second"

    assert await together(first(), second()) == ["first", "second"]


async def test_the_first_failure_is_raised_as_itself_and_the_others_are_ended():
    ended = []

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("waits")

    async def fails() -> None:
        await asyncio.sleep(0)
        raise KeyError("the repository is away")

    with pytest.raises(KeyError, match="away"):
        await together(waits(), fails())
    assert ended == ["waits"]
