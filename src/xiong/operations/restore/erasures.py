"""Whoever was erased since the moment that is restored is erased again, before anybody is let in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import orjson

from xiong.config.secrets import Secret
from xiong.errors import PlatformError, XiongError
from xiong.model.release import Release
from xiong.model.task import FILES, Task
from xiong.operations.backup.kept_records import ERASURES
from xiong.operations.backup.keys import Keys
from xiong.operations.backup.reading import read_object
from xiong.operations.backup.repository import Repository
from xiong.operations.journal import Journal
from xiong.operations.preflight import running_release, staged
from xiong.platforms.base import Platform, Progress
from xiong.tools.store_access import StoreAccess

_SECONDS = 600.0
_MODULE = "api.person"
_ROWS = "erasures"


async def registers(
    platform: Platform, repository: Repository, keys: Keys, progress: Progress
) -> list[bytes]:
    """The newest registers there are: of the database that still answers, and of the newest set."""
    found = []
    try:
        _, release = await running_release(platform)
        done = await platform.run_task(release, Task("erasures", _MODULE, ("export-erasures",)))
        if done.exit_code == 0:
            found.append(done.stdout.encode())
        else:
            progress("the live database does not tell its erasures; those of the newest set are taken")
    except XiongError as error:
        progress(f"the live database does not tell its erasures: {error.message}")
    for manifest in (await repository.manifests())[0]:
        if any(part.name == ERASURES for part in manifest.objects):
            found.append(await read_object(repository, keys, manifest, ERASURES))
            break
    return found


async def reapply(
    platform: Platform, access: StoreAccess, found: Sequence[bytes], earlier_key: Secret | None
) -> int:
    """People who were erased again on a restored database that nobody else uses yet.

    Raises:
        PlatformError: it was not done, so nobody may be let in.
        ReleaseNotFoundError: the release that could do it is not here.
    """
    committed = await Journal(platform.records).committed()
    if committed is None:
        return 0  # nothing was ever deployed here
    release = await staged(platform, committed.release)  # also where the whole copy is down
    password = quote((await platform.secret("database-app")).reveal(), safe="")
    url = f"postgresql://xiongichat_app:{password}@127.0.0.1:{access.port}/{access.database}"
    private: dict[str, bytes] = {"url": url.encode()}
    words: tuple[str, ...] = ()
    if found:
        private["register.json"] = joined(found)
        words = ("--from", f"{FILES}/register.json")
    if earlier_key is not None:
        private["key"] = earlier_key.reveal().encode()
        words = (*words, "--old-key-file", f"{FILES}/key")
    task = Task(
        "reapply",
        _MODULE,
        ("reapply", *words),
        timeout_seconds=_SECONDS,
        environment={"DATABASE_URL_FILE": f"{FILES}/url"},
        files=private,
        by_scratch=True,
    )
    return await _run(platform, release, task)


def joined(found: Sequence[bytes]) -> bytes:
    """One register with what stands in any of them, so that the service looks at everybody once.

    Raises:
        PlatformError: one is none.
    """
    try:
        rows = {orjson.dumps(row, option=orjson.OPT_SORT_KEYS): row for one in found for row in _rows(one)}
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise PlatformError("erasing again failed: a register of erasures cannot be read") from error
    return orjson.dumps({_ROWS: list(rows.values())})


def _rows(register: bytes) -> list[Any]:
    rows: list[Any] = orjson.loads(register)[_ROWS]
    return rows


async def _run(platform: Platform, release: Release, task: Task) -> int:
    done = await platform.run_task(release, task)
    try:
        document = orjson.loads(done.stdout)
    except orjson.JSONDecodeError:
        document = {}
    if done.exit_code != 0:
        said = document.get("error") or (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise PlatformError(f"erasing again failed, so the restored data does not serve: {str(said)[:300]}")
    return int(document.get("people", 0))
