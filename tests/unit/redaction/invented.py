"""Invents persons and their numbers, and writes them the ways people do. Nobody in here exists.

Used by the held-out generator (`held_out.py`) and by property tests; everything comes from a seeded
`random.Random`.
"""

import random

LETTERS = {letter: 10 + place for place, letter in enumerate("ABCDEFGHJKLMNPQRSTUVXYWZIO")}
_SURNAMES = """
陳林黃張李王吳劉蔡楊許鄭謝洪郭邱曾廖賴徐周葉蘇莊呂江何蕭羅高潘簡朱鍾彭游詹胡施沈余趙盧梁顏柯翁魏孫戴
范方宋鄧杜傅侯曹薛丁馬蔣唐卓藍馮姚石董紀歐程連古康姜湯汪白田涂鄒巫尤龔嚴韓黎阮袁
"""
SURNAMES = [sign for sign in _SURNAMES if sign != "\n"]
WEIGHTS = [11, 8.3, 6, 5.3, 5.1, 4.1, 4, 3.2, 2.9, 2.7] + [1.0] * (len(SURNAMES) - 10)
_GIVEN = """
雅婷 怡君 宜蓁 佩珊 淑芬 美玲 秀英 麗華 志明 俊傑 建宏 家豪 冠廷 承恩 宇軒 柏翰 品睿 子晴 詠晴 思妤
筱涵 佳穎 欣怡 心怡 郁雯 慧君 惠如 玉珍 月娥 春美 阿月 金水 文雄 國棟 明德 正雄 榮華 進財 添丁 俊宏
宗翰 彥廷 哲瑋 偉倫 晨曦 香吟 予安 庭萱 思翰 素貞 昭榮 彩鳳 婉婷 浩宇 靖雯 嘉宏 士豪 昱安 亮宇 芷若
語彤 子涵 若涵 承翰 以柔 沛恩 采潔 芮恩 苡安 侑霖 宥廷 奕辰 丞恩 信宏 仁傑 世昌 永福 清泉 水源 萬得
來好 罔市 招弟 秋菊 桂花 寶珠 碧霞 瑞雲 幸娟 靜宜 曉萍 孟儒 乃文 又瑄 于庭 之翰 允文 力行 天佑 大維
小曼 安琪 安妮 艾玲 逸凡 尚恩 展鵬 振宇 啟明 裕民 銘哲 毓庭 竣凱 鈺婷 書豪 博文 景文 育誠 聖恩 騰輝
耀文 馥如 齡方 懿萱 韋廷 盈君 紹庭 維哲 翊庭 羽柔 羿君 舜文 茂盛 莉雯 薇安
"""
GIVEN = _GIVEN.split()
SINGLE_GIVEN = list("勤鈞靜敏芳偉傑明強軍麗娟平安怡婷翔瑋穎玲霖")
CITIES = {
    "高雄市": "三民區 左營區 楠梓區 鳳山區 前鎮區 苓雅區 小港區 鼓山區 岡山區 仁武區 大社區 旗山區 "
    "美濃區 鳥松區 新興區 前金區 林園區 橋頭區 路竹區 茄萣區",
    "台南市": "東區 永康區 安平區 善化區",
    "屏東縣": "屏東市 潮州鎮 東港鎮 內埔鄉 三地門鄉",
    "台北市": "大安區 信義區 萬華區",
    "新北市": "板橋區 三重區 林口區",
    "臺中市": "北屯區 西屯區 豐原區",
    "嘉義縣": "民雄鄉 水上鄉",
    "花蓮縣": "花蓮市 吉安鄉",
}
_ROADS = """
中山路 中正路 民族一路 民生二路 建國三路 九如路 博愛二路 自由路 光遠路 鳳林四路 澄清路 青年路
文衡路 河堤路 明誠二路 裕誠路 華夏路 德民路 軍校路 後昌路 五福路 和平東路 羅斯福路 忠孝東路 成功路
復興街 長春街 永安街 文化街 學府路 水源路 林森路 柳岸街 松濤路 星湖三路 霞光路 橘園路 翠屏路 楓林街
梅香路
"""
ROADS = _ROADS.split()
ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff"
HAN_DIGITS = "零一二三四五六七八九"
MAILBOXES = (
    "gmail.com",
    "yahoo.com.tw",
    "mail.example.org",
    "hello.example",
    "inbox.example.com",
    "edu.example.tw",
)


def identity(rng: random.Random, second: str) -> str:
    """An id with a right check digit; `second` lists what the second character may be."""
    first, other = rng.choice(list(LETTERS)), rng.choice(second)
    body = "".join(rng.choice("0123456789") for _ in range(7))
    value = LETTERS[other] % 10 if other.isalpha() else int(other)
    head = LETTERS[first]
    total = head // 10 + head % 10 * 9 + value * 8
    total += sum(int(digit) * weight for digit, weight in zip(body, (7, 6, 5, 4, 3, 2, 1), strict=True))
    return f"{first}{other}{body}{-total % 10}"


def wrong_identity(rng: random.Random) -> str:
    """The same shape with a wrong check digit."""
    value = identity(rng, "12")
    return value[:-1] + str((int(value[-1]) + rng.randint(1, 9)) % 10)


def digits(rng: random.Random, count: int) -> str:
    """So many random digits."""
    return "".join(rng.choice("0123456789") for _ in range(count))


def card(rng: random.Random) -> str:
    """A card number with a right check digit."""
    prefix, length = rng.choice([("4", 16), ("53", 16), ("3530", 16), ("37", 15)])
    body = prefix + digits(rng, length - len(prefix) - 1)
    total = 0
    for place, digit in enumerate(map(int, reversed(body))):
        doubled = digit * 2 if place % 2 == 0 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return body + str(-total % 10)


def mobile(rng: random.Random) -> str:
    return "09" + digits(rng, 8)


def landline(rng: random.Random) -> str:
    area, count = rng.choice(
        [
            ("07", 7),
            ("07", 7),
            ("02", 8),
            ("04", 8),
            ("06", 7),
            ("05", 7),
            ("08", 7),
            ("03", 7),
            ("037", 6),
            ("049", 7),
            ("089", 6),
            ("082", 6),
        ]
    )
    local = rng.choice("2345678") + digits(rng, count - 1)
    shape = rng.choice(
        ["{a}{n}", "{a}-{n}", "({a}){n}", "({a}) {x}-{y}", "{a} {x} {y}", "{a}-{x}-{y}", "（{a}）{n}"]
    )
    return shape.format(a=area, n=local, x=local[: count - 4], y=local[count - 4 :])


def account(rng: random.Random) -> str:
    value = digits(rng, rng.randint(10, 14))
    cut = rng.randint(3, 6)
    return rng.choice([value, value, f"{value[:cut]}-{value[cut:]}", f"{value[:cut]} {value[cut:]}"])


def plate(rng: random.Random) -> str:
    def letters(count: int) -> str:
        return "".join(rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(count))

    return rng.choice(
        [
            f"B{letters(2)}-{digits(rng, 4)}",
            f"M{letters(2)}-{digits(rng, 4)}",
            f"{digits(rng, 4)}-{letters(2)}",
            f"{letters(2)}-{digits(rng, 4)}",
            f"{letters(3)}-{digits(rng, 3)}",
        ]
    )


def name(rng: random.Random) -> str:
    surname = rng.choices(SURNAMES, WEIGHTS)[0]
    return surname + (rng.choice(SINGLE_GIVEN) if rng.random() < 0.08 else rng.choice(GIVEN))


def line_id(rng: random.Random) -> str:
    word = rng.choice(
        [
            "happy",
            "kitty",
            "ming",
            "jelly",
            "sunny",
            "peach",
            "tofu",
            "bear",
            "lucky",
            "rain",
            "snowy",
            "apple",
            "moon",
            "star",
            "boba",
        ]
    )
    return rng.choice(
        [
            f"{word}{digits(rng, 3)}",
            f"{word}_{digits(rng, 2)}",
            f"{word}.{digits(rng, 4)}",
            f"{word}-cat",
            f"{word}.{word}",
            f"{word}0{digits(rng, 3)}",
        ]
    )


def email(rng: random.Random) -> str:
    return f"{line_id(rng)}@{rng.choice(MAILBOXES)}"


def address(rng: random.Random) -> str:
    city = rng.choice(list(CITIES))
    district, road = rng.choice(CITIES[city].split()), rng.choice(ROADS)
    where = rng.choice(
        [city + district, city + district, district if len(district) > 2 else city + district, city, ""]
    )
    section = rng.choice(["", "", "二段", "一段"]) if not where or road[-1] == "路" else ""
    lane = rng.choice(["", "", f"{rng.randint(1, 399)}巷", f"{rng.randint(1, 99)}巷{rng.randint(1, 20)}弄"])
    house = rng.choice(
        [
            f"{rng.randint(1, 600)}號",
            f"{rng.randint(1, 600)}之{rng.randint(1, 9)}號",
            f"{rng.randint(1, 300)}-{rng.randint(1, 9)}號",
            f"{rng.randint(1, 300)}號之{rng.randint(1, 5)}",
        ]
    )
    floor = rng.choice(
        [
            "",
            "",
            f"{rng.randint(2, 20)}樓",
            f"{rng.randint(2, 20)}樓之{rng.randint(1, 9)}",
            f"{rng.randint(2, 20)}F",
        ]
    )
    zipcode = (
        rng.choice(["", "", f"{rng.randint(100, 983)} ", f"{rng.randint(100, 983)}"])
        if where.startswith(city)
        else ""
    )
    return zipcode + where + road + section + lane + house + floor


def birthdate(rng: random.Random) -> str:
    year, month, day = rng.randint(1940, 2012), rng.randint(1, 12), rng.randint(1, 28)
    roc = year - 1911
    return rng.choice(
        [
            f"{year}年{month}月{day}日",
            f"{year}/{month:02}/{day:02}",
            f"{year}-{month:02}-{day:02}",
            f"{year}.{month}.{day}",
            f"民國{roc}年{month}月{day}日",
            f"{roc}年{month}月{day}日",
            f"{roc}年{month}月{day}號",
            f"{roc}/{month}/{day}",
            f"{roc:03}{month:02}{day:02}",
            f"{year}{month:02}{day:02}",
            f"{roc}.{month:02}.{day:02}",
        ]
    )


def widen(text: str) -> str:
    """Full-width letters, digits and dashes."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def disguise(rng: random.Random, value: str, *, letters: bool = True) -> str:
    """One of the ways in which people write a number so that it is harder to read for machines."""
    way = rng.randint(0, 11)
    if way == 0:
        return widen(value)
    if way == 1:
        return "".join(
            c + (rng.choice(ZERO_WIDTH) if rng.random() < 0.3 and i < len(value) - 1 else "")
            for i, c in enumerate(value)
        )
    if way == 2 and value.isalnum():
        return " ".join(value[i : i + 3] for i in range(0, len(value), 3))
    if way == 3 and value.isalnum():
        return rng.choice([" ", ".", "-", "、", "。", "❤️", "_"]).join(
            value[i : i + 4] for i in range(0, len(value), 4)
        )
    if way == 4 and value.isdigit() and letters:
        return "".join(HAN_DIGITS[int(c)] for c in value)
    if way == 5 and value.isdigit() and letters:
        return "".join(HAN_DIGITS[int(c)] if rng.random() < 0.4 else c for c in value)
    if way == 6 and value.isdigit():
        return "".join("⓪①②③④⑤⑥⑦⑧⑨"[int(c)] for c in value)
    if way == 7:
        return value.lower()
    return value
