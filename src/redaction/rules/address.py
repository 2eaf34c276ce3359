"""How a Taiwanese postal address is written, whole or with parts left out; also in English.

Matched against folded text (`臺` is already `台`, digits are ASCII). The left edge of a street
without a district in front is the hard part: Chinese has no spaces, so a street is two characters
with an optional ordinal or direction.
"""

_CITIES = (
    "台北|新北|桃園|台中|台南|高雄|基隆|新竹|嘉義|苗栗|彰化|南投|雲林|屏東|宜蘭|花蓮|台東|澎湖|金門|連江"
)
# Districts of three characters; two-character ones and 東西南北中區 follow a pattern.
_LONG_DISTRICTS = "阿里山|那瑪夏|三地門|太麻里|阿蓮|霧峰|三灣"
_G = " {0,2}"
_COMMA = "[ ,]{0,2}"
_HAN = "[一-鿿]"
_NUMBER = "(?:[0-9]{1,4}|[一二三四五六七八九十百零〇○]{1,6})"
_DASHED = rf"(?:{_G}(?:-|之|~){_G}{_NUMBER})"

_CITY = rf"(?:(?:台灣省?)?(?:{_CITIES})(?:市|縣)?)"
_DISTRICT_AFTER_CITY = rf"(?:{_HAN}{{1,3}}?(?:區|鄉|鎮|市))"
_DISTRICT = rf"(?:(?:{_LONG_DISTRICTS}|{_HAN}{{2}}|(?<![一-鿿])[東西南北中])(?:區|鄉|鎮|市))"
_VILLAGE = rf"(?:{_HAN}{{1,4}}?(?:里|村|部落))"
_NEIGHBOURHOOD = rf"(?:{_NUMBER}{_G}鄰)"
_ORDINAL = "[一二三四五六七八九十0-9東西南北中內外]{0,3}"
_SECTION = rf"(?:{_G}{_NUMBER}{_G}段)"
_ROAD_AFTER_PLACE = rf"(?:{_HAN}{{1,5}}?{_G}{_ORDINAL}(?:路|街|大道|巷){_SECTION}?)"
_ROAD = (
    rf"(?:(?:{_HAN}{{2}}{_ORDINAL}(?:路|街|大道)"
    rf"|(?<![一-鿿])(?:{_HAN}{{2,5}}?{_ORDINAL})(?:路|街|大道)){_SECTION}?)"
)
_LANE = rf"(?:{_G}{_NUMBER}{_G}巷)"
_ALLEY = rf"(?:{_G}{_NUMBER}{_G}(?:弄|衖))"
_HOUSE = rf"(?:{_G}{_NUMBER}{_DASHED}{{0,2}}{_G}號{_DASHED}?)"
# 3號出口 and 100號公車 are no house numbers.
_NOT_A_HOUSE = "(?!出口|公車|線|月台|門(?!口|牌)|球|碼|機|桌|窗口|診間|病|客運|車廂|床|倉)"
_BUILDING = r"(?:[ ,]{0,2}(?:[A-Z]|[甲乙丙丁戊]|[0-9]{1,2}) ?(?:棟|座))"
_FLOOR = (
    rf"(?:[ ,]{{0,2}}(?:地下|B)?{_NUMBER}{_DASHED}?{_G}(?:樓|層|F(?![A-Za-z])){_DASHED}?"
    rf"(?: ?[A-Z](?:室|座)?(?![A-Za-z]))?)"
)
_ROOM = rf"(?:[ ,]{{0,2}}[A-Z]?{_NUMBER}{_DASHED}?{_G}(?:室|房))"
_INSIDE = rf"{_BUILDING}?{_FLOOR}?{_BUILDING}?{_ROOM}?"

_ZIP = rf"(?:(?<![0-9])(?:[0-9]{{3}}(?:-?[0-9]{{2,3}})?|[一二三四五六七八九十百零]{{3,5}}){_COMMA})"
_PLACE = (
    rf"(?:{_CITY}{_COMMA}{_DISTRICT_AFTER_CITY}?|{_DISTRICT}){_COMMA}"
    rf"(?:{_VILLAGE}{_COMMA})?(?:{_NEIGHBOURHOOD}{_COMMA})?"
)
_LANES = rf"{_LANE}{{0,2}}{_ALLEY}{{0,2}}"

ADDRESS_PATTERNS: tuple[str, ...] = (
    # A place, a street and a house number.
    rf"{_ZIP}?{_PLACE}(?:{_ROAD_AFTER_PLACE})?{_LANES}{_HOUSE}{_NOT_A_HOUSE}{_INSIDE}",
    # A place and a street, the word for house left out: a number with a floor, a dash, or an end behind it.
    (
        rf"{_ZIP}?{_PLACE}{_ROAD_AFTER_PLACE}{_LANES}{_G}{_NUMBER}(?:{_DASHED}{_INSIDE}|{_FLOOR}{_ROOM}?|"
        rf"(?![0-9:/.年月日點分公個元%號]))"
    ),
    rf"{_ZIP}?{_PLACE}{_ROAD_AFTER_PLACE}?(?:{_LANE}|{_ALLEY})(?:{_ALLEY})?{_HOUSE}?{_INSIDE}",
    # A street and a house number.
    rf"{_ROAD}{_LANES}{_HOUSE}{_NOT_A_HOUSE}{_INSIDE}",
    rf"{_ROAD}{_LANE}(?:{_ALLEY})?(?:{_HOUSE}|{_G}{_NUMBER}{_DASHED}?(?![0-9:/.年月日點分個元])){_INSIDE}",
    rf"{_ROAD}{_LANE}{_ALLEY}?",
    rf"{_ROAD}{_G}{_NUMBER}{_DASHED}?{_G}{_FLOOR}{_ROOM}?",
    # A village without streets.
    (
        rf"{_HAN}{{2}}(?:里|村){_COMMA}(?:{_NEIGHBOURHOOD}{_COMMA})?(?:{_HAN}{{2,3}}?(?:路|街))?{_LANES}"
        rf"{_HOUSE}{_NOT_A_HOUSE}{_INSIDE}"
    ),
    # English order.
    r"(?:(?:[0-9]{1,2}F|Floor [0-9]{1,2}|Rm\.? ?[0-9]{1,4}),? ?){0,2}No\.? ?[0-9]{1,4}(?:-[0-9]{1,3})?,? "
    r"(?:(?:Aly|Alley|Ln|Lane)\.? ?[0-9]{1,4},? ?){0,2}(?:Sec(?:tion)?\.? ?[0-9],? ?)?"
    r"[A-Z][A-Za-z'\-]{1,20}(?: [A-Za-z0-9'\-]{1,12}){0,3} (?:Rd|Road|St|Street|Blvd|Ave)(?:\.|(?![a-z]))"
    r"(?:,? (?:[A-Z][A-Za-z'\-]{1,15} ){1,2}(?:Dist|District|City|County|Township)\.?){0,2}",
)

# Characters that belong to the sentence, not to the place, at the left edge of a match.
ADDRESS_LEFT_TRIM = (
    "我家|住在|租在|租屋|搬到|搬去|寄到|送到|請到|來到|回到|人在|就在|位於|住所|住址|地址|戶籍|現居|居住|"
    "住|在|到|去|於|是|址|的|往|從|至|"
    "離|家|來|我|你|他|她|人|跟|和|請|就|站|區"
)
