"""Writes labelled lines from sentence patterns: chat, staff notes and logs, with and without personal data.

The patterns (`data/patterns_*.txt`) were worded before the rules were run on them; what they showed was
then put right. `data/held_out.jsonl` is one run with a fixed seed, frozen. After adding patterns write a new
one: `PYTHONPATH=src:tests python -m unit.redaction.held_out 20261124 4`.
"""

import json
import random
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

from unit.redaction import invented
from unit.redaction.marked import lines as read_lines

Maker = Callable[[random.Random], str]

KINDS: dict[str, tuple[str, Maker]] = {
    "id": ("TW_ID", lambda rng: invented.disguise(rng, invented.identity(rng, "12"))),
    "badid": ("TW_ID", invented.wrong_identity),
    "arc": ("TW_ARC", lambda rng: invented.disguise(rng, invented.identity(rng, rng.choice(["89", "ABCD"])))),
    "mobile": (
        "PHONE_MOBILE",
        lambda rng: rng.choice(
            [
                lambda v: invented.disguise(rng, v),
                lambda v: f"{v[:4]}-{v[4:7]}-{v[7:]}",
                lambda v: f"{v[:4]}-{v[4:]}",
                lambda v: f"+886{v[1:]}",
                lambda v: f"+886-{v[1:4]}-{v[4:7]}-{v[7:]}",
                lambda v: f"({v[:4]}){v[4:]}",
                lambda v: f"{v[:4]} {v[4:7]} {v[7:]}",
            ]
        )(invented.mobile(rng)),
    ),
    "tel": ("PHONE_LANDLINE", invented.landline),
    "email": (
        "EMAIL",
        lambda rng: rng.choice(
            [
                str,
                str,
                invented.widen,
                lambda v: v.replace("@", " @ "),
                lambda v: v.replace("@", "(at)"),
                lambda v: v.replace("@", "小老鼠"),
            ]
        )(invented.email(rng)),
    ),
    "line": ("LINE_ID", lambda rng: rng.choice([str, str, invented.widen])(invented.line_id(rng))),
    "plate": (
        "PLATE",
        lambda rng: rng.choice(
            [str, str, str.lower, invented.widen, lambda v: v.replace("-", " "), lambda v: v.replace("-", "")]
        )(invented.plate(rng)),
    ),
    "nhi": (
        "NHI_CARD",
        lambda rng: rng.choice(
            [lambda v: invented.disguise(rng, v, letters=False), lambda v: f"{v[:4]}-{v[4:8]}-{v[8:]}"]
        )("0000" + invented.digits(rng, 8)),
    ),
    "card": (
        "CREDIT_CARD",
        lambda rng: rng.choice(
            [
                str,
                lambda v: invented.disguise(rng, v, letters=False),
                lambda v: "-".join(v[i : i + 4] for i in range(0, len(v), 4)),
            ]
        )(invented.card(rng)),
    ),
    "account": ("BANK_ACCOUNT", lambda rng: rng.choice([str, str, invented.widen])(invented.account(rng))),
    "address": ("ADDRESS", lambda rng: rng.choice([str, str, str, invented.widen])(invented.address(rng))),
    "name": ("NAME", invented.name),
    "escname": ("NAME", lambda rng: "".join(f"\\u{ord(c):04x}" for c in invented.name(rng))),
    "passport": (
        "PASSPORT",
        lambda rng: rng.choice([str, str.lower, invented.widen])(
            rng.choice(
                [
                    invented.digits(rng, 9),
                    "K" + invented.digits(rng, 8),
                    "TK" + invented.digits(rng, 7),
                    "P" + invented.digits(rng, 7),
                ]
            )
        ),
    ),
    "birth": ("BIRTHDATE", invented.birthdate),
}
FILLERS: dict[str, Maker] = {
    "n": lambda rng: str(rng.randint(2, 98)),
    "nn": lambda rng: str(rng.randint(100, 9999)),
    "long": lambda rng: invented.digits(rng, rng.randint(11, 17)),
    "ten": lambda rng: rng.choice("123456789") + invented.digits(rng, 9),
    "serial": invented.wrong_identity,
    "date": lambda rng: f"{rng.randint(2019, 2026)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
    "roc": lambda rng: f"{rng.randint(105, 115)}/{rng.randint(1, 12):02}/{rng.randint(1, 28):02}",
    "stamp": lambda rng: (
        f"2026-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}T{rng.randint(0, 23):02}"
        f":{rng.randint(0, 59):02}:{rng.randint(0, 59):02}.{rng.randint(0, 999):03}+08:00"
    ),
    "hex": lambda rng: f"{rng.getrandbits(128):032x}",
    "uuid": lambda rng: re.sub(
        r"^(.{8})(.{4})(.{4})(.{4})(.{12})$", r"\1-\2-\3-\4-\5", f"{rng.getrandbits(128):032x}"
    ),
    "ip": lambda rng: ".".join(str(rng.randint(1, 250)) for _ in range(4)),
    "ms": lambda rng: str(rng.randint(1_600_000_000_000, 1_790_000_000_000)),
    "surname": lambda rng: rng.choice(invented.SURNAMES),
    "hotline": lambda rng: rng.choice(
        [
            "1925",
            "113",
            "110",
            "119",
            "1980",
            "1995",
            "1966",
            "0800-788-995",
            "0800013999",
            "165",
            "1957",
            "１９２５",
        ]
    ),
    "code": lambda rng: (
        rng.choice(["GE", "CSE", "PSY", "EE", "SOC"])
        + rng.choice(["-", " ", ""])
        + str(rng.randint(1000, 6999))
    ),
    "inv": lambda rng: (
        rng.choice("ABDPTX") + rng.choice("AGKBX") + rng.choice(["", "-"]) + invented.digits(rng, 8)
    ),
}


def line(rng: random.Random, pattern: str) -> tuple[str, list[dict[str, Any]]]:
    """Fill one pattern in; the fields named in `KINDS` become labelled spans."""
    text, spans = "", []
    for part in re.split(r"(\{\w+\})", pattern):
        field = part[1:-1] if part.startswith("{") else ""
        if field in KINDS:
            kind, make = KINDS[field]
            value = make(rng)
            spans.append({"start": len(text), "end": len(text) + len(value), "type": kind})
            text += value
        else:
            text += FILLERS[field](rng) if field in FILLERS else part
    return text, spans


def lines(seed: int, each: int) -> Iterator[dict[str, Any]]:
    """`each` lines for every pattern."""
    rng = random.Random(seed)
    number = 0
    for group in ("with_data", "clean"):
        for pattern in read_lines(f"patterns_{group}.txt"):
            for _ in range(each):
                number += 1
                text, spans = line(rng, pattern)
                yield {"id": f"h{number:04}", "kind": group, "text": text, "spans": spans}


if __name__ == "__main__":
    for item in lines(int(sys.argv[1]), int(sys.argv[2])):
        sys.stdout.write(json.dumps(item, ensure_ascii=False) + "\n")
