"""What is said in passing, or in the short forms of speech, as it is written: "whats she got on lol", "what color is the no Tommy
put that down what color is the lid". Pure. What is asked stays as it was typed."""

import re

_LAUGHTER = re.compile(r"[\s,]*\b(?:lo+l+|lma+o+|rofl|(?:ha|he|hi){2,}h?|xd+|omg|smh)\b(?=[\s.,!?]|$)", re.IGNORECASE)
_BE = r"(?:is|are|was|were)"
_WHO = r"(?:it|he|she|they|this|that|these|those|(?:the|my|his|her|their|its) [\w-]+)"
_VERB = r"(?:look(?: like)?|say|cost|weigh|mean|do|read|need)"
_FORMS: list[tuple[re.Pattern[str], str]] = [
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        (r"\btheres\b", "there's"),
        (r"\btheyre\b", "they're"),
        (r"\btheyve\b", "they've"),
        (r"\bhes\b", "he's"),
        (r"\bshes\b", "she's"),
        (r"\b(is|are|was|were|does|do|did|has|have|ca)nt\b", r"\1n't"),
        (r"\b(if|whether|when|unless|because|like|that|while) its(?= [\w-]+(?:$|[.,;?!]| (?:or|and|then|enough|now|yet)\b))", r"\1 it's"),
        # What somebody has got on is worn.
        (rf"\b(what)(?:'s| is|s) ({_WHO}) (?:got )?on(?= his| her| their)", r"\1 is \2 wearing on"),
        (rf"\b(what)(?:'s|s| has| have)? ({_WHO})(?: has| have|'ve|'s) got on\b(?=\s*(?:$|[.,;?!]|and\b|then\b))", r"\1 \2 is wearing"),
        (rf"\b(what)(?:'s|s| has) ({_WHO}) got on\b(?=\s*(?:$|[.,;?!]|and\b|then\b))", r"\1 is \2 wearing"),
        (rf"\b(what)(?:'s|s| is) ({_WHO}) got\b", r"\1 does \2 have"),
        (rf"\b(what) (?:does|do) ({_WHO}) have on\b(?=\s*(?:$|[.,;?!]|and\b))", r"\1 is \2 wearing"),
        (rf"\b(what)(?:'s|s) ({_WHO}) ({_VERB})\b", r"\1 does \2 \3"),
        (r"\b(who|it|he|she|that|this|[a-z]+)'s got(?= [a-z])", r"\1 has"),
        (rf"\b(what)(?:'s|s) ({_WHO}) (?=\w+ing\b)", r"\1 is \2 "),
        # "the middle one, what colour?"
        (r"^(the [\w -]+?), (what (?:colou?r|size|shape|brand|material)|how (?:big|old|tall|long|full|high))\s*\?*$", r"\2 is \1?"),
        # Emphasis.
        (r"\bwhat an? (?:[\w-]+ ){0,2}[\w-]+[,!]+ +(?=\w)", ""),
        (r"\b(what(?:'s|s| is) (?:this|that|it|these|those)(?: [\w-]+)?) even\b", r"\1"),
        (r"\b(what|who|where|why|how) (?:on earth|in the world|the hell|the heck|the devil)\b", r"\1"),
    )
]  # fmt: skip
_OF_MANY = re.compile(
    r"\b(?:they|these|those) is\b|\bis (?=(?:they|these|those) (?:wearing|\w+ing)\b)|\bdoes (?=(?:they|these|those)\b)",
    re.IGNORECASE,
)
# "what color is the no Tommy put that down what color is the lid"
_BEGUN_AGAIN = re.compile(
    r"^(?P<start>(?:[\w']+ ){2,4}?[\w']+)\b(?![?.!;\n])(?P<between>[^?.!;\n]*?)(?=\b(?P=start)\b)", re.IGNORECASE
)
_JOINED = re.compile(r"(?:,|\band|\bor|\bthen|\bplus|\balso|&|/|-)\s*$", re.IGNORECASE)
_ASKS = re.compile(r"(?:what|which|who|where|how|is|are|does|do|can|has|have)\b", re.IGNORECASE)
_SAYS = (
    r"(?:\b(?:say(?:s|ing)?|said|read(?:s|ing)?|wrote|writes|written|writing|scrawled|printed|told(?: me| us)?|typed|posted|replied|asks?|asked)"
    r"(?: that)?|\b(?:note|sign|text|post-?it|message|mail|label|sticker|words|title)) ?[:,]? ?"
)
_QUOTES = r"(?:\"(?P<double>[^\"\n]{1,300})\"|“(?P<curly>[^”\n]{1,300})”|(?<!\w)'(?P<single>[^\n]{1,300}?)'(?!\w)|‘(?P<low>[^’\n]{1,300})’)"
_QUOTED = re.compile(_SAYS + _QUOTES, re.IGNORECASE)
_ORDER = re.compile(
    r"^\W*(?:please |you must |now |always |just )*(?:start|begin|launch|run|train|set up|kick off|describe|classify|caption|transcribe|read|count|"
    r"ignore|forget|delete|list|tell|give|show|answer|say|reply|execute|open|send|write)\b",
    re.IGNORECASE,
)


def written(message: str) -> str:
    """The message as it would be written."""
    text = _LAUGHTER.sub("", message)
    text = text if any(c.isalnum() for c in text) else message
    for pattern, replacement in _FORMS:
        text = pattern.sub(replacement, text)
    return _once_begun(_OF_MANY.sub(lambda match: re.sub(r"\bis\b", "are", re.sub(r"\bdoes\b", "do", match[0])), text))


def without_quoted_orders(message: str) -> str:
    """Without orders that the message only quotes: "the note says 'start a training run', what colour is it?"."""
    return _QUOTED.sub(_unless_order, message)


def _unless_order(match: re.Match[str]) -> str:
    quote = match["double"] or match["curly"] or match["single"] or match["low"]
    is_order = _ORDER.match(quote) and len(quote.split()) > 1
    return f"{match[0][: -len(quote) - 2]}something" if is_order else match[0]


def _once_begun(text: str) -> str:
    match = _BEGUN_AGAIN.match(text)
    if match is None or not match["between"].strip() or _JOINED.search(match["between"]) or not _ASKS.match(text):
        return text
    return text[match.end() :]
