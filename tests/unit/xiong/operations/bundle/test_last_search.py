"""The search through the finished archive: whatever failed before it, nothing leaves."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from planted import planted
from xiong.config.secrets import Secret
from xiong.config.settings import PagingSettings, Settings
from xiong.errors import ConfigurationError
from xiong.model.instance import Instance
from xiong.operations.bundle import archive, secrets
from xiong.operations.bundle import bundle as module
from xiong.operations.bundle.clearing import Clearing
from xiong.platforms.onehost.records import FileRecords
from xiong.tools.clock import SystemClock

AT = datetime(2026, 3, 4, tzinfo=UTC)


class SecretivePlatform:
    """A platform that runs nothing and keeps a secret."""

    name = "local"

    def __init__(self, folder: Path) -> None:
        self.records = FileRecords(folder / "records")

    async def secrets(self) -> list[Secret]:
        return [Secret("correct-horse")]

    async def instances(self) -> list[Instance]:
        return []

    async def logs(self, service, *, follow):
        yield "api-0", b"with correct-horse"
        yield "api-0", planted()[0].sentence.encode()


@pytest.mark.parametrize("identity", planted(), ids=lambda identity: identity.kind)
async def test_an_identity_in_the_archive_is_named_by_file_and_line(identity, tmp_path):
    (tmp_path / "x.log").write_text(f"nothing\n{identity.sentence}\n")
    archive.pack(tmp_path, ["x.log"], tmp_path / "x.tar.gz", AT)

    with pytest.raises(archive.BundleLeakError) as raised:
        await archive.search(tmp_path / "x.tar.gz", (), SystemClock())

    assert f"x.log, line 2, still holds {identity.kind}" in raised.value.message
    assert identity.value not in raised.value.message


async def test_a_secret_in_the_archive_is_found(tmp_path):
    (tmp_path / "x.json").write_text('{"x": "correct-horse"}')
    archive.pack(tmp_path, ["x.json"], tmp_path / "x.tar.gz", AT)

    with pytest.raises(archive.BundleLeakError, match=r"x\.json, line 1, still holds a secret"):
        await archive.search(tmp_path / "x.tar.gz", ["correct-horse"], SystemClock())


async def test_a_leak_leaves_no_archive_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(Clearing, "line", lambda _, text: text)  # as if nothing were cleared
    out = tmp_path / "out" / "bundle.tar.gz"
    out.parent.mkdir()

    with pytest.raises(archive.BundleLeakError, match=r"logs/api-0\.log, line 1"):
        await module.bundle(
            SecretivePlatform(tmp_path),  # type: ignore[arg-type]
            Settings(),
            SystemClock(),
            out=out,
            since=timedelta(hours=1),
            dry_run=False,
        )

    assert list(out.parent.iterdir()) == []


def test_the_same_files_give_the_same_archive_that_only_we_read(tmp_path):
    (tmp_path / "a").write_text("a\n")
    for name in ("first", "second"):
        archive.pack(tmp_path, ["a"], tmp_path / name, AT)

    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
    assert stat.S_IMODE((tmp_path / "first").stat().st_mode) == 0o600


async def test_what_the_settings_and_their_files_hide_is_known(tmp_path):
    password = tmp_path / "smtp-password"
    password.write_text("mail-secret\n")
    (tmp_path / "urls").write_text("slack://T0123456789abcdefg/B0123456789abcdefg\n")
    paging = tmp_path / "paging.yaml"
    channels = f"channels: {{m: {{kind: smtp, password_file: {password}}}}}"
    paging.write_text(f"{channels}\ncontacts: {{a: {{m: somebody-on-call, n: a-b}}}}\n")
    settings = Settings.model_validate(
        {
            "database": {"url": "postgresql://app:p%40ss-word@db/x"},
            "model": {"api_key": "sk-model"},
            "notices": {"urls_file": tmp_path / "urls"},
            "paging": {"file": paging},
        }
    )

    known = await secrets.known(SecretivePlatform(tmp_path), settings)  # type: ignore[arg-type]

    assert {"correct-horse", "sk-model", "p%40ss-word", "p@ss-word", "mail-secret"} <= known
    assert {"B0123456789abcdefg", "somebody-on-call"} <= known
    assert "a-b" not in known  # so short a word is in every text


async def test_no_bundle_is_made_where_secrets_cannot_be_known(tmp_path):
    paging = tmp_path / "paging.yaml"
    paging.write_text("channels: [")
    settings = Settings(paging=PagingSettings(file=paging))

    with pytest.raises(ConfigurationError, match="its secrets cannot be searched for"):
        await secrets.known(SecretivePlatform(tmp_path), settings)  # type: ignore[arg-type]
