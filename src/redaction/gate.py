"""The gate: one regex over the raw text that most clean texts do not pass, so that they cost next to nothing.

It must never turn away what a rule would find; `tests/unit/redaction` holds it to that. Called by `engine`.
"""

import re
from functools import cache

from redaction import folding_tables
from redaction.names import tables


def may_hold_personal_data(text: str) -> bool:
    """Whether any rule could find anything in `text`."""
    return _gate().search(text) is not None


def _both_scripts(characters: str) -> str:
    """A character class of these characters and all that fold to them."""
    wanted = set(characters) - {"\n", " "}
    wanted |= {chr(code) for code, target in folding_tables.plain().items() if chr(target) in wanted}
    return "[" + "".join(sorted(wanted)) + "]"


def _digit() -> str:
    wanted = set("0123456789")
    for table in (folding_tables.plain(), folding_tables.numeral()):
        wanted |= {chr(code) for code, target in table.items() if chr(target).isdigit()}
    return "[" + "".join(sorted(wanted)) + "]"


def _parts() -> tuple[str, ...]:
    surnames = _both_scripts(tables.PLAIN_SURNAMES + tables.DOUBTFUL_SURNAMES + tables.EVERYDAY_SURNAMES)
    given = _both_scripts("".join(tables.GIVEN.values()) + "氏")
    digit = _digit()
    return (
        rf"{digit}[^\n]{{0,8}}?{digit}[^\n]{{0,8}}?{digit}",
        rf"{surnames}(?:[^\nA-Za-z0-9]{{0,3}}){given}|{surnames}[一-鿿]{{2}}(?![一-鿿])",
        rf"[路街道段][^\n]{{0,4}}?{digit}",
        # Escapes, invisible characters, full-width or fancy letters: only folding can tell.
        (
            rf"[{folding_tables.INVISIBLE}Ａ-Ｚａ-ｚÀ-ɏḀ-ỿ·•‧・･∙⋅@＠﹫🅐-🆏𝐀-𝟋Ⓐ-ⓩ⒜-⒵賴赖瀨]|\\[ux]|"
            rf"%[0-9A-Fa-f]{{2}}|&\#"
        ),
        "[號号巷弄]|[路街道段][^\n]{0,24}[樓楼FfＦ]|[里村鄰邻](?=[^\n]{0,6}[0-9])",
        "ㄌㄞ|好友|小老鼠|生日|壽星|慶生|出[生世]|[诞誕]生|[我名]叫|叫做|姓名|名字|族名|看[護护]|移工|配偶|本人|[護护]照",
        "|".join(
            map(
                _any_case,
                (
                    "line",
                    "id搜",
                    "搜id",
                    "用id",
                    "搜尋id",
                    "name",
                    "person",
                    "caller",
                    "patient",
                    "birth",
                    "born",
                    "dob",
                    "rd",
                    "road",
                ),
            )
        ),
        "|".join(
            map(
                _any_case,
                ("street", " st", " ave", " blvd", " at ", "[at", "(at", "{at", "<at", "( at", "[ at"),
            )
        ),
        "[A-Z][a-z]+[ ,\\-]+[A-Z]|[A-Za-z]-[A-Za-z]",
        " (?:"
        + "|".join(map(_any_case, ("thi", "van", "huu", "duc", "minh", "ngoc", "thanh", "quoc", "kim")))
        + ") ",
    )


def _any_case(word: str) -> str:
    """The word in any case; a class per letter.

    Since (?i) would keep the engine from skipping by first character.
    """
    return "".join(f"[{sign}{sign.upper()}]" if sign.isalpha() else re.escape(sign) for sign in word)


@cache
def _gate() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{part})" for part in _parts()))
