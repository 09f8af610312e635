"""A training request made regular: settings as `name=value`, switches as on or off, slips and spoken numbers as they were meant.

What is written this way is read by the tables of `training`; what was rewritten keeps its place, so that the words can be quoted.
"""

import re

from inference.planning.rules.spelling import mended

_KEYS = {
    "r": "rounds", "round": "rounds", "k": "clients", "c": "clients", "client": "clients", "device": "clients", "devices": "clients",
    "node": "clients", "nodes": "clients", "boards": "clients", "e": "local epochs", "ep": "local epochs", "epoch": "local epochs",
    "epochs": "local epochs", "b": "bits", "bit": "bits", "bs": "batch size", "batch": "batch size", "lr": "learning rate",
    "a": "alpha", "ds": "dataset", "data": "dataset", "t": "deadline", "timeout": "deadline", "sigma": "noise", "agg": "strategy",
    "sa": "secagg", "secure": "secagg", "comp": "compression", "n": "clients", "z": "noise",
}  # fmt: skip
MOST_BITS = 16
_PAIR = re.compile(r"(?<![\w.])([a-z_]+(?: [a-z]+)?) ?= ?(\w+(?:\.\w+)*)")
_PHOTOS = frozenset(("photos", "photo", "pics", "images", "pictures", "own"))
_ON, _OFF = frozenset(("1", "true", "on", "yes", "y")), frozenset(("0", "false", "off", "no", "n", "none"))
_SWITCHES = {
    "secure aggregation": r"(?:secure? ?agg(?:regation)?|secagg|secure sum\w*|masks?|masking)",
    "privacy": r"(?:differential privacy|dp|dp-?sgd|privacy|noise)",
    "compression": r"(?:compression|compressing|quanti[sz]ation|quanti[sz]ing)",
}
_OF = r"(?:that |the |this |any |all )?"
_SLIPS = (
    (r"(?<=\d),(?=\d{1,2}\b)", "."),
    (r"\b(?<=\d )(?:mobile |smart)?(?:phones?|tablets?|laptops?)\b", "devices"),
    (r"\bnumbers? (?:data ?)?set\b", "digits dataset"),
    (r"\brnd\b", "round"),
    (r"\b(?:rnds|tours|rondas|runden)\b", "rounds"),
    (r"\b(?:(?:itt?erations?|rounds?) ?/ ?)+(?:itt?erations?|rounds?)\b", "rounds"),
    (r"\bt(?:i|ie)me?outs?\b|\btimout\b", "timeout"),
    (r"\b(rounds|devices|clients|boards|nodes|epochs|dataset|data) [–-] ", r"\1: "),
    (r"\b(\d+) towers?\b", r"\1 rounds"),  # as French has rounds
    (r"\b(?:époques?|épocas?|epochen)\b", "epochs"),
    (r"\b(?:délai|plazo|frist)\b", "deadline"),
    (r"\b(?:don't|do not|not) (?:split|spread|distribute|divide)(?: (?:it|them|the data))? un-?even\w*", "split evenly"),
    (r"\bsee ?far ?(?:ten|10)\b|\bc(?:i|y)?far[ _-]?(?:ten|10)\b|\bcfar ?10\b", "cifar-10"),
    (r"\b(?:too|to)(?= (?:devices|clients|boards|nodes|rounds|phones|epochs|machines)\b)", "2"),
    (r"\bfor(?= (?:devices|clients|boards|nodes|rounds|phones|epochs|machines)\b)", "4"),
    (r"\bd[ie]r[ie]?ch?let\b|\bdirichle\b", "dirichlet"),
    (r"\bal?ph?a\b", "alpha"),
    (r"\b(?:1|one|a single) pass\b|\bonce over\b", "1 epoch"),
    (r"\b(?:repeat|do|run) (?:that|it|this|all of it|the whole thing) (\w+(?: \w+)?) times\b", r"\1 rounds"),
    (r"\bminus (?=\d)", "-"),
    (r"(?:^|(?<=\s))--?no-(?:secure|secagg|sa)\S*", "no secure aggregation"),
    (r"(?:^|(?<=\s))--?(?:secure|secagg|sa|secure-agg\S*)(?=\s|$)(?! (?:off|no|false|0)\b)", "secure aggregation"),
    (r"(?:^|(?<=\s))--?(?:dp|private|privacy|noise)(?=\s|$)(?! (?:off|no|false|\d))", "with privacy"),
    (r"\bsecure (?:bit|part|thing|stuff)\b", "secure aggregation"),
    # "it still lacks the noise, add it"
    (
        r"\b(?:still |also )?(?:lack(?:s|ed|ing)?|forgot(?:ten)?|miss(?:es|ed|ing)|(?:has|have|had|got) no|(?:doesn't|don't|does not) have|left out|leaves out)"
        r"(?: any| the| some)? (?=(?:\w+ ){0,3}\w+\b[^a-z]+(?:\w+ ){0,4}(?:add|put|include|want|need|turn|switch|enable|set)\b)",
        "with ",
    ),
    (r"\b(?:with|add|adding|plus)(?: the| some| a bit of| a little)? noise\b(?! (?:of|multiplier|\d|=|to \d))", "with privacy"),
    (r"\b(?:keep|make|leave) (?:it|this|them|that|everything|the (?:run|training|whole thing))(?: all)? private\b", "with privacy"),
    (r"\bhalf (?:a|of a|of one) bit\b", "0.5 bits"),
    (r"\b(?:a |one )?quarter (?:of )?(?:a|of one|one) bit\b", "0.25 bits"),
    (r"\b(?:a|one) single bit\b", "1 bit"),
    (r"\b(?:(?:all|every) )?(?:phones?|tablets?|laptops?|cameras?)(?= (?:take|join|with)\b)", "devices"),
)  # fmt: skip
_WEAK_SPOTS = re.compile(r"\b(?:classes|cifar-10|rounds?|devices?|clients?|epochs?|compression|aggregation|privacy)\b")
_THINGS = (
    r"(?: (?:local )?(?:rounds?|epochs?|devices?|clients?|boards?|nodes?|jetsons?|machines?|minutes?|seconds?|hours?|bits?))?"
)
_TAKEN_BACK = (
    r"(?:no|nope|sorry|wait|oops|err?|uh|um|hm+|ah|actually|i meant?|i mean|or rather|rather|correction|scratch that|strike that|"
    r"make (?:it|that)|wrong|let's (?:say|make it)|better|i should say)"
)
_CORRECTION = re.compile(
    rf"(?<![\w.-])(?P<first>\d+(?:\.\d+)?)(?P<thing>{_THINGS})(?:[ ,;:.–—…-]+{_TAKEN_BACK}\b)+[ ,;:.–—…-]+"
    rf"(?P<second>\d+(?:\.\d+)?)(?P<other>{_THINGS})(?![\w-]|\.\d)"
)
_SHARES = {"tenth": "0.1", "fifth": "0.2", "quarter": "0.25", "third": "0.33", "half": "0.5"}
_SHARE = re.compile(r"\b(?:an?|one|1) (tenth|fifth|quarter|third|half)\b(?! (?:an? )?(?:hour|minute|of an))")


_NAMES = r"[a-z][a-z-]+(?:(?:, and |, | and | n | & )[a-z][a-z-]+)+"
_CLASSES = (
    re.compile(rf"\b(?:classes|labels|categories)(?: are|:|=)? ({_NAMES})"),
    re.compile(rf"\b(?:just|only) ({_NAMES})(?= ?(?:,? (?:from|on|using|with|k|ok|okay|please|pls|thanks|thx)\b|[,;.?!]|$))"),
    re.compile(
        rf"\b(?:to|can) (?:tell|distinguish|separate|discern|recogni[sz]e|notice|spot|identify|sort)(?: between| out)? ({_NAMES})"
        r"(?= ?(?:apart\b|,? (?:from|on|using|with|by|in|over|for)\b|[,;.]|$))"
    ),
    re.compile(rf"\b(?:on|to (?:know|tell|learn|recogni[sz]e)|teach it) ({_NAMES}) only\b"),
)
_JOINTS = frozenset(
    ("and", "or", "n", "the", "a", "as", "in", "of", "is", "are", "to", "from", "that", "which", "we", "you", "i", "it")
)
_NO_CLASSES = frozenset(
    [
        "rounds",
        "epochs",
        "devices",
        "clients",
        "digits",
        "photos",
        "compression",
        "privacy",
        "secure",
        "aggregation",
        "with",
        "without",
        "no",
    ]
)


_BARE_CLASSES = re.compile(r"\b(?:classes|labels|categories)(?: are|:| ?=)? (?P<names>[a-z-]+(?: [a-z-]+){1,5})(?=[,;.]|$)")
_IN_BRACKETS = re.compile(r"\b(?:label\w*|sorted|class\w*|categor\w+)\b[^.;()]*\((?P<names>[a-z -]+(?:[/,|][a-z -]+)+)\)")


def classes(text: str) -> list[str]:
    """The names of classes that are to be learnt, where the words say so."""
    if match := _IN_BRACKETS.search(text):
        return [name.strip() for name in re.split(r"[/,|]", match["names"]) if name.strip()]
    for pattern in _CLASSES:
        if match := pattern.search(text):
            names = re.split(r", and |, | and | n | & ", match[1])
            if not _NO_CLASSES & set(names):
                return names
    bare = match["names"].split() if (match := _BARE_CLASSES.search(text)) else []
    return bare if len(bare) > 1 and not (_NO_CLASSES | _JOINTS) & set(bare) else []


def regular(text: str) -> str:
    """`text` is in lower case, with number words as digits."""
    text = " ".join(_mended(word) for word in text.split(" "))
    for pattern, replacement in _SLIPS:
        text = re.sub(pattern, replacement, text)
    text = _CORRECTION.sub(_corrected, text)
    text = _SHARE.sub(lambda match: _SHARES[match[1]], text)
    text = _PAIR.sub(_pair, text)
    for name, words in _SWITCHES.items():
        text = re.sub(
            rf"\b(?:no|without|skip|drop|forget(?: about)?|scrap|ditch|remove|leave out|cancel|(?:turn|switch|leave) off|disable|lose|(?:don't|dont|do not) (?:need|want|use)) {_OF}{words}\b(?! (?:of|multiplier|=|0*[1-9]))"
            rf"|\b(?:turn|switch|leave) {_OF}{words}(?: \w+)? off\b|\b{_OF}{words}(?: thing| stuff| bit)?(?: is| stays?| can go| goes)? (?:off|out|away|can go)\b",
            f"no {name}", text,
        )  # fmt: skip
        text = re.sub(
            rf"\b(?:turn|switch) on {_OF}{words}\b|\b{words}(?: thing)? on(?= ?(?:$|[,.;:!?)]|and\b|please\b))",
            f"with {name}",
            text,
        )
    return text


def _corrected(match: re.Match[str]) -> str:
    """ "20, no, 30 rounds" as "30 rounds"; two numbers of different things stay."""
    thing, other = match["thing"], match["other"]
    if thing and other and thing.rstrip("s") != other.rstrip("s"):
        return match[0]
    return match["second"] + (other or thing)


def _mended(word: str) -> str:
    bare = word.strip(",.;:!?()")
    right = mended(bare)
    return word.replace(bare, right) if bare and right != bare and _WEAK_SPOTS.fullmatch(right) else word


def _pair(match: re.Match[str]) -> str:
    """`r=60` as "60 rounds", `secagg=0` as "no secure aggregation"."""
    key, value = match[1].strip(), match[2]
    first, _, last = key.rpartition(" ")
    name = _KEYS.get(key) or _KEYS.get(last) or last
    ahead = f"{first} " if first and key not in _KEYS else ""
    for switch, words in _SWITCHES.items():
        if re.fullmatch(words, name) and value in _ON | _OFF and not (name == "noise" and value not in _OFF):
            return f"{ahead}{'with' if value in _ON else 'no'} {switch}"
    if name == "dataset":
        return f"{ahead}{'our photos' if value in _PHOTOS else value}"
    if key == "t" and value.isdigit():  # as papers have the number of rounds; a time has a unit
        return f"{ahead}{value} rounds"
    if key == "b" and value.isdigit() and int(value) > MOST_BITS:  # as papers have the batch
        return f"{ahead}batch size = {value}"
    if name == "deadline":
        return f"{ahead}{value if value[-1:].isalpha() else f'{value}s'} deadline"
    if name in ("rounds", "clients", "local epochs", "bits"):
        return f"{ahead}{value} {name}"
    return f"{ahead}{name} = {value}"
