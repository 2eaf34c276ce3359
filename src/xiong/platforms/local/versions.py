"""What each program of this platform says of its version. Called by the adapter."""

from __future__ import annotations

import asyncio

from xiong.errors import XiongError
from xiong.platforms.collectors import Collectors
from xiong.platforms.local import commands
from xiong.platforms.local.programs import Programs
from xiong.tools import process

_SECONDS = 5.0


async def all_of(programs: Programs, collectors: Collectors) -> dict[str, str]:
    """{program: the first line that it prints, or why it prints none}."""
    wanted = {**programs.version_commands(), **collectors.version_commands()}
    said = await asyncio.gather(*map(_said, wanted.values()))
    return dict(zip(wanted, said, strict=True))


async def _said(argv: list[str]) -> str:
    try:
        done = await process.run(argv, environment=commands.BASE_ENVIRONMENT, timeout_seconds=_SECONDS)
    except XiongError as error:
        return error.message
    lines = (done.stdout or done.stderr).decode(errors="replace").splitlines()
    return lines[0] if lines else f"nothing, exit code {done.exit_code}"
