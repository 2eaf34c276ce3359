"""Why a restore cannot be done, found before anything is touched, each in words."""

from __future__ import annotations

from xiong.errors import PreflightError, XiongError
from xiong.operations.backup import continuity, lsn
from xiong.operations.backup.database import BASE_MANIFEST, CONTENTS
from xiong.operations.backup.keys import MORE_IDENTITIES, Keys
from xiong.operations.backup.reading import read_object
from xiong.operations.backup.retention import end_of
from xiong.operations.restore.choose import Choice
from xiong.platforms.base import Platform
from xiong.tools.sealing import SealError

_ROOM = 1.1


async def refuse(platform: Platform, keys: Keys, choice: Choice) -> None:
    """Returns where nothing stands in the way.

    Raises:
        PreflightError: something does.
    """
    if not choice.target.logical:
        await _version(platform, choice)
        _log(choice)
    await _key(keys, choice)
    await _room(platform, choice)


async def _version(platform: Platform, choice: Choice) -> None:
    said = (await platform.versions()).get("postgres", "")
    words = [word for word in said.split() if word[:1].isdigit()]
    ours = words[0].partition(".")[0] if words else ""
    theirs = choice.last.database.version
    if ours and ours != theirs.partition(".")[0]:
        raise PreflightError(
            f"the set {choice.last.id} is of PostgreSQL {theirs}, here is {words[0]}: only the same "
            "major version reads its files",
            hint=f"install that version, or load its dump: xiong restore {choice.last.id} --logical",
        )


def _log(choice: Choice) -> None:
    part = choice.last.database
    if not choice.replays:
        if choice.target.at is not None or choice.target.point:
            raise PreflightError(
                f"the set {choice.last.id} was made without the log: it restores as a whole only"
            )
        return
    begin, end = lsn.number(part.start_lsn), end_of(choice.last)
    gaps = continuity.gaps(choice.segments, part.segment_bytes, choice.path, begin, end)
    if gaps:
        raise PreflightError(
            f"the log that the set {choice.last.id} needs has a gap: " + "; ".join(gaps[:3]),
            hint="xiong backup list   (an earlier set may be whole)",
        )


async def _key(keys: Keys, choice: Choice) -> None:
    for manifest in choice.chain:
        try:
            name = CONTENTS if choice.target.logical else BASE_MANIFEST
            await read_object(choice.repository, keys, manifest, name)
        except SealError as error:
            raise PreflightError(
                f"the set {manifest.id} cannot be opened: {error.message}; it was sealed for "
                + ", ".join(f"{recipient[:12]}…" for recipient in manifest.recipients),
                hint=f"{MORE_IDENTITIES}=OFFLINE_KEY_FILE xiong restore …",
            ) from error
        except XiongError as error:
            raise PreflightError(error.message, hint=f"xiong backup verify {manifest.id}") from error


async def _room(platform: Platform, choice: Choice) -> None:
    log = len(choice.log) * choice.last.database.segment_bytes
    chain = sum(manifest.plain_bytes for manifest in choice.chain) if len(choice.chain) > 1 else 0
    wanted = int(_ROOM * (choice.last.database.data_bytes + log + chain))
    free = await platform.stores.free_bytes()
    if free < wanted:
        raise PreflightError(
            f"{free >> 20} MiB are free where the data lies, about {wanted >> 20} MiB are needed: the new "
            "data lies beside the old until it is confirmed",
            hint="df -h; xiong restore --confirm   (deletes what an earlier restore replaced)",
        )
