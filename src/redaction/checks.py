"""The checks a rule may name: what must hold besides the shape.

Called by `engine` for every match of such a rule.
"""

import re
from functools import cache

from redaction import checksums
from redaction.rules.identity import PERSONAL_ID, VEHICLE
from redaction.rules.money import CARD_WORDS
from redaction.rules.rule import Check
from redaction.surroundings import is_serial, key_before

_URL_USER = re.compile(r"://[^/@\s]{0,38}$|message-id[:=<\s]{1,4}$", re.IGNORECASE)
_TIME_STAMP = re.compile(r"20[0-3][0-9](?:0[1-9]|1[0-2])(?:[0-2][0-9]|3[01])(?:[0-9]{4}|[0-9]{6})\Z")
_CODE_PREFIX = re.compile(r"(?:(?<![A-Za-z])[A-Za-z]|[A-Za-z]{1,4}-)$")
_PHONE_WORD = re.compile(r"(?:tel|fax|phone|mobile|cell|call|to|from)-?$", re.IGNORECASE)
_PLATE_WORD = re.compile(
    r"車(?![站票次程資費廂碼款展潮])|牌照|(?<![a-z])(?:plate|lpr|anpr)|騎|駕", re.IGNORECASE
)
_WORD_AND_NUMBER = re.compile(r"[a-z]+ |[0-9]+ [a-z]+\Z")
_DIGITS_FIRST = re.compile(r"[0-9]{4}-[A-Z]{2}\Z", re.IGNORECASE)
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+\Z")
_PUBLIC = re.compile(r"080[09][0-9]{6}\Z")
_HAN = re.compile("[一-鿿]")
_ALNUM = re.compile(r"[^0-9A-Za-z]+")
_CASE_NUMBER = re.compile(r"[A-Z][0-9]{6}-[0-9]{3}\Z", re.IGNORECASE)
_DATE_AFTER_AREA = re.compile(r"[0-9]{2,3}[ )\-/](?:19|20)[0-9]{2}[ \-/.][01]?[0-9][ \-/.][0-3]?[0-9]\Z")
_NOT_A_PLATE = re.compile(
    r"(?:RTX|GTX|ISO|COV|PSY|CSE|ENG|CVE|RFC|JIRA|PHQ|GAD|ICD|DSM|USB|LED|CPU|GPU|RAM|SSD|HDD|API|SQL|"
    r"UTC|GMT|PR|MR|CL|PO|QA|UI|BUG|SHA|MD|UTF|AES|RSA|ARM|AMD|PM|AM|NT|USD|TWD|NTD|"
    r"MB|GB|KB|TB|MG|KG|KM|CM|MM|ML|HP|KH|TC|TP|NO|VS|EP|VER|REV|SN|ID|NBA|MLB|KTV|PS|XBOX|WIFI|BWV|BBC|"
    r"CNN|NCC|TV|FM|"
    r"GE|CS|BMW|CRV|RAV|GLA|GLC|MRT|HSR|TRA|ETC|GPS|SUV|SYM|PGO|JET|RSZ|BWS|XMAX|NTU|NSYSU|APP|EE|ME|PE|"
    r"OOO|XXX|QOO)\Z",
    re.IGNORECASE,
)
_NOT_BEHIND_A_PLATE = re.compile(r" ?[年版型元塊集頁]|[\"']? ?=|[\"'] ?:")
# What bears a code that looks like a plate: 教室 ABC-1234.
_THING = re.compile(
    r"(?:教室|鑰匙|標籤|韌體|軟體|歌|專輯|檢體|試劑|儀器|書號|館藏|電梯|路燈|樣本|櫃子?|箱|合約|標案|表單|文件|課|口令|"
    r"貨架|梯次|器材|伺服器?|印表機|投影機|冷氣|螢幕|鏡頭|電腦|筆電|手機|耳機|相機|鍵盤|藥|零件|產品|商品|耗材|貨品)"
    r"[^A-Za-z0-9\n。]{0,4}$"
)
_AMOUNT_AFTER = re.compile(r" ?(?:元|塊|萬|億|円|(?:NTD|TWD|dollars)(?![A-Za-z=:]))", re.IGNORECASE)
_BAD_TOKENS = re.compile(
    r"(?:iphone.*|gpt.*|phq.*|gad.*|bsrs.*|covid.*|ps[45].*|win1[01]|mp[34]|http.*|www.*|android.*|ios.*|"
    r"pay|today|notify|official|points?|bot|music|store|tv|call|app|id|line|login|user|users|account|"
    r"group|friends?|chat|"
    r"message|messages|msg|stickers?|video|voice|web|api|sdk|oa|shopping|taxi|travel|games?|null|none|"
    r"true|false|undefined|"
    r"test|error|warn|info|debug|stdout|stderr|height|break|feed|number|count|width|numbers|ios|android|"
    r"pc|desktop|ok|values?|mismatch|expected|invalid|missing|required|duplicate|verified|updated|changed|bound|"
    r"webhook|push|bind|reply|token|events?|follow|unfollow|join|leave|fail(?:ed|ure)?|success|connection|timeout|"
    r"select|where|insert|into|field|column|format|length|must|should|already|exists|found|empty|signature|channel|"
    r"but|and|the|that|this|with|when|because|they|she|her|his|him|you|your|not|can|have|has|had|was|"
    r"were|are|for|from|"
    r"since|please|then|later|every|all|day|only|just|anymore|back|there|what|who|why|how|like|about|"
    r"text|texts|also|"
    r"saya|toi|tren|cua|add|search|name|mine|here|read|unread|blocked|block|it|so|if|or)\Z",
    re.IGNORECASE,
)
_FILE = re.compile(
    r"\.(?:py|js|ts|log|txt|json|ya?ml|go|rb|java|c|h|csv|html?|png|jpe?g|tw|com|net|org|me|ee|io)\Z",
    re.IGNORECASE,
)
_IS_A_KEY = re.compile(r"[\"']? ?=|[\"'] ?:")
_LINE_VALUE = re.compile(
    r"line[\"'],\s?[\"'](?:handle|id|user\w*|name|account|value)[\"']\s?:\s?[\"']$|"
    r"line[\"']?\s?[:=]\s?[\"']$|line\]?=$|contact[^a-z0-9]{1,3}line[ :]{1,2}$|"
    r"line.?(?:id|account)[^a-z0-9]{0,6}(?:is |[:=] ?)?[\"'(]?@?$|"
    r"(?<![a-z])line me $|"
    r"(?:my|add me on|me on|on|my id on) line[^a-z0-9]{0,3}(?:id )?(?:is |[:=] ?)?[\"'(]?@?$",
    re.IGNORECASE,
)
# Keys that say nothing; what they are part of does: {"lpr": {"text": …}}.
_GENERIC_KEYS = frozenset(
    ("text", "value", "val", "no", "num", "number", "id", "result", "hit", "raw", "read")
)
# LINE webhook failed, LINE.PUSH: such a word is the next word.
_LOOSE = re.compile(r"[ ._-]$")
_PERSON_KEY = re.compile(r"user|to\Z|link|handle|contact|friend|acc|recipient|id\Z")
_LINE_CAPITAL = re.compile(r"(?:LINE|Line)[^A-Za-z0-9]{1,4}$")
_LINE_ASKS = re.compile(r"id|帳號|是|:|=|加|搜|叫|找|is|[改換變]|名|查|用|為|user", re.IGNORECASE)


@cache
def _search(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def near(pattern: str, text: str, start: int, end: int, before: int, after: int) -> bool:
    """Whether `pattern` occurs in the `before` characters in front or the `after` characters behind.

    Hether `pattern` occurs in the `before` characters in front of or the `after` characters behind
    the match.
    """
    search = _search(pattern).search
    if search(text, max(0, start - before), start):
        return True
    return after > 0 and search(text, end, min(len(text), end + after)) is not None


def _identity(text: str, value: str, start: int, end: int) -> bool:
    personal = near(PERSONAL_ID, text, start, end, 16, 0)
    if _CASE_NUMBER.match(value) and not personal:
        return False
    plain = _ALNUM.sub("", value).upper()
    return personal or checksums.is_identity_number(plain)


def _card(text: str, value: str, start: int, end: int) -> bool:
    plain = _ALNUM.sub("", value)
    if not checksums.is_card_shape(plain):
        return False
    words = near(CARD_WORDS, text, start, end, 16, 8)
    if not words and (len(plain) not in {14, 15, 16} or is_serial(text, start)):
        return False
    return words or checksums.is_luhn(plain)


def _phone(text: str, value: str, start: int, end: int) -> bool:
    """Not glued to one letter or to a letter code: `S073…`, `KH-0726-…` are serials."""
    left = text[max(0, start - 8) : start]
    return not _CODE_PREFIX.search(left) or _PHONE_WORD.search(left) is not None


def _landline(text: str, value: str, start: int, end: int) -> bool:
    return _phone(text, value, start, end) and not _DATE_AFTER_AREA.search(value)


def _plate(text: str, value: str, start: int, end: int) -> bool:
    if _NOT_BEHIND_A_PLATE.match(text, end):
        return False
    letters = "".join(character for character in value if character.isalpha())
    denied = _NOT_A_PLATE.match(letters) and not _DIGITS_FIRST.match(value)
    if denied and len(letters) > 2:
        return False
    if denied and not _PLATE_WORD.search(text, max(0, start - 14), start):
        return False
    if _WORD_AND_NUMBER.match(value) and not _HAN.search(text, max(0, start - 3), start):
        return False
    key = key_before(text, start)
    if key and key not in _GENERIC_KEYS:
        return _search(VEHICLE).search(key) is not None
    around = text[max(0, start - 12) : end + 10]
    if _THING.search(text, max(0, start - 14), start) and not _search(VEHICLE).search(around):
        return False
    # Without Han characters around, three letters and four digits are a ticket or a model.
    around = text[max(0, start - 24) : end + 12]
    return _HAN.search(around) is not None or _search(VEHICLE).search(around) is not None


def _account(text: str, value: str, start: int, end: int) -> bool:
    plain = _ALNUM.sub("", value)
    if not 9 <= len(plain) <= 18 or _AMOUNT_AFTER.match(text, end):
        return False
    if _THOUSANDS.match(value) or _PUBLIC.match(plain) or _TIME_STAMP.match(plain):
        return False
    return not (len(plain) == 10 and plain.startswith("09"))


def _line_id(text: str, value: str, start: int, end: int) -> bool:
    if _BAD_TOKENS.match(value) or _FILE.search(value) or _IS_A_KEY.match(text, end):
        return False
    if text[start - 1] in "-_" and text[start - 5 : start - 1] == "line":
        return False  # line-worker-2 is one name
    if _HAN.search(text, max(0, start - 20), end + 10) is None and not any(map(str.isdigit, value)):
        # In code and logs `line` is mostly a line: only a quoted value or talk about an id will do.
        capital = _LINE_CAPITAL.search(text, max(0, start - 10), start)
        return (
            "_" in value
            or (capital is not None and not (value.isalpha() and _LOOSE.search(text, 0, start)))
            or _PERSON_KEY.search(key_before(text, start)) is not None
            or _LINE_VALUE.search(text, max(0, start - 24), start) is not None
        )
    if not value.isalpha():
        return True
    return _LINE_ASKS.search(text, max(0, start - 8), start) is not None


def _passport(text: str, value: str, start: int, end: int) -> bool:
    return not (key_before(text, start) and is_serial(text, start))


def _email(text: str, value: str, start: int, end: int) -> bool:
    left = text[max(0, start - 40) : start]
    if value.lower().startswith("git@") or _URL_USER.search(left):
        return False
    if " at " in value and "@" not in value and " dot " not in value.lower():
        local = value.split(" at ")[0]
        return not local.isalpha() or "mail" in left.lower() or "信箱" in left
    return True


_CHECKS = {
    Check.EMAIL: _email,
    Check.IDENTITY: _identity,
    Check.CARD: _card,
    Check.PHONE: _phone,
    Check.LANDLINE: _landline,
    Check.PLATE: _plate,
    Check.ACCOUNT: _account,
    Check.LINE_ID: _line_id,
    Check.PASSPORT: _passport,
}


def passes(check: Check, text: str, value: str, start: int, end: int) -> bool:
    """Whether `value`, found at `text[start:end]`, holds what `check` asks."""
    return check is Check.NONE or _CHECKS[check](text, value, start, end)
