"""What the console says, in zh-TW and English, from the two files beside it; times are Taipei's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import yaml

LANGUAGES = ("zh-TW", "en")
TAIPEI = ZoneInfo("Asia/Taipei")
_AGES = ((86400, "days"), (3600, "hours"), (60, "minutes"))
_FAULTS = (
    (r"nothing was ever started here", "nothing_started"),
    (r"the proxy gives no answer from the service", "no_answer"),
    (r"the proxy answers with (\S+), committed is (\S+)", "other_release"),
    (r"(\d+) of (\d+) replicas are ready", "few_replicas"),
    (r"the service misses its (.+)", "missing"),
    (r"a (\S+) of (\S+) was interrupted; the next verb ends it", "interrupted"),
    (r"no pager runs: nobody is called \(xiong up\)", "no_pager"),
    (r"nobody is called: paging\.file is not set", "no_paging"),
    (
        r"a page of somebody in immediate danger waits for (\S+) min, at most (\S+) are meant .*",
        "late",
    ),
    (r"alert (\S+) fires", "alert"),
    (r"the healer has given up on (\S+): a human must act", "given_up"),
    (r"check (\S+) is unhealthy", "check"),
    (r"(\S+) is (\S.*)", "part"),
)


class Words:
    """One language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._texts = texts(language)

    def __call__(self, key: str, **values: Any) -> str:
        """The text of a key with its values put in; a value that is no key of ours stands as it is."""
        text = self._texts.get(key)
        return text.format_map(values) if text is not None else key.partition(".")[2] or key

    def listed(self, kind: str, names: Iterable[str]) -> str:
        """Several things of a kind, one after the other."""
        return self("listed").join(self(f"{kind}.{name}") for name in names)

    def age(self, seconds: float) -> str:
        """How long something is ago, in the largest unit of which there are two."""
        whole = max(0, int(seconds))
        for size, unit in _AGES:
            if whole >= 2 * size:
                return self(f"age.{unit}", count=whole // size)
        return self("age.seconds", count=whole)

    def fault(self, sentence: str) -> str:
        """A sentence of `xiong status` in this language; one that we do not know stands as it is."""
        if self.language == "en":
            return sentence
        for pattern, key in _FAULTS:
            found = re.fullmatch(pattern, sentence)
            if found:
                return self(f"fault.{key}", **dict(zip("ab", found.groups(), strict=False)))
        return sentence


@cache
def words(language: str) -> Words:
    """The words of one of the two languages."""
    return Words(language)


@cache
def texts(language: str) -> Mapping[str, str]:
    """{dotted key: text} of a language."""
    document = yaml.safe_load(files("xiong.console").joinpath(f"words/{language}.yaml").read_text("utf-8"))
    found: dict[str, str] = {}
    for name, inner in document.items():
        if isinstance(inner, dict):
            found |= {f"{name}.{key}": str(text) for key, text in inner.items()}
        else:
            found[str(name)] = str(inner)
    return found


def wanted(cookie: str | None, accept: str) -> str:
    """The language that somebody chose, or that their browser prefers."""
    if cookie in LANGUAGES:
        return cookie
    first = accept.partition(",")[0].strip().lower()
    return "en" if first.startswith("en") else "zh-TW"


def local(moment: datetime) -> datetime:
    """A time as the team's clocks show it."""
    return moment.astimezone(TAIPEI)


def clock_time(moment: datetime) -> str:
    """Hours, minutes, seconds."""
    return local(moment).strftime("%H:%M:%S")


def minute(moment: datetime) -> str:
    """Hours and minutes."""
    return local(moment).strftime("%H:%M")


def full_time(moment: datetime) -> str:
    """The date too."""
    return local(moment).strftime("%Y-%m-%d %H:%M:%S")
