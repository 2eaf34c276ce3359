"""Birth dates: a date is personal when the words or the findings beside it say it is somebody's birthday.

Called by `engine` after all other rules, since `姓名；87/12/20；A2…` is a birth date only because of
its neighbours.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cache

from redaction.model import Kind, Span

_HAN = "[一二三四五六七八九十廿卅百零〇○元]"
_YEAR = rf"(?:(?:民國|昭和|大正|明治) ?)?(?:前 ?)?(?:[0-9]{{2,4}}|{_HAN}{{1,5}})"
_MONTH = rf"(?:[01]?[0-9]|{_HAN}{{1,3}}|正|臘|閏[一二三四五六七八九十]{{1,2}})"
_DAY = rf"(?:初? ?[0-3]?[0-9]|初?{_HAN}{{1,3}})"
_MONTHS = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)[a-z]{0,6}"
_ERA = r"(?:(?:民國|西元|公元|R\.?O\.?C\.?) ?)?"

_CALENDAR = "(?:[農國陰陽新舊]曆 ?)?"

_DATE = (
    rf"(?<![0-9一二三四五六七八九十])(?P<v>(?:(?:西元|公元) ?)?{_YEAR} ?年 ?"
    rf"{_CALENDAR}{_MONTH} ?月 ?{_DAY}(?: ?[日號])?"
    rf"|{_ERA}(?:(?:19|20)[0-9]{{2}}|[0-9]{{2,3}}) ?(?P<s>[/.\-·]) ?[01]?[0-9] ?(?P=s) "
    rf"?[0-3]?[0-9](?![0-9])(?![.:][0-9])"
    r"|[0-3]?[0-9](?P<d>[/.\-])[01]?[0-9](?P=d)(?:19|20)[0-9]{2}(?![0-9])"
    rf"|(?<![A-Za-z]){_MONTHS}\.? [0-3]?[0-9](?:st|nd|rd|th)?,? (?:19|20)?[0-9]{{2}}(?![0-9])"
    rf"|[0-3]?[0-9](?:st|nd|rd|th)? (?:of )?{_MONTHS}\.?,? (?:19|20)[0-9]{{2}}(?![0-9])"
    r"|(?:19|20)[0-9]{2} ?[01][0-9] ?[0-3][0-9](?![0-9])"
    r"|(?:民國 ?)?(?:0[0-9]{2}|1[0-2][0-9]|[1-9][0-9])[01][0-9][0-3][0-9](?![0-9]))"
)
_SHORT = (
    rf"(?<![0-9])(?P<v>{_MONTH} ?月 ?(?:初|{_DAY})[一二三四五六七八九十]? ?[日號]?"
    r"|[0-9]{2,4} [01]?[0-9] [0-3]?[0-9]"
    r"|[01]?[0-9][/.\-][0-3]?[0-9]|[01][0-9][0-3][0-9])(?![0-9/年月日.\-])"
)
# 5月5日是我媽生日, not 5/5生日派對.
_SHORT_AFTER = re.compile(
    r" ?(?:(?:就|才)?是|為)?,? ?[^0-9A-Za-z\n,。!?]{0,5}?生日(?![會派禮快聚趴假宴前優當蛋卡])"
)

_WORD = (
    r"生日|壽星|慶生|幾年幾月生|屬[鼠牛虎兔龍蛇馬羊猴雞狗豬]|出生|出世|生於|生在|誕生|誕辰|生辰|生年|"
    r"年籍|年次|降生|落地|"
    r"birth|born|b[.\- ]?day|d\.?o\.?b|hbd|ngay sinh|sinh ngay|lahir|kaarawan|nacimiento"
)
_SEX_BEFORE = re.compile(r"(?:(?<![一-鿿])[男女性]|(?<![A-Za-z])[MF]) {0,2}[|,;/、 ] ?\"?$")
_SEX = re.compile(r"[|,;/、 (] {0,2}\"?(?:[FM]|female|male|男|女)|[男女][,、/|; ]", re.IGNORECASE)
_CUE = re.compile(rf"{_WORD}|生|世|屬|座", re.IGNORECASE)
# 我媽生我那天是79/5/5, but not 醫生我5/5要回診.
_BORE = r"(?<![醫先學發陌花新師])生(?:我|他|她)"
_BEFORE = re.compile(rf"(?:(?:{_WORD})[^0-9\n。!?]{{0,14}}|{_BORE}[^0-9\n。!?]{{0,7}})$", re.IGNORECASE)
_TIGHT = re.compile(
    rf"(?:{_WORD})(?![派趴會禮優假餐蛋])(?:日期|年月日)?[^0-9A-Za-z\n。!?]{{0,4}}(?:國曆|農曆|陽曆|陰曆|"
    rf"新曆|舊曆)?$",
    re.IGNORECASE,
)
_LOOSE = re.compile(r"生日[^0-9A-Za-z\n。!?]{0,9}$")
_SAME_DAY = re.compile(r"生日[^0-9A-Za-z\n。!?]{1,9}(?:同一?天|是|就在) ?$")
_AFTER = re.compile(
    r" ?[,()]? ?(?:早上|凌晨|晚上|下午|那天|當天)?(?:出生|出世|誕生|"
    r"[我他她你妳]?的?(?:出生|生日|誕生)|的?,? ?(?:牡羊|白羊|金牛|雙子|巨蟹|獅子|處女|天秤|天蠍|射手|人馬|"
    r"摩羯|魔羯|水瓶|雙魚)|"
    r"次的|次?,? ?屬[鼠牛虎兔龍蛇馬羊猴雞狗豬]|(?:兒|寶寶|女兒|兒子)?(?:來到世上|[來出]來?到?這個?世界)|"
    r"生(?![氣病活意理存效態產命平疏鮮長動效前計涯])|次生|生日|是(?:我|他|她)的?生日|in the|生效"
    r"|[\"')\]]{1,2} (?:[a-z]{1,9},? ){0,5}?[\"']?(?:dob|"
    r"date.of.birth|birth|b-?day))",
    re.IGNORECASE,
)
_NOT_AFTER = re.compile(r"生效|生前")
_CONTRADICTED = re.compile(
    r"(?:到期|效期|發證|補發|核發|入院|看診|回診|預約|上線|收到|忌日|過世|初診)[^0-9\n]{0,6}$"
)
_SLOT = re.compile(r"[ ]{0,2}(?:[;,/|、\t]|\"|'|\)|\() ?[\"'(]? ?$|[ ]{1,2}$")
_SLOT_AFTER = re.compile(r" {0,2}[\"')]? ?[;,/|、(\t\"' ]|$")

_FIELD_MARKS = {";", "/", "|", "\t", ","}
_CLOSING = {")", ",", ";"}
_RECENT = re.compile(r"(?:民國 ?)?(?:20[12][0-9]|1[01][0-9])(?![0-9]{1,2}(?![0-9]))")
_IDENTIFIERS = {Kind.TW_ID, Kind.TW_ARC, Kind.NHI_CARD, Kind.PASSPORT}
_ANY = frozenset(Kind) - {Kind.BIRTHDATE}
# 19660728|F and 1966-07-28,女: what else stands beside somebody's sex.
_SEX_AFTER = re.compile(
    r"\"? {0,2}[|,;/、] {0,2}\"?(?:(?:F|M|female|male)(?![A-Za-z])|[男女](?![一-鿿]))|"
    r" {1,2}[男女](?![一-鿿])",
    re.IGNORECASE,
)


@cache
def _compiled() -> tuple[re.Pattern[str], re.Pattern[str]]:
    return re.compile(_DATE, re.IGNORECASE), re.compile(_SHORT)


def _plausible(value: str) -> bool:
    """Months to 12 and days to 31, where they are digits; and not a plain time or amount."""
    numbers = [int(number) for number in re.findall(r"[0-9]+", value)]
    if len(numbers) == 3:
        first, month, last = numbers
        return (1 <= month <= 12 and 1 <= max(min(first, last), 1) <= 31) or first <= 12
    if len(numbers) == 1 and value.strip().isdigit():
        month, day = numbers[0] // 100 % 100, numbers[0] % 100
        return 1 <= month <= 12 and 1 <= day <= 31
    return True


def _beside(text: str, start: int, end: int, known: Sequence[Span]) -> bool:
    """Whether the date is one field of a list of personal data: an id on one side, or findings on both."""
    left = right = None
    after = bisect_left(known, end, key=lambda span: span.start)
    before = bisect_left(known, start + 1, key=lambda span: span.end) - 1
    if before >= 0 and start - known[before].end <= 4 and _SLOT.search(text[known[before].end : start]):
        left = known[before].kind
    if (
        after < len(known)
        and known[after].start - end <= 4
        and _SLOT_AFTER.match(text[end : known[after].start])
    ):
        right = known[after].kind
    if left in _IDENTIFIERS or right in _IDENTIFIERS:
        return True
    return (left in _ANY and right in _ANY) or (left is Kind.NAME and _in_form(text, start, end))


def _in_form(text: str, start: int, end: int) -> bool:
    """A field right behind a name, between form marks (`王小明；87/12/20；…`) or in brackets."""
    before, after = text[start - 1 : start], text[end : end + 1]
    if before == "(" and after in _CLOSING:
        return _RECENT.match(text, start) is None  # a signature bears the date of the day
    return before in _FIELD_MARKS and after in _FIELD_MARKS


def _beside_sex(text: str, left: str, match: re.Match[str]) -> bool:
    """One field of a record beside somebody's sex: `19660728|F`, `女，60.08.23`."""
    if _RECENT.match(match["v"]):
        return False
    return _SEX_AFTER.match(text, match.end("v")) is not None or _SEX_BEFORE.search(left) is not None


def birthdates(text: str, known: Sequence[Span]) -> Iterator[Span]:
    """Birth dates in folded text, given what the other rules found."""
    if not known and _CUE.search(text) is None and _SEX.search(text) is None:
        return
    full, short = _compiled()
    for match in full.finditer(text):
        start, end = match.span("v")
        left = text[max(0, start - 24) : start]
        # what a parser complains about is somebody's birthday all the same
        complained = match["s"] and _BEFORE.search(left)
        if not (complained or _plausible(match["v"])) or _CONTRADICTED.search(left):
            continue
        worded = _BEFORE.search(left) or (_AFTER.match(text, end) and not _NOT_AFTER.match(text, end))
        if worded or _beside_sex(text, left, match) or _beside(text, start, end, known):
            yield Span(start, end, Kind.BIRTHDATE)
    for match in short.finditer(text):
        start, end = match.span("v")
        left = text[max(0, start - 16) : start]
        if (
            _TIGHT.search(left)
            or ("月" in match["v"] and _LOOSE.search(left))
            or _SAME_DAY.search(left)
            or _SHORT_AFTER.match(text, end)
        ):
            yield Span(start, end, Kind.BIRTHDATE)
