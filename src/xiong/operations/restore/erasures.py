"""Whoever was erased since the moment that is restored is erased again, before anybody is let in."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import orjson

from xiong.config.secrets import Secret
from xiong.errors import PlatformError, XiongError
from xiong.model.release import Release
from xiong.model.task import Task
from xiong.operations.backup.kept_records import ERASURES
from xiong.operations.backup.keys import Keys
from xiong.operations.backup.reading import read_object
from xiong.operations.backup.repository import Repository
from xiong.operations.journal import Journal
from xiong.operations.preflight import running_release, staged
from xiong.platforms.base import Platform, Progress
from xiong.tools import files
from xiong.tools.store_access import StoreAccess

_SECONDS = 600.0
_MODULE = "api.person"


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
    with tempfile.TemporaryDirectory(prefix="xiong-erasures-") as made:
        folder = Path(made)
        files.write_atomic(folder / "url", url.encode())
        environment = {"DATABASE_URL_FILE": str(folder / "url")}
        keys: tuple[str, ...] = ()
        if earlier_key is not None:
            files.write_atomic(folder / "key", earlier_key.reveal().encode())
            keys = ("--old-key-file", str(folder / "key"))
        people = 0
        for number, register in enumerate([b"", *found]):
            words: tuple[str, ...] = ()
            if register:
                files.write_atomic(folder / f"register-{number}.json", register)
                words = ("--from", str(folder / f"register-{number}.json"))
            task = Task(
                "reapply",
                _MODULE,
                ("reapply", *words, *keys),
                timeout_seconds=_SECONDS,
                environment=environment,
            )
            people = max(people, await _run(platform, release, task))
        return people


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
