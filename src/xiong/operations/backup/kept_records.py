"""What else a set holds: records of releases and verbs, the settings with their secrets, erasures."""

from __future__ import annotations

from xiong.config.dump import to_toml
from xiong.model.task import Task
from xiong.operations.backup.making import Making
from xiong.operations.backup.writing import at_once
from xiong.operations.journal import Journal
from xiong.platforms.base import RecordStore

RECORDS, CONFIGURATION, ERASURES = "records.json", "configuration.json", "erasures.json"
_KINDS = ("history", "recoveries", "drills", "person-requests", "backups", "console-tokens")
_SECONDS = 120.0


async def add(making: Making) -> None:
    """Adds them; where nothing was ever deployed there is no register of erasures."""
    await making.add_document(RECORDS, await _records(making.platform.records))
    secrets = await making.platform.stores.named_secrets()
    await making.add_document(
        CONFIGURATION,
        {
            "settings": to_toml(making.settings),
            "secrets": {name: secret.reveal() for name, secret in secrets.items()},
        },
    )
    committed = await Journal(making.platform.records).committed()
    releases = {release.id: release for release in await making.platform.releases()}
    if committed is None or committed.release not in releases:
        return
    task = Task("erasures", "api.person", ("export-erasures",), timeout_seconds=_SECONDS)
    done = await making.platform.run_task(releases[committed.release], task)
    if done.exit_code == 0:
        await making.add(ERASURES, at_once(done.stdout.encode()))


async def _records(records: RecordStore) -> dict[str, dict[str, object]]:
    return {
        kind: {name: await records.read(kind, name) for name in await records.names(kind)} for kind in _KINDS
    } | {"state": {"committed": await records.read("state", "committed")}}
