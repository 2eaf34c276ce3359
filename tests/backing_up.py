"""Makes one set of what `vaulted` serves, as a process of its own, so that a test can kill it.

python -m backing_up FOLDER POSTGRES_PORT POSTGRES_PASSWORD VALKEY_PORT VALKEY_PASSWORD SECRETS_FILE
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from servers import Postgres, Valkey
from vaulted import CLOCK, SETTINGS, Vault, silent
from xiong.config.secrets import Secret
from xiong.model.backup import BackupKind
from xiong.operations.backup.create import create


def main(folder: str, port: str, password: str, cache_port: str, cache_password: str, secrets: str) -> None:
    root = Path(folder)
    kept = json.loads(Path(secrets).read_text())
    vault = Vault(
        root,
        Postgres(root, int(port), password, None),
        Valkey(root, int(cache_port), cache_password),
        {name: Secret(value) for name, value in kept.items()},
    )
    asyncio.run(create(vault, SETTINGS, CLOCK, silent, kind=BackupKind.FULL, dump=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
