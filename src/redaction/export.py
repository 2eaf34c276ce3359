"""The rule table for another engine: pairs of pattern and replacement for Logstash's `mutate { gsub }`.

The patterns use only what Python's `re`, Ruby and Joni read alike: no named groups, no possessive
or atomic groups, look-behinds of one length, no `\\b`, `\\d` or `\\w` (see
docs/reference/redaction.md). They run on raw text, without folding, so they are the second line of
defence: the service has redacted before it wrote the line. Called by `python -m redaction export`
and by whoever renders the Logstash pipeline.
"""

import json
from typing import Any

from redaction.model import Kind
from redaction.names import tables

_D = "[0-9０-９]"
_L = "[A-Za-zＡ-Ｚａ-ｚ]"
_S = "[ .。\\-－_　\u200b\u200c\u200d\u2060\ufeff]{0,2}"
_LEFT = "(?<![A-Za-z0-9Ａ-Ｚａ-ｚ０-９])"
_RIGHT = "(?![A-Za-z0-9Ａ-Ｚａ-ｚ０-９])"
_LEFT_NUMBER = "(?<![0-9０-９])"
_RIGHT_NUMBER = "(?![0-9０-９])"
_HAN = "[一-鿿]"
_N = "[0-9０-９一二三四五六七八九十百零〇]{1,6}"
# What is called a serial is none of a person's numbers. Each look-behind has one length, as Python wants it.
_SERIALS = "編號|序號|產碼|標籤|單號|型號|案號|發票|對獎|包裹|條碼|票號|文號|批號|料號"
_SERIAL_KEYS = (
    "part_no",
    "asset_tag",
    "sn",
    "sku",
    "ref",
    "order",
    "serial",
    "invoice",
    "ticket",
    "batch",
    "rev",
)
_NOT_SERIAL = "".join(
    [
        f"(?<!{_SERIALS})(?<!(?:{_SERIALS})[:：=＝ 是為])(?<!(?:{_SERIALS})[:：] )",
        *(f"(?<!{key}[=: ])" for key in _SERIAL_KEYS),
    ]
)


def _number(first: str, more: int, most: int = 0) -> str:
    count = f"{{{more}}}" if not most else f"{{{more},{most}}}"
    return f"{first}(?:{_S}{_D}){count}"


def _surnames() -> str:
    return "".join(sorted(set(tables.PLAIN_SURNAMES + tables.DOUBTFUL_SURNAMES) - {"\n"}))


def _pairs() -> list[tuple[Kind, str, str]]:
    """Kind, pattern, and what stands before the replacement (`\\1` where the pattern keeps its context)."""
    street = f"{_HAN}{{2,4}}(?:路|街|大道)(?:{_N}段)?"
    inside = f"(?:{_N}巷)?(?:{_N}弄)?{_N}(?:(?:之|-|－){_N})?號(?:之{_N})?(?:{_N}(?:樓|[FfＦ]))?(?:之{_N})?"
    return [
        (
            Kind.EMAIL,
            (
                f"{_LEFT}(?!git@)[A-Za-z0-9._%+\\-]{{1,64}}(?:@|＠|%40)(?:[A-Za-z0-9\\-]{{1,40}}\\.)"
                f"{{1,4}}[A-Za-z]{{2,24}}"
            ),
            "",
        ),
        (Kind.TW_ID, f"{_LEFT}{_NOT_SERIAL}{_number(_L + _S + '[12１２]', 8)}{_RIGHT}", ""),
        (Kind.TW_ARC, f"{_LEFT}{_NOT_SERIAL}{_number(_L + _S + '[89A-Da-d８９]', 8)}{_RIGHT}", ""),
        (Kind.CREDIT_CARD, f"{_LEFT}{_NOT_SERIAL}{_number('[4-5４５]', 15)}{_RIGHT}", ""),
        (Kind.CREDIT_CARD, f"{_LEFT}{_NOT_SERIAL}{_number('3' + _S + '[47]', 13)}{_RIGHT}", ""),
        (
            Kind.PHONE_MOBILE,
            (
                f"{_LEFT_NUMBER}(?<![0-9０-９][.．])(?:(?:\\+|00)?886{_S}(?:\\(?0\\)?)?{_S}|[0０]){_S}"
                f"{_number('[9９]', 8)}{_RIGHT_NUMBER}"
            ),
            "",
        ),
        (
            Kind.NHI_CARD,
            f"((?:健保卡?|NHI|nhi)[^0-9０-９\\n]{{0,16}}){_number(_D, 11)}{_RIGHT_NUMBER}",
            "\\1",
        ),
        (
            Kind.PASSPORT,
            (
                f"((?:護照|[Pp]assport)[^0-9０-９\\n]{{0,10}}?)[A-Za-zＡ-Ｚａ-ｚ]{{0,2}}{_D}"
                f"{{7,9}}{_RIGHT_NUMBER}"
            ),
            "\\1",
        ),
        (
            Kind.BANK_ACCOUNT,
            (
                f"((?:帳號|帳戶|戶頭|匯款?[到至]|存摺|局號|account(?!_id)|acct(?:_no)?)"
                f"[^0-9０-９\\n]{{0,8}}){_number(_D, 9, 15)}"
                f"{_RIGHT_NUMBER}"
            ),
            "\\1",
        ),
        (
            Kind.PHONE_LANDLINE,
            (
                f"{_LEFT_NUMBER}(?<![0-9０-９][.．])[(（]?[0０](?:[2２]|[3-8３-８]|[348][79２2])[)）]?{_S}"
                f"{_number('[2-9２-９]', 5, 7)}{_RIGHT_NUMBER}"
            ),
            "",
        ),
        (
            Kind.LINE_ID,
            (
                "((?<![A-Za-z])(?:LINE|Line|line|賴)[ _]?(?:ID|id|Id)?[\"']?(?:是|:|：|=| ){1,3}[\"']?)"
                "(?![Pp]ay|PAY|[Tt]oday|TODAY|[Pp]oints?|[Oo]fficial|parses)(?=[0-9._\\-]{0,19}[A-Za-z])(?=[A-Za-z]{0,19}[0-9._\\-])"
                "[A-Za-z0-9][A-Za-z0-9._\\-]{3,19}"
            ),
            "\\1",
        ),
        (
            Kind.PLATE,
            f"{_LEFT}(?!RTX|GTX|ISO|COV|PSY|CSE|ENG|CVE|RFC|PHQ|GAD|BWV)[A-HJ-NP-Z]{{3}}-[0-35-9]{{4}}{_RIGHT}",
            "",
        ),
        (
            Kind.PLATE,
            (
                f"((?:車牌|車號|牌照|plate(?:_no)?)[^A-Za-z0-9\\n]{{0,6}})(?=[A-Za-z\\- ]{{0,6}}[0-9])"
                f"[A-Za-z0-9]{{2,4}}[\\- "
                f"]?[A-Za-z0-9]{{2,4}}{_RIGHT}"
            ),
            "\\1",
        ),
        (
            Kind.BIRTHDATE,
            (
                f"((?:生日(?![派會趴])|出生|birthday|birth_date|bday|dob|DOB)[^0-9０-９\\n]{{0,8}}){_D}{{2,4}}(?:年|/|-|\\.)"
                f"?{_D}{{1,2}}(?:月|/|-|\\.)?{_D}{{1,2}}日?"
            ),
            "\\1",
        ),
        (Kind.ADDRESS, f"(?:{_HAN}{{2,3}}(?:市|縣))?(?:{_HAN}{{1,3}}(?:區|鄉|鎮|市))?{street}{inside}", ""),
        (Kind.NAME, f"((?:姓名|我叫|名叫|本人|案主|個案|聯絡人)[:：]? ?)[{_surnames()}]{_HAN}{{2}}", "\\1"),
    ]


APPROXIMATE = {
    Kind.TW_ID: "no check digit: every value of the shape is masked",
    Kind.TW_ARC: "no check digit: every value of the shape is masked",
    Kind.CREDIT_CARD: "no check digit; 15 and 16 digits of the four large issuers only",
    Kind.PHONE_LANDLINE: "area code and length are checked loosely",
    Kind.LINE_ID: "only directly behind the word",
    Kind.PLATE: "old formats only behind a word for plate",
    Kind.BANK_ACCOUNT: "only behind a word for account",
    Kind.BIRTHDATE: "only behind a word for birthday; no neighbours, no Chinese numerals",
    Kind.ADDRESS: "only with a street and a house number",
    Kind.NAME: "only behind an introducing word",
}


def table() -> dict[str, Any]:
    """The exported table: pairs in the order in which they must run, and what is lost against `redact`."""
    return {
        "pairs": [[pattern, lead + kind.replacement] for kind, pattern, lead in _pairs()],
        "kinds": [kind.value for kind, _, _ in _pairs()],
        "approximate": {kind.value: why for kind, why in APPROXIMATE.items()},
    }


def as_json() -> str:
    """The table as JSON."""
    return json.dumps(table(), ensure_ascii=False, indent=2)
