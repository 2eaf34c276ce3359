"""The telephone numbers that a reply may name; no other number ever reaches a person.

Used by the vetting of model output in `api.replies`; a test holds entries and scripts to it.
"""

from __future__ import annotations

from api.hotlines import HOTLINES, Hotline

MORE_LINES: tuple[Hotline, ...] = (
    Hotline("救護車", "119"),
    Hotline("張老師", "1980"),
    Hotline("毒品危害諮詢專線", "0800-770-885"),
    Hotline("男性關懷專線", "0800-013-999"),
    Hotline("福利諮詢專線", "1957"),
    Hotline("長照服務專線", "1966"),
    Hotline("反詐騙諮詢專線", "165"),
    Hotline("疫情通報及關懷專線", "1922"),
    Hotline("高雄市民專線", "1999"),
)

KNOWN_NUMBERS: frozenset[str] = frozenset(line.number.replace("-", "") for line in (*HOTLINES, *MORE_LINES))
"""Digits only."""
