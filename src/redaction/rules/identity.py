"""Rules for what the state gives a person.

National id, residence certificates, passport, NHI card, plates.
"""

from redaction.model import Kind
from redaction.rules.rule import GAP, LEFT, RIGHT, RIGHT_NUMBER, Check, Rule

_BETWEEN = r"[^A-Za-z0-9\n]{0,14}"
_ENGLISH = r"(?:(?:no|num|number|is|id|was|card|code|holder|#)[^A-Za-z0-9\n]{1,3}){0,3}"
_PASSPORT = r"(?:[A-Z]{1,2} ?[.\-*_~]?)?[0-9](?:[ .\-*_~]{0,3}[0-9]){5,8}"

# An id may be glued to the phone number behind it.
_RIGHT_OR_PHONE = rf"(?:{RIGHT}|(?=09[0-9]{{8}}(?![0-9])))"

# Words that make an id with a wrong check digit an id all the same: a typing error is as personal as the id.
PERSONAL_ID = (
    r"身[分份]證|證號|身證|證件|居留|national.?id|id.?(?:no|number|card)|identity|resident|"
    r"(?<![A-Za-z])ARC(?![A-Za-z])"
)
VEHICLE = (
    r"車|開|騎|駕|牌照|[那這]台|[那這]輛|拖吊|喇叭|司機|檢舉|違規|逆向|超速|闖紅燈|撞|停[在了放]|違停|路口|"
    r"尾隨|跟蹤|肇事|擋|擦|罰單|(?<![a-z])(?:(?:number|license|vehicle)?[ _]?plate(?:_?no)?|lpr|anpr|vehicle|"
    r"cars?|scooter|motorcycle|licen[cs]e no|parking|taxi|uber)(?![a-z])"
)

IDENTITY_RULES: tuple[Rule, ...] = (
    Rule(
        "national_id",
        Kind.TW_ID,
        rf"{LEFT}[A-Z]{GAP}[12](?:{GAP}[0-9]){{8}}{_RIGHT_OR_PHONE}",
        check=Check.IDENTITY,
        digits=9,
        strength=90,
    ),
    Rule(
        "residence_certificate",
        Kind.TW_ARC,
        rf"{LEFT}[A-Z]{GAP}[89](?:{GAP}[0-9]){{8}}{RIGHT}",
        check=Check.IDENTITY,
        digits=9,
        strength=90,
    ),
    Rule(
        "residence_certificate_old",
        Kind.TW_ARC,
        rf"{LEFT}[A-Z]{GAP}[A-D](?:{GAP}[0-9]){{8}}{RIGHT}",
        check=Check.IDENTITY,
        digits=8,
        strength=90,
    ),
    Rule(
        "passport",
        Kind.PASSPORT,
        rf"(?:護照|passport|ppt no){_BETWEEN}{_ENGLISH}(?P<v>{_PASSPORT}){RIGHT}",
        not_serial=False,
        digits=6,
        words=("護照", "passport", "ppt no"),
        strength=85,
    ),
    Rule(
        "passport_later",
        Kind.PASSPORT,
        rf"(?:護照|passport)[^0-9\n]{{0,24}}?{LEFT}(?P<v>{_PASSPORT}){RIGHT}",
        not_serial=False,
        digits=6,
        words=("護照", "passport", "ppt no"),
        strength=60,
    ),
    Rule(
        "passport_first",
        Kind.PASSPORT,
        rf"{LEFT}(?P<v>{_PASSPORT}){RIGHT}[^A-Za-z0-9\n]{{0,8}}(?:護照|passport)",
        digits=6,
        words=("護照", "passport", "ppt no"),
        strength=59,
    ),
    Rule(
        "nhi_card",
        Kind.NHI_CARD,
        rf"(?<![A-Za-z0-9])[0-9](?:{GAP}[0-9]){{11}}{RIGHT_NUMBER}",
        near=r"健保|健康保險|(?<![a-z])nhi|health.?(?:card|insurance)",
        before=40,
        after=14,
        digits=12,
        words=("健保", "健康保險", "nhi", "health"),
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
        rf"{LEFT}[0-9]{{4}}-(?-i:[A-HJ-NP-Z]{{2}}){RIGHT}(?!-[0-9A-Za-z])",
        check=Check.PLATE,
        digits=4,
        strength=39,
    ),
    Rule(
        "plate_in_context",
        Kind.PLATE,
        rf"{LEFT}(?=(?P<v>(?:[A-Z]{{2,3}}[ .\-*_~]{{0,2}}[0-9]{{3,4}}"
        rf"|[0-9]{{3,4}}[ .\-*_~]{{0,2}}[A-Z]{{2,3}}"
        rf"|[A-Z][0-9][ \-]?[0-9]{{3,4}}|[0-9][A-Z]-[0-9]{{3,4}}|[0-9]{{4}}-(?:[0-9][A-Z]|[A-Z][0-9])"
        rf"|[A-Z]{{1,3}}(?:[ .\-*_~]{{1,2}}[A-Z]){{0,2}}(?:[ .\-*_~]{{1,2}}[0-9]){{3,4}})){RIGHT}"
        r"(?!-[0-9A-Za-z]))",
        check=Check.PLATE,
        near=VEHICLE,
        before=12,
        after=10,
        digits=3,
        strength=41,
    ),
)
