"""`xiong init`: settings file, secrets and backup keys; makes what is missing, overwrites nothing."""

from __future__ import annotations

import secrets as random_source
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from xiong.config.reference import reference
from xiong.config.secrets import Secret
from xiong.config.settings import Settings
from xiong.errors import PreflightError, UsageError
from xiong.operations.backup.keys import OFFLINE, OFFLINE_RECIPIENT, keys_of
from xiong.operations.secrets.names import choose
from xiong.platforms.base import Platform
from xiong.tools import files


@dataclass(frozen=True)
class Wanted:
    """What is made.

    Attributes:
        file: where the settings go.
        chosen: what differs from the defaults; a file that is there is not changed by it, but refuses it.
        kept: further differences, which only a new file takes: what was said before the verb.
        offline_key: where the offline key of backups goes, best on another disk; None leaves it here.
        copied: files to put beside the settings.
        published: whether what the service reads of the secrets is written now; else `up` does.
    """

    file: Path
    chosen: Mapping[str, Any]
    kept: Mapping[str, Any]
    offline_key: Path | None = None
    copied: tuple[Path, ...] = ()
    published: bool = False

    @property
    def targets(self) -> tuple[Path, ...]:
        """Where the copies go."""
        return tuple(self.file.with_name(source.name) for source in self.copied)


@dataclass(frozen=True)
class Initialised:
    """What `init` made.

    Attributes:
        file: the settings.
        written: False where they were there already.
        copied: files that were put beside them now.
        secrets: names of those that were made now.
        recipients: public keys, any one of whose private keys opens a backup.
        offline_key: the file that the offline key was moved into; None where it was not moved now.
        offline_here: the offline key still lies among the copy's own secrets.
    """

    file: str
    written: bool
    copied: tuple[str, ...]
    secrets: tuple[str, ...]
    recipients: tuple[str, ...]
    offline_key: str | None
    offline_here: bool


def checked(chosen: Mapping[str, Any]) -> Settings:
    """The settings that these choices make.

    Raises:
        UsageError: every fault at once; values are not shown.
    """
    try:
        return Settings.model_validate(chosen)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise UsageError(f"not usable: {faults}", hint="xiong init --help") from error


async def plan(platform: Platform, settings: Settings, wanted: Wanted) -> list[str]:
    """What `init` would do, in words; nothing is made.

    Raises:
        UsageError: as `init`.
        PreflightError: as `init`.
    """
    await _refuse(platform, wanted)
    missing = await _missing(platform, settings)
    both = {**wanted.kept, **wanted.chosen}
    named = ", ".join(path for name, value in both.items() for path in _paths(name, value))
    with_choices = f" with {named}" if named else ""
    keys_there = await platform.kept_secret(OFFLINE_RECIPIENT) is not None
    return [
        f"keep {wanted.file} as it is" if wanted.file.is_file() else f"write {wanted.file}{with_choices}",
        *[f"write {target}" for target in wanted.targets],
        f"make the secrets {', '.join(missing)}" if missing else "make no secret: all are there",
        "make no key of backups: they are there" if keys_there else "make the two keys of backups",
        *(["write where the service reads them: the secrets"] if wanted.published else []),
        *([f"move the offline key into {wanted.offline_key}"] if wanted.offline_key else []),
    ]


async def init(platform: Platform, settings: Settings, wanted: Wanted) -> Initialised:
    """Makes what is missing; safe to repeat.

    Raises:
        UsageError: choices for a file that is there already, or another file would be overwritten.
        PreflightError: the offline key was taken away before.
    """
    await _refuse(platform, wanted)
    there = wanted.file.is_file()
    made = await _missing(platform, settings)
    for name in made:
        await platform.keep_secret(name, Secret(random_source.token_urlsafe(32)))
    keys = await keys_of(platform, settings)
    if wanted.published:
        await platform.publish_secrets()
    moved = await _move(platform, wanted.offline_key) if wanted.offline_key else None
    for source, target in zip(wanted.copied, wanted.targets, strict=True):
        files.write_atomic(target, source.read_bytes(), mode=0o644)
    if not there:
        files.write_atomic(wanted.file, reference({**wanted.kept, **wanted.chosen}).encode())
    return Initialised(
        file=str(wanted.file),
        written=not there,
        copied=tuple(map(str, wanted.targets)),
        secrets=made,
        recipients=keys.recipients,
        offline_key=moved,
        offline_here=keys.offline_here and moved is None,
    )


async def _refuse(platform: Platform, wanted: Wanted) -> None:
    """Before anything is made."""
    checked({**wanted.kept, **wanted.chosen})
    if wanted.chosen and wanted.file.is_file():
        raise _there(wanted.file, hint=f"edit {wanted.file}")
    for target in wanted.targets:
        if target.exists():
            raise _there(target, hint=f"mv {target} {target}.old")
    if wanted.offline_key is not None:
        await _refuse_key(platform, wanted, wanted.offline_key)


async def _refuse_key(platform: Platform, wanted: Wanted, key: Path) -> None:
    if key.exists():
        raise _there(key, hint=f"ls -l {key}")
    if key.absolute() in {path.absolute() for path in (wanted.file, *wanted.targets)}:
        raise UsageError(
            f"{key} is written by this call and cannot hold the offline key", hint="xiong init --help"
        )
    if not key.absolute().parent.is_dir():
        raise UsageError(f"no folder {key.parent} for the offline key", hint=f"ls -ld {key.parent}")
    made_before = await platform.kept_secret(OFFLINE_RECIPIENT) is not None
    if made_before and await platform.kept_secret(OFFLINE) is None:
        raise PreflightError(
            "the offline key is not here: it was taken away before", hint="xiong backup list"
        )


def _there(file: Path, *, hint: str) -> UsageError:
    return UsageError(f"{file} is there already, and is not overwritten", hint=hint)


async def _missing(platform: Platform, settings: Settings) -> tuple[str, ...]:
    names = choose((), settings).names
    return tuple([name for name in names if await platform.kept_secret(name) is None])


def _paths(name: str, value: Any) -> Iterable[str]:
    return (f"{name}.{inner}" for inner in value) if isinstance(value, Mapping) else (name,)


async def _move(platform: Platform, target: Path) -> str | None:
    """The copy first, then the original goes."""
    key = await platform.kept_secret(OFFLINE)
    if key is None:
        return None
    files.write_atomic(target, f"{key.reveal()}\n".encode())
    await platform.drop_secret(OFFLINE)
    return str(target)
