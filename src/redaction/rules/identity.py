"""Rules for what the state gives a person.

National id, residence certificates, passport, NHI card, plates.
"""

from redaction.model import Kind
from redaction.rules.rule import GAP, LEFT, RIGHT, RIGHT_NUMBER, Check, Rule

# An id may be glued to what it is called, and to the phone number behind it.
_LEFT_OR_WORD = rf"(?:{LEFT}|(?<=[^A-Za-z0-9]ARC)|(?<=[^A-Za-z0-9]ID)|(?<=[^A-Za-z0-9]NO))"
_BETWEEN = r"[^A-Za-z0-9\n]{0,14}"
_ENGLISH = r"(?:(?:no|num|number|is|id|was|card|code|holder|#)[^A-Za-z0-9\n]{1,3}){0,3}"
_PASSPORT = r"(?:[A-Z]{1,2} ?[.\-*_~]?)?[0-9](?:[ .\-*_~]{0,3}[0-9]){5,8}[A-Z]?"
# Also in the languages of those who work here.
_PASSPORT_WORD = (
    r"護照|旅行證件?|pass?port|paspor|pasaporte|ho ?chieu|travel ?doc(?:ument)?|"
    r"(?<![a-z])(?:mrz|pp[ _]?no|ppn|pt[ _]?no"
    r"|ppt[ _]?(?:no|num|number)?)(?![a-z])"
)
_PASSPORT_WORDS = (
    *(
        "護照",
        "旅行證",
        "passport",
        "pasport",
        "paspor",
        "pasaporte",
        "chieu",
        "ppt",
        "travel",
        "mrz",
        "pp no",
        "pp_no",
        "ppn",
        "ptno",
        "pt_no",
    ),
)

_RIGHT_OR_PHONE = rf"(?:{RIGHT}|(?=09[0-9]{{8}}(?![0-9])))"

# Words that make an id with a wrong check digit an id all the same: a typing error is as personal as the id.
PERSONAL_ID = (
    r"身[分份]證|證號|身證|證件|居留|national.?id|id.?(?:no|number|card)|identity|resident|"
    r"(?<![A-Za-z])ARC(?![A-Za-z])"
)
VEHICLE = (
    r"車(?![站票次程資費廂碼款展潮])|(?<![打公離召展分避])開(?![頭始啟放關發機會心學口藥刀玩源])|騎|駕|登記[於在]|名下|過戶|監理|派出所|牌照|[那這]台|"
    r"[那這]輛|拖吊|喇叭|司機|檢舉|違規|逆向|超速|闖紅燈|撞|停[在了放]|違停|路口|"
    r"重機|小五十|小綿羊|摩托|歐兜|野狼|勁戰|黃牌|紅牌|發財|肇逃|失竊|被[偷拖]|尋獲|"
    r"巴士|客運|豐田|本田|賓士|特斯拉|三菱|裕隆|光陽|山葉|三陽|"
    r"尾隨|跟蹤|肇事|擋|擦|罰單|(?<![a-z])(?:(?:number|license|vehicle)?[ _]?plate(?:_?no)?|lpr|anpr|vehicle|"
    r"cars?|watch.?list|camera|cam|gate|toll|tow(?:ed)?|radar|speeding|barrier|"
    r"lpn?|vno|veh|van|truck|sedan|bike|motorbike|parked|follow(?:ed|ing|s)?|dr(?:ove|iv(?:es|ing))|tesla|toyota|gogoro|"
    r"scooter|motorcycle|licen[cs]e no|parking|taxi|uber)(?![a-z])"
)

IDENTITY_RULES: tuple[Rule, ...] = (
    Rule(
        "national_id",
        Kind.TW_ID,
        rf"{_LEFT_OR_WORD}[A-Z]{GAP}[12](?:{GAP}[0-9]){{8}}{_RIGHT_OR_PHONE}",
        check=Check.IDENTITY,
        digits=9,
        strength=90,
    ),
    Rule(
        "residence_certificate",
        Kind.TW_ARC,
        rf"{_LEFT_OR_WORD}[A-Z]{GAP}[89](?:{GAP}[0-9]){{8}}{RIGHT}",
        check=Check.IDENTITY,
        digits=9,
        strength=90,
    ),
    Rule(
        "residence_certificate_old",
        Kind.TW_ARC,
        rf"{_LEFT_OR_WORD}[A-Z]{GAP}[A-D](?:{GAP}[0-9]){{8}}{RIGHT}",
        check=Check.IDENTITY,
        digits=8,
        strength=90,
    ),
    Rule(
        "passport",
        Kind.PASSPORT,
        rf"(?:{_PASSPORT_WORD}){_BETWEEN}{_ENGLISH}(?P<v>{_PASSPORT}){RIGHT}",
        not_serial=False,
        digits=6,
        words=_PASSPORT_WORDS,
        strength=85,
    ),
    Rule(
        "passport_later",
        Kind.PASSPORT,
        rf"(?:{_PASSPORT_WORD})[^\n]{{0,32}}?{LEFT}(?P<v>{_PASSPORT}){RIGHT}",
        check=Check.PASSPORT,
        not_serial=False,
        digits=6,
        words=_PASSPORT_WORDS,
        strength=60,
    ),
    Rule(
        "passport_first",
        Kind.PASSPORT,
        rf"{LEFT}(?P<v>{_PASSPORT}){RIGHT}[^A-Za-z0-9\n]{{0,8}}"
        rf"(?:(?:doc(?:ument)?[ _]?)?(?:type|kind)[\"' ]?[=:][\"' ]{{0,2}})?(?:{_PASSPORT_WORD})",
        digits=6,
        words=_PASSPORT_WORDS,
        strength=59,
    ),
    # Nine digits from a 3 are what our own passports have: enough beside talk of travelling.
    Rule(
        "passport_of_a_traveller",
        Kind.PASSPORT,
        rf"{LEFT}(?:3(?:{GAP}[0-9]){{8}}|[A-Z][0-9]{{7,8}}){RIGHT}",
        near=r"機票|登機|簽證|出境|入境|出國|海關|移民署|領事|外館|(?<![a-z])(?:visa|boarding|immigration|pax)(?![a-z])",
        before=24,
        after=16,
        digits=7,
        strength=58,
    ),
    # Twelve digits from four zeros, in groups of four, are a health card wherever they stand.
    Rule(
        "nhi_card_grouped",
        Kind.NHI_CARD,
        rf"(?<![A-Za-z0-9])(?<![0-9][.\-])0000[ \-][0-9]{{4}}[ \-][0-9]{{4}}{RIGHT_NUMBER}(?![ \-][0-9])",
        digits=12,
        strength=83,
    ),
    Rule(
        "nhi_card_of_a_patient",
        Kind.NHI_CARD,
        rf"(?<![A-Za-z0-9])(?<![0-9][.\-])0000(?:{GAP}[0-9]){{8}}{RIGHT_NUMBER}",
        near=r"卡|看診|看病|看醫生|就醫|就診|掛號|領藥|拿藥|藥師|藥局|診所|醫院|病患|病人|過卡|"
        r"(?<![a-z])hc[ _]?(?:no|card|num|id)|card|patient|clinic|pharmacy|insur",
        before=32,
        after=16,
        digits=12,
        strength=83,
    ),
    Rule(
        "nhi_card",
        Kind.NHI_CARD,
        rf"(?<![A-Za-z0-9])[0-9](?:{GAP}[0-9]){{11}}{RIGHT_NUMBER}",
        near=r"健保|健康保險|(?<![a-z])nhi|health.?(?:card|insurance)|(?<![a-z])hc[ _]?(?:no|card|num|id)",
        before=40,
        after=14,
        digits=12,
        words=("健保", "健康保險", "nhi", "health", "hc"),
        strength=84,
    ),
    Rule(
        "plate_new",
        Kind.PLATE,
        rf"{LEFT}(?-i:[A-HJ-NP-Z]{{3}})-[0-9]{{4}}{RIGHT}(?!-[0-9A-Za-z])",
        check=Check.PLATE,
        digits=4,
        strength=40,
    ),
    Rule(
        "plate_digits_first",
        Kind.PLATE,
        rf"{LEFT}(?<![0-9A-Za-z]-)[0-9]{{4}}-(?-i:[A-HJ-NP-Z]{{2}}){RIGHT}(?!-[0-9A-Za-z])",
        check=Check.PLATE,
        digits=4,
        strength=39,
    ),
    Rule(
        "plate_read_by_a_machine",
        Kind.PLATE,
        rf"(?<![a-z])(?:lpr|anpr|alpr|plate)[^\n]{{0,24}}?{LEFT}(?P<v>[A-Z]{{2,3}}-?[0-9]{{3,4}}|[0-9]{{3,4}}-?[A-Z]{{2,3}})"
        rf"{RIGHT}",
        not_serial=False,
        digits=3,
        words=("lpr", "anpr", "plate"),
        strength=42,
    ),
    Rule(
        "plate_in_context",
        Kind.PLATE,
        rf"{LEFT}(?=(?P<v>(?:[A-Z]{{2,3}}[ .·\-*_~]{{0,2}}[0-9]{{3,4}}"
        rf"|[0-9]{{3,4}}[ .·\-*_~]{{0,2}}[A-Z]{{2,3}}"
        rf"|[A-Z][0-9][ \-]?[0-9]{{3,4}}|[0-9][A-Z]-[0-9]{{3,4}}|[0-9]{{4}}-(?:[0-9][A-Z]|[A-Z][0-9])"
        rf"|[A-Z]{{2}}[0-9]-[0-9]{{3}}|[0-9]{{3}}-[A-Z]{{2}}[0-9]|[A-Z][0-9][A-Z]-[0-9]{{3}}"
        rf"|[A-Z]{{1,3}}(?:[ .·\-*_~]{{1,2}}[A-Z]){{0,2}}(?:[ .·\-*_~]{{1,2}}[0-9]){{3,4}})){RIGHT}"
        r"(?!-[0-9A-Za-z]))",
        check=Check.PLATE,
        near=VEHICLE,
        before=12,
        after=10,
        digits=3,
        strength=41,
    ),
)
