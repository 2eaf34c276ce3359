"""The character tables behind `folding`: which characters count as which plain ones.

Built once, at the first text that is not plain ASCII; never at import.
"""

import unicodedata
from collections.abc import Iterator
from functools import cache

# Characters nobody sees: joiners, marks of direction, variation selectors, the keycap frame.
INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u20d0-\u20ff\u3164\ufe00-\ufe0f\ufeff\uffa0\u0300-\u036f\U000e0000-\U000e01ef"
)

_DASHES = "‐‑‒–—―−﹣－─━ｰ〜～﹘⁃"
_MIDDLE_DOTS = "·•‧・･∙⋅᛫◦●⦁"
_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t"
_QUOTES = {
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "「": '"',
    "」": '"',
    "『": '"',
    "』": '"',
    "｡": "。",
    "﹒": ".",
}

# Simplified and variant forms of the characters that the rules look for: one rule serves both scripts.
_SIMPLIFIED = (
    "电電话話机機号號证證护護账帳户戶银銀车車码碼国國县縣区區乡鄉镇鎮楼樓湾灣东東兰蘭云雲莲蓮龙龍陈陳张張刘劉黄黃吴吳杨楊许許"
    "郑鄭谢謝赖賴苏蘇叶葉庄莊吕呂罗羅简簡钟鍾卢盧颜顏孙孫汤湯连連邓鄧冯馮蒋蔣蓝藍韩韓纪紀贾賈邹鄒涂塗龚龔严嚴钱錢伦倫"
    "师師妈媽爷爺儿兒学學联聯络絡邮郵箱箱给給帮幫办辦驾駕驶駛骑騎卡卡汇匯转轉户戶头頭开開岁歲诞誕单單订訂编編设設备備资資产產"
    "课課选選发發票票对對奖獎里里邻鄰弄弄巷巷臺台个個专專长長员員导導签簽申申请請报報监監护護为為这這说說讲講时時问問见見"
    "爱愛带帶欠欠债債骂罵传傳写寫读讀认認识識让讓别別丢丟医醫后後从從与與过過还還没沒会會来來样樣"
    "婷婷豪豪怡怡伟偉杰傑丽麗玮瑋彦彥颖穎鸿鴻鹏鵬凤鳳静靜韵韻莹瑩玛瑪琼瓊锦錦铭銘钧鈞锋鋒贤賢贞貞贵貴轩軒辉輝达達"
    "义義乐樂宁寧宝寶庆慶广廣应應强強怀懷慧慧荣榮华華萧蕭妇婦娇嬌婵嬋娴嫻婴嬰实實宪憲尧堯岚嵐峰峰桦樺枫楓"
    "桥橋树樹栋棟梦夢泽澤洁潔涛濤润潤渊淵滨濱灿燦炜煒玺璽珑瓏瑶瑤纯純纬緯维維纶綸绮綺绫綾绍紹经經绣繡罗羅翘翹芦蘆苇葦"
    "艺藝蔷薔诗詩诚誠谊誼谦謙谕諭赞贊迈邁选選钰鈺铃鈴银銀键鍵铠鎧镇鎮闵閔闻聞阳陽阴陰陆陸际際顺順领領频頻飞飛马馬骏駿骐騏"
    "鸣鳴鹤鶴麦麥齐齊龄齡圣聖坚堅备備够夠户戶执執扬揚抚撫挂掛撑撐数數断斷旧舊显顯晓曉暂暫术術机機权權来來极極构構标標"
    "欢歡残殘毁毀气氣汉漢沟溝泪淚测測济濟浅淺湿濕满滿灭滅点點热熱状狀独獨环環现現疗療盖蓋监監确確离離稳穩穷窮站站笔筆级級"
    "线線练練组組细細织織终終结結绝絕统統继繼续續缘緣缴繳网網罚罰职職肤膚胜勝脸臉脑腦舍舍艰艱节節药藥获獲虑慮虽雖"
    "补補装裝规規视視觉覺计計记記许許论論诉訴词詞试試误誤请請调調谈談谁誰负負责責败敗货貨质質购購贴貼费費贷貸赔賠赚賺赶趕"
    "跟跟车車轻輕较較输輸边邊运運进進远遠违違迟遲适適递遞遗遺邻鄰释釋钥鑰钻鑽铁鐵错錯门門闭閉间間闹鬧阶階难難隐隱双雙"
    "赵趙顾顧谭譚万萬贺賀韦韋饶饒骆駱尔爾静靜项項预預题題愿願风風饭飯馆館验驗骗騙鱼魚鸡雞黑黑莺鶯"
)

_NUMERALS = {
    "0": "零〇○◯洞",
    "1": "一壹弌么幺ㄧ",
    "2": "二貳贰兩",
    "3": "三參叁叄",
    "4": "四肆",
    "5": "五伍",
    "6": "六陸",
    "7": "七柒拐",
    "8": "八捌",
    "9": "九玖勾",
    ",": "、",
    ".": "。·",
}
_HAN_DIGITS = {ord(sign): ord(digit) for digit, signs in _NUMERALS.items() for sign in signs}


def _compatible(character: str) -> str:
    """The plain character that looks like this one, or itself."""
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    plain = unicodedata.normalize("NFKC", character)
    if len(plain) == 3 and plain[0] == "(" and plain[2] == ")":
        plain = plain[1]  # (1) and (a) drawn as one sign
    if len(plain) == 2 and plain[0].isdigit() and plain[1] in ".,":
        plain = plain[0]
    base = unicodedata.normalize("NFKD", plain)[0] if plain else character
    return base if base.isascii() and base.isprintable() else character


def _compatible_ranges() -> Iterator[int]:
    yield from range(0x00A1, 0x0250)
    yield from range(0x0660, 0x066A)
    yield from range(0x06F0, 0x06FA)
    yield from range(0x0966, 0x0970)
    yield from range(0x0E50, 0x0E5A)
    yield from range(0x1E00, 0x1F00)
    yield from range(0x2070, 0x20A0)
    yield from range(0x2100, 0x2150)
    yield from range(0x2460, 0x2500)
    yield from range(0x2776, 0x2794)
    yield from range(0xFE30, 0xFE70)
    yield from range(0xFF01, 0xFF5F)
    yield from range(0x1D400, 0x1D800)
    yield from range(0x1F100, 0x1F170)


def _symbols() -> Iterator[int]:
    yield from (0x00A4, 0x00A6, 0x00A7, 0x00B0, 0x00B6, 0x2026, 0x22EF)
    for start, end in (
        (0x2190, 0x2460),
        (0x2500, 0x2776),
        (0x2794, 0x2C00),
        (0x1F000, 0x1F100),
        (0x1F170, 0x1FB00),
    ):
        yield from range(start, end)


@cache
def plain() -> dict[int, int]:
    """One character to one: width, accents, fancy letters and digits, dashes, spaces, script.

    Signs become `*`.
    """
    table: dict[int, int] = dict.fromkeys(_symbols(), ord("*"))
    for code in _compatible_ranges():
        target = _compatible(chr(code))
        if target != chr(code):
            table[code] = ord(target)
    for zero in (0x25CB, 0x25EF):
        table.pop(zero, None)
    table.update(dict.fromkeys(map(ord, _DASHES), ord("-")))
    table.update(dict.fromkeys(map(ord, _MIDDLE_DOTS), ord("·")))
    table.update(dict.fromkeys(map(ord, _SPACES), ord(" ")))
    table.update({ord(key): ord(value) for key, value in _QUOTES.items()})
    pairs = zip(_SIMPLIFIED[::2], _SIMPLIFIED[1::2], strict=True)
    table.update({ord(simple): ord(full) for simple, full in pairs if simple != full})
    return table


def numeral() -> dict[int, int]:
    """Chinese numerals to digits, for a second view used only by rules about long numbers."""
    return _HAN_DIGITS
