"""What stands around a match.

A serial-number word, a log key, an inert stretch such as a timestamp or a UUID.

Called by `engine` and `checks`; the answers decide whether a number of the right shape is personal
at all.
"""

import re
from bisect import bisect_right
from functools import cache

_SERIAL_WORDS = (
    r"(?<!統一)編號|資產碼?|財產|設備|型號|機型|序號|流水號?|(?<!罰)單號?|訂單|案號|案件|件號|字第|字(?!號)|第|發票|對獎|中獎|"
    r"統編|課程|課號|選修|選課|"
    r"代碼|代號|條碼|料號|貨號|批號|版號|版本|包裹|物流|託運|運單|掛號|交易|票號|座位|車次|航班|班機|"
    r"會議室?|房號|病歷|學號|工號|員編|"
    r"識別碼|驗證碼|授權碼|兌換碼|優惠碼|折扣碼|取件|繳費|電號|水號|公文|文號|收據|憑證|請款單?|報修單?|"
    r"工單|問題單|主機|機器|"
    r"part.?no|part|firmware|fw|chip|board|kernel|disk|serial|s/n|sku|asset|order|invoice|tracking|ticket|case|model|batch|course|device|flight|"
    r"product|item|version|build|release|job|booking|reservation|coupon|promo|code|ref(?:erence)?|isbn|issue|"
    r"RTX|GTX|ISO|COVID|PSY|ENG|CVE|RFC|JIRA|PHQ|GAD|ICD|DSM|BSRS"
)
_SERIAL_KEYS = (
    r"part|part_?no|serial\w*|sn|sku|asset\w*|order\w*|ref(?!und)\w*|batch\w*|seq\w*|trace\w*|span\w*|rev|hash|"
    r"digest|build|version|ver|"
    r"job\w*|ticket\w*|case\w*|invoice\w*|tracking\w*|model|gpu|device\w*|txn\w*|tx|transaction\w*|"
    r"request\w*|req\w*|rid|sid|"
    r"uid|pid|tid|kid|jti|port|ts|timestamp|time|epoch|scrape|count|amount|total|size|bytes|offset|etag|commit|"
    r"image|tag|"
    r"node\w*|pod|host\w*|session\w*|lot|course\w*|code|dur\w*|latency|score|price|barcode|isbn|sum|crc|"
    r"checksum|nonce|token_?count|"
    r"account_?id|flight|coupon|item\w*|product\w*|line_?no|lineno|row|rows|hotline|target"
)
_EITHER = frozenset(("pid", "uid", "sid", "rid", "tid"))
_PERSONAL = (
    r"身[分份]|證號|字號|居留|健保|護照|電話|手機|市話|帳號|帳戶|戶頭|卡號|車牌|車號|phone|mobile|tel|passport|"
    r"(?<![a-z])id(?![a-z])|national"
)


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    flags = re.IGNORECASE
    return (
        re.compile(
            (
                rf"(?:(?<![A-Za-z])(?:{_SERIAL_WORDS}))(?:是|為|叫|:|=|#|no|is|number|號碼?|的|[ "
                rf".(\"'\[\-\)]){{0,5}}$"
            ),
            flags,
        ),
        re.compile(r"([A-Za-z_][A-Za-z0-9_.\-]{0,30})[\"']?\s{0,2}[=:]\s{0,2}[\"'(\[{]{0,2}$"),
        re.compile(rf"(?:{_SERIAL_KEYS})\Z", flags),
        re.compile(_PERSONAL, flags),
    )


def key_before(text: str, start: int) -> str:
    """The log key whose value begins here (`phone=0912…`, `"tel":"07…"`), or an empty string."""
    match = _patterns()[1].search(text, max(0, start - 40), start)
    return match[1].lower().rsplit(".", 1)[-1] if match else ""


def is_serial(text: str, start: int) -> bool:
    """Whether the words right in front say: this is a serial, order, case or course number."""
    words, _, keys, personal = _patterns()
    left = text[max(0, start - 16) : start]
    if key := key_before(text, start):
        # a process has a number for its id, a person may have letters in theirs
        return keys.match(key) is not None and not (key in _EITHER and text[start].isalpha())
    if personal.search(left[-9:]):
        return False
    return words.search(left) is not None


# Stretches in which nothing personal is looked for.
_INERT = (
    r"\[[A-Z_]{4,16}(?:[0-9]{1,5})?\]"  # our own replacements and placeholders
    r"|(?<![A-Za-z0-9])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![A-Za-z0-9])"
    r"|(?<![A-Za-z0-9])(?=[0-9]{0,39}[a-f])[0-9a-f]{20,128}(?![A-Za-z0-9])"
    r"|(?<![0-9])(?:19|20)[0-9]{2}[-/][01][0-9][-/][0-3][0-9]"
    r"(?!T00:00:00)[T ][0-2][0-9]:[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]{1,9})?)?"
    r"(?:Z|[+\-][0-9]{2}:?[0-9]{2})?(?![0-9])"
    r"|(?<![0-9])[0-3][0-9]/[A-Z][a-z]{2}/(?:19|20)[0-9]{2}:[0-9:]{8} [+\-][0-9]{4}"
    r"|(?<![0-9.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?::[0-9]{1,5}|/[0-9]{1,2})?(?![0-9.])"
    r"|(?<![0-9A-Za-z])[0-2]?[0-9]:[0-5][0-9]:[0-5][0-9](?:[.,][0-9]{1,9})?(?![0-9])"
)


@cache
def _inert() -> re.Pattern[str]:
    return re.compile(_INERT)


class Inert:
    """The inert stretches of one text, asked by offset; looked for when the first question comes."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts: list[int] | None = None
        self._ends: list[int] = []

    def _look(self) -> list[int]:
        found = [match.span() for match in _inert().finditer(self._text)]
        self._ends = [end for _, end in found]
        return [start for start, _ in found]

    def overlaps(self, start: int, end: int) -> bool:
        """Whether `text[start:end]` touches an inert stretch."""
        if self._starts is None:
            self._starts = self._look()
        at = bisect_right(self._starts, end - 1) - 1
        return at >= 0 and self._ends[at] > start
