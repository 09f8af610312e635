"""Numbers, durations and rates as people write them: "ten", "a dozen", "half an hour", "250 KB/s"."""

import re

_ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
ONES = {word: n for n, word in enumerate(_ONES.split())}
TENS = {word: 10 * n for n, word in enumerate(_TENS.split(), 2)}
_SPELLED = re.compile(
    rf"\b(?:(?P<tens>{'|'.join(TENS)})(?:[ -](?P<unit>{'|'.join(list(ONES)[1:10])}))?|(?P<ones>{'|'.join(ONES)}))\b(?! of (?:the|my))"
)
_FIXED = (
    (r"\b(?:a |one |1 )?quarter of an hour\b", "15 minutes"),
    (r"\bhalf (?:an|a|of an) hour\b|\ba half[ -]hour\b", "30 minutes"),
    (r"\b(?:an|one|1) hour and a half\b|\bone and a half hours\b", "90 minutes"),
    (r"\bhalf a dozen\b", "6"),
    (r"\b(?:two|2|a couple of) dozen\b", "24"),
    (r"\b(?:three|3) dozen\b", "36"),
    (r"\b(?:four|4) dozen\b", "48"),
    (r"\b(?:a|one|1) dozen\b", "12"),
    (r"\b(\d+|one|two|three|four|five|six|seven|eight|nine|ten) million\b", "1000000000"),
    (r"\ba (?:couple|pair) of\b", "2"),
    (r"\b(?:a|one|1) minute and a half\b|\bone and a half minutes\b", "90 seconds"),
    (r"\ban? (?=hour|minute|min\b|day)", "1 "),
)
_HUNDREDS = re.compile(
    rf"\b(?P<count>a|{'|'.join(list(ONES)[1:])}) (?P<scale>hundred|thousand)"
    rf"(?:(?: and)? (?:(?P<tens>{'|'.join(TENS)})(?:[ -](?P<unit>{'|'.join(list(ONES)[1:10])}))?|(?P<ones>{'|'.join(list(ONES)[1:])})))?\b"
)
NUMBER = r"\d+(?:\.\d+)?(?:e-?\d+)?"
UNITS_S = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "hr": 3600, "hour": 3600, "minute": 60, "second": 1, "day": 86400}
DURATION = re.compile(r"(?<![\w.-])(\d+(?:\.\d+)?)[ -]?(s|sec|second|min|minute|m|h|hr|hour|day)s?\b")
RATE = re.compile(
    r"(?<![\w.-])(?P<n>\d+(?:\.\d+)?) ?(?P<unit>[kmKM]i?)?(?P<kind>bytes?|bits?|B|b)(?P<per>/s|ps| per second| a second|/sec)"
    r"|(?<![\w.-])(?P<n2>\d+(?:\.\d+)?) ?(?P<unit2>kilo|mega)(?P<kind2>bytes?|bits?) (?:per|a) second",
    re.IGNORECASE,
)
_SCALE = {"": 1, "k": 1e3, "m": 1e6, "ki": 1024, "mi": 1024**2, "kilo": 1e3, "mega": 1e6}


def digits(text: str) -> str:
    """`text`, lower case, with its number words as digits."""
    text = _HUNDREDS.sub(_hundreds, text)
    for pattern, replacement in _FIXED:
        text = re.sub(pattern, replacement, text)
    return re.sub(r"\b(\d+) point (\d+)\b", r"\1.\2", _SPELLED.sub(_value, text))


def _value(match: re.Match[str]) -> str:
    if match["tens"]:
        return str(TENS[match["tens"]] + ONES.get(match["unit"] or "", 0))
    return str(ONES[match["ones"]])


def _hundreds(match: re.Match[str]) -> str:
    rest = int(_value(match)) if match["tens"] or match["ones"] else 0
    return str(ONES.get(match["count"], 1) * (100 if match["scale"] == "hundred" else 1000) + rest)


def seconds(match: re.Match[str]) -> float:
    """Of a match of DURATION."""
    return float(match[1]) * UNITS_S[match[2]]


def bytes_per_s(match: re.Match[str]) -> int:
    """Of a match of RATE. "kbps" and "kbit/s" are bits; "KB/s" and, as people mean it, "kb/s" are bytes."""
    number, unit = match["n"] or match["n2"], (match["unit"] or match["unit2"] or "").lower()
    kind = (match["kind"] or match["kind2"]).lower()
    bits = kind.startswith("bit") or (kind == "b" and (match["per"] or "") == "ps")
    return round(float(number) * _SCALE[unit] / (8 if bits else 1))
