"""Whoever is killed while data is exchanged, wherever that is: the old or the new serves, and never half."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from xiong.config.settings import Settings
from xiong.errors import PlatformError, PreflightError
from xiong.model.lease import Lease
from xiong.model.task import TaskResult
from xiong.operations.restore import journal, kept
from xiong.operations.restore.journal import Exchange, Step
from xiong.operations.restore.swap import finish_interrupted, mend, swap
from xiong.platforms.onehost import exchanging
from xiong.platforms.onehost.records import FileRecords
from xiong.platforms.stores import KeptStore
from xiong.tools.clock import SystemClock

SETTINGS = Settings(backup={"wal": "none"})
CLOCK = SystemClock()
STORES = ("postgres", "valkey")
LONG = 200


class Killed(BaseException):
    """As by `kill -9`: nothing catches it."""


@dataclass
class Place:
    """Folders that are really exchanged, by a process that may be killed before any of its deeds."""

    root: Path
    deeds: int = LONG
    closed: bool = False
    down: bool = False
    runs: set[str] = field(default_factory=lambda: set(STORES))
    lease: Lease | None = None

    @property
    def records(self) -> Place:
        return self

    @property
    def stores(self) -> Place:
        return self

    def _deed(self) -> None:
        self.deeds -= 1
        if self.deeds < 0:
            raise Killed

    async def read(self, kind: str, name: str) -> dict | None:
        return await FileRecords(self.root / "records").read(kind, name)

    async def write(self, kind: str, name: str, document: dict) -> None:
        self._deed()
        await FileRecords(self.root / "records").write(kind, name, document)

    async def delete(self, kind: str, name: str) -> None:
        self._deed()
        await FileRecords(self.root / "records").delete(kind, name)

    async def gate(self, *, closed: bool) -> None:
        self._deed()
        self.closed = closed

    async def instances(self, service: str | None = None) -> list[str]:
        return sorted(self.runs) if service is None else [one for one in self.runs if one == service]

    async def stop(self, store: str) -> None:
        self._deed()
        self.runs.discard(store)

    async def start(self, store: str) -> None:
        self._deed()
        if not self.down:
            self.runs.add(store)

    async def exchange(self, store: str, folder: Path, name: str) -> None:
        assert store not in self.runs, "a running server's folder is exchanged"
        exchanging.exchange(self.root / store, folder, self.root / "restores" / f"{store}-{name}")

    async def sweep(self, name: str) -> None:
        self._deed()
        for store in STORES:
            exchanging.sweep(self.root / "restores", f"{store}-{name}")

    async def kept(self) -> list[KeptStore]:
        return exchanging.kept(self.root / "restores")

    async def run_store_tool(self, store: str, argv: object, stdin: bytes = b"") -> TaskResult:
        assert "postgres" in self.runs
        return TaskResult(0, "1", "", 0.0)

    async def take_lease(self, wanted: Lease) -> Lease:
        self.lease = wanted
        return wanted

    async def read_lease(self) -> Lease | None:
        return self.lease

    async def drop_lease(self, token: str) -> None:
        self.lease = None

    def serves(self, store: str) -> str:
        return (self.root / store / "data").read_text()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    for store in STORES:
        (tmp_path / store).mkdir()
        (tmp_path / store / "data").write_text("old")
        new = tmp_path / "restores" / f"{store}-one"
        new.mkdir(parents=True)
        (new / "data").write_text("new")
    made = Place(tmp_path)
    rename = exchanging.os.rename

    def renamed(before: Path, after: Path) -> None:
        made._deed()
        rename(before, after)

    monkeypatch.setattr(exchanging.os, "rename", renamed)
    return made


def told(line: str) -> None:
    """Nobody wants to know."""


def wanted(place: Place) -> Exchange:
    folders = {store: str(place.root / "restores" / f"{store}-one") for store in STORES}
    return Exchange("one", "a set", folders, Step.PREPARING, "somebody")


async def swapped(place: Place, deeds: int = LONG) -> bool:
    """Whether it got to its end with so many deeds."""
    place.deeds = deeds
    try:
        await swap(place, SETTINGS, CLOCK, told, wanted(place))
    except Killed:
        return False
    finally:
        place.deeds = LONG
    return True


async def finished(place: Place, deeds: int = LONG) -> bool:
    place.deeds = deeds
    try:
        await finish_interrupted(place, SETTINGS, CLOCK, told)
    except Killed:
        return False
    finally:
        place.deeds = LONG
    return True


async def whole(place: Place) -> str:
    """What serves, once all is looked at: one of the two in both stores, both run, everybody is let in."""
    assert await journal.read(place) is None
    assert not place.closed
    assert place.runs == set(STORES)
    assert place.serves("postgres") == place.serves("valkey")
    return place.serves("postgres")


async def deeds_of_a_swap(place: Place) -> int:
    before = LONG
    await swap(place, SETTINGS, CLOCK, told, wanted(place))
    used = before - place.deeds
    place.deeds = LONG
    return used


async def test_what_is_not_killed_serves_the_new_and_keeps_the_old(place: Place):
    assert await swapped(place)

    assert await whole(place) == "new"
    assert [(one.store, one.name) for one in await place.kept()] == [("postgres", "one"), ("valkey", "one")]
    assert {(one.folder / "data").read_text() for one in await place.kept()} == {"old"}


# A swap of two stores takes 14 deeds: three notes, closing, of each store stop, two renames and start,
# opening, and the deletion of the note.
@pytest.mark.parametrize("deeds", range(14))
async def test_whoever_is_killed_before_any_deed_leaves_one_of_the_two_serving(place: Place, deeds: int):
    assert not await swapped(place, deeds)

    assert await finished(place)

    serves = await whole(place)
    assert serves == ("new" if deeds > 2 else "old")
    if serves == "old" and deeds:
        assert not list((place.root / "restores").iterdir())  # what was prepared is gone
    if serves == "new":
        assert {(one.folder / "data").read_text() for one in await place.kept()} == {"old"}


async def test_fourteen_deeds_are_all_there_are(place: Place):
    assert await deeds_of_a_swap(place) == 14


@pytest.mark.parametrize("first", [4, 6, 7, 9, 11])
@pytest.mark.parametrize("second", range(10))
async def test_whoever_ends_it_may_be_killed_too(place: Place, first: int, second: int):
    assert not await swapped(place, first)
    await finished(place, second)

    assert await finished(place)

    assert await whole(place) == "new"


@pytest.mark.parametrize("deeds", [2, 6, 8, 12])
async def test_after_a_power_cut_it_is_ended_before_anything_runs(place: Place, deeds: int):
    assert not await swapped(place, deeds)
    place.down = True
    place.runs.clear()

    assert await finished(place)

    assert not place.runs
    place.runs.update(STORES)
    assert await whole(place) == ("new" if deeds > 2 else "old")


async def test_where_nothing_was_cut_off_nothing_is_done(place: Place):
    assert not await finish_interrupted(place, SETTINGS, CLOCK, told)
    await mend(place, SETTINGS, CLOCK, told)

    assert await whole(place) == "old"
    assert place.deeds == LONG


async def test_watch_ends_it_with_the_lease_in_hand_and_gives_it_back(place: Place):
    assert not await swapped(place, 6)

    await mend(place, SETTINGS, CLOCK, told)

    assert await whole(place) == "new"
    assert place.lease is None


async def test_undone_the_old_serves_again_and_the_new_is_kept(place: Place):
    assert await swapped(place)

    assert await kept.undo(place, SETTINGS, CLOCK, told) == ["postgres", "valkey"]

    assert await whole(place) == "old"
    assert {(one.folder / "data").read_text() for one in await place.kept()} == {"new"}


async def test_with_nothing_kept_nothing_is_undone(place: Place):
    with pytest.raises(PreflightError, match="no earlier restore keeps anything"):
        await kept.undo(place, SETTINGS, CLOCK, told)
    assert await whole(place) == "old"


async def test_while_an_exchange_is_under_way_nothing_is_deleted(place: Place):
    assert not await swapped(place, 6)

    with pytest.raises(PreflightError, match="not ended yet"):
        await kept.confirm(place, told)


async def test_what_was_half_unpacked_goes_and_what_is_kept_or_anothers_stays(place: Place):
    restores = place.root / "restores"
    for name in ("postgres-one-part0", "kept-postgres-one", "postgres-two"):
        (restores / name).mkdir()
    (restores / "postgres-one.log").write_text("")
    assert not await swapped(place, 1)

    assert await finished(place)

    assert sorted(path.name for path in restores.iterdir()) == ["kept-postgres-one", "postgres-two"]


async def test_without_anything_to_put_there_the_live_data_stays(place: Place):
    with pytest.raises(PlatformError, match="nothing can take the place"):
        exchanging.exchange(place.root / "postgres", place.root / "absent", place.root / "restores" / "x")
    assert place.serves("postgres") == "old"
