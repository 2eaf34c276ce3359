"""The keys beside SECRET_KEY: one that will sign soon, and those that signed before it was changed.

Read by the routes (links in pages) and by `api.person` (digests of people). `python -m api.keys` prints the
ids of all keys that this process would take; `xiong secrets rotate` asks it whether a release takes several.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from api.person.register import Marker
from api.settings import Secret, Settings, SettingsError

_UNTIL = "# links until "


@dataclass(frozen=True)
class FurtherKey:
    """A key beside SECRET_KEY.

    Attributes:
        links_until: when its links are no longer taken; None while it is the next to sign.
    """

    key: Secret
    links_until: datetime | None


def further_keys(text: Secret) -> list[FurtherKey]:
    """Reads a key a line; a line `# links until TIME` before it says how long its links are good.

    A time that cannot be read is over: the key still tells who was erased.
    """
    found, until = [], None
    for line in text.reveal().splitlines():
        word = line.strip()
        if word.startswith(_UNTIL):
            until = _moment(word.removeprefix(_UNTIL))
        elif word and not word.startswith("#"):
            found.append(FurtherKey(Secret(word), until))
            until = None
    return found


def keys_for_links(text: Secret, now: datetime) -> list[Secret]:
    """The further keys whose links are taken at this time."""
    return [k.key for k in further_keys(text) if k.links_until is None or k.links_until > now]


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def main() -> int:
    """Prints {"keys": [id, …]}, the one that signs first; returns the exit code."""
    try:
        settings = Settings.from_environment(os.environ)
        keys = [settings.secret_key, *(k.key for k in further_keys(settings.secret_keys_also))]
        document = {"keys": [Marker(key).key_id for key in keys]}
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.buffer.write(orjson.dumps(document) + b"\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
