"""Check digits of the ids that have one: national id, both residence certificates, payment cards.

Called by `engine` for the rules that name a check; pure functions over digits and capital letters.
"""

_LETTERS = {letter: 10 + place for place, letter in enumerate("ABCDEFGHJKLMNPQRSTUVXYWZIO")}
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 1, 1)


def is_identity_number(value: str) -> bool:
    """National id, new residence certificate (letter, digit) or old one (two letters): ten characters."""
    if len(value) != 10 or value[0] not in _LETTERS or not value[2:].isdecimal():
        return False
    first = _LETTERS[value[0]]
    second = _LETTERS[value[1]] % 10 if value[1] in _LETTERS else int(value[1])
    digits = (second, *map(int, value[2:]))
    total = first // 10 + first % 10 * 9 + sum(d * w for d, w in zip(digits, _WEIGHTS, strict=True))
    return total % 10 == 0


def is_luhn(value: str) -> bool:
    """The check of payment cards: from the right every second digit counts double."""
    total = 0
    for place, digit in enumerate(map(int, reversed(value))):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


_LENGTHS = (
    (("34", "37"), (15,)),
    (("36", "38", "39", "30"), (14,)),
    (("4",), (16, 13, 19)),
    (("51", "52", "53", "54", "55"), (16,)),
    (tuple(str(prefix) for prefix in range(2221, 2721)), (16,)),
    (tuple(str(prefix) for prefix in range(3528, 3590)), (16,)),
    (("6011", "62", "64", "65"), (16, 17, 18, 19)),
)


def is_card_shape(value: str) -> bool:
    """A known issuer's prefix with a length that issuer uses."""
    return any(value.startswith(prefixes) and len(value) in lengths for prefixes, lengths in _LENGTHS)
