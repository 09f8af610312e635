"""A few words that stand for a question, as in a list: "fan colour?", "label torn", "number of boxes", "any rust". Pure."""

import re

from inference.engine.questions.nouns import is_plural

_STATES_TEXT = """
open closed shut locked unlocked broken cracked torn ripped damaged dented scratched rusty rusted clean dirty wet dry empty full on off up down
lit unlit burnt bent loose tight fitted fixed blocked clear missing present complete intact sealed unsealed plugged unplugged worn frayed leaking
straight crooked level tidy messy ripe rotten mouldy moldy fresh stale alive dead awake asleep injured bleeding swollen infected healed locked
parked occupied free tied untied secured unsecured attached detached connected disconnected installed visible legible readable blurry sharp
frozen melted flat inflated level painted stained faded folded unfolded made set laid switched charged flooded collapsed standing lying sitting
smiling ok okay alright fine marked labelled labeled painted watered fed working running moving covered uncovered hot cold safe ready finished done signed stamped dated insulated grounded earthed
"""
_STATES = frozenset(_STATES_TEXT.split())
_STATE = rf"(?:not |still |already |all |properly |fully |well |badly )?(?P<state>(?:{'|'.join(sorted(_STATES))})(?: (?:in|on|off|out|up|down|properly|again|together))?)"
_NAMES = r"(?P<name>species|breed|kind|type|variety|id)"
_LOOKS = r"(?P<look>colou?r|size|shape|material|age|weather|brand|make|model|height|width|length|depth|position|location|direction|condition|state|sex|gender)"
_READ = (
    r"(?:(?:serial|model|batch|lot|part|plate|licen[cs]e(?: plate)?|registration|number plate|phone|telephone|track|gate|order|tracking|invoice|house|"
    r"ear tag|tag|bib|article|item|pole|room|seat|flight|account|reference|meter) (?:no\.?|num(?:ber)?|nr\.?|id|reading)?|number plate|licen[cs]e plate|reg(?:istration)?|"
    r"plate|serial|imei|sku|barcode|prices?|total|amount|date|expiry(?: date)?|best before(?: date)?|use by(?: date)?|sell-?by(?: date)?|deadline|sender|recipient|addressee|"
    r"address|title|headline|author|publisher|weight|voltage|mileage|odometer|reading|temperature|pressure|speed limit|opening (?:hours|times)|dose|dosage|"
    r"phone|e-?mail|website|ingredients|calories|score|name|time|(?:battery|fuel|oil|water|tank) level)"
)
_WHO = {"sender", "recipient", "addressee", "author", "publisher"}
_OTHER = re.compile(
    r"^(?:yes|no|ok|okay|thanks?|thank you|thx|cheers|sorry|please|pls|hello|hi|hey|bye|really|what|why|how|who|where|when|huh|so|well|right(?! [a-z])|maybe|"
    r"sure|true|correct|great|nice|cool|wow|again|more|anything|anyone|nothing|none|this|that|these|those|it|he|she|they|here|there|now|help|"
    r"morning|evening|good|love|lovely|dear|my|darling|mate|sir|madam|oh|lol|urgent|photos?|pictures?|pics?|images?|both|all|same|which|question|details?)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(
    r"^(?:what|which|who|whose|where|when|why|how|is|are|was|were|does|do|did|has|have|can|could|tell|give|read|count|describe|name|list|say|show|"
    r"check|find|look|classify|identify|if|i|we|you|the|my|it|and|but|caption|transcribe|summari[sz]e|put|use|train|please|don't|no need|"
    r"short|brief|one|make it|just|only|with|in|on|at|from|to|for|as)\b",
    re.IGNORECASE,
)
_VERB = re.compile(
    r"\b(?:is|are|was|were|does|do|did|has|have|had|can|could|will|would|should|am|be|i'm|it's|i've)\b|'(?:s|re|m) ",
    re.IGNORECASE,
)
_BESIDE = r"(?P<beside>(?: (?:of|on|in|at|under|behind|near|for|next to) [\w' -]+)?)"
_ARTICLE = re.compile(r"^(?:the|its|his|her|their|my|a|an) ", re.IGNORECASE)
_SEX = ("sex", "gender")


def question_of(fragment: str, subject: str = "") -> str:
    """The question in full; empty for what is no such fragment. `subject`: of the list, "kettle" in "kettle: lid shut?"."""
    text = _ARTICLE.sub("", " ".join(fragment.strip(" ?.,;:!-").split()))
    thing, colon, rest = text.partition(": ")
    if colon and (thing := subject_of(thing)):  # "driver: m/f"
        return _of_thing(thing, rest.strip())
    if not text or len(text.split()) > 6 or _OTHER.match(text):
        return ""
    it = f"the {subject}" if subject else "it"
    if match := re.match(rf"^what {_LOOKS}$", text, re.IGNORECASE):
        return f"what {match['look'].lower()} {_be(it)} {it}"
    if _SENTENCE.match(text) or _VERB.search(text):
        return ""
    for pattern, made in _KINDS:
        if match := pattern.match(text):
            return made(match, it)
    return ""


def _of_thing(thing: str, what: str) -> str:
    if what.lower() in ("how many", "number", "count"):
        return f"how many {_many(thing)} are there"
    if what.lower() in ("any", "present", "there", "y/n", "yes/no"):
        return _there(thing)
    return question_of(re.sub(r"^m/f$|^f/m$", "male/female", what, flags=re.IGNORECASE), thing)


def is_question(text: str) -> bool:
    """Whether it is a question or an order in full."""
    return _SENTENCE.match(text.strip()) is not None


def subject_of(ahead: str) -> str:
    """What a list is about, by the words before it: "kettle", "condition of the roof"."""
    text = re.sub(r"^(?:the )?(?:state|condition|status|look|details?) of ", "", ahead.strip(" :,.-").lower())
    text = _ARTICLE.sub("", text)
    return (
        text
        if 0 < len(text.split()) < 3
        and text.replace(" ", "").isalpha()
        and not _OTHER.match(text)
        and not _SENTENCE.match(text)
        else ""
    )


def _there(things: str, beside: str = "") -> str:
    is_many = any(is_plural(word) for word in things.split()[:2])
    return f"are there any {things}{beside}" if is_many else f"is there any {things}{beside}"


def _look(match: re.Match[str], it: str) -> str:
    look, thing = match["look"].lower(), (match["thing"] or "").strip().lower()
    it = f"the {thing}" if thing else it
    be = "are" if is_plural(it) else "is"
    if look in _SEX:
        return f"{be} {it} male or female"
    if look == "weather":
        return "what is the weather like"
    if look in ("position", "location"):
        return f"where {be} {it}"
    if look in ("condition", "state"):
        return f"what condition {be} {it} in"
    if look in _DEGREES:
        return f"how {_DEGREES[look]} {be} {it}"
    return f"what {look} {be} {it}"


def _either(match: re.Match[str], it: str) -> str:
    """ "curtains open/closed" of the curtains, "open/closed" of the subject."""
    one, other = match["one"].lower(), match["other"].lower()
    thing, _, state = one.rpartition(" ")
    if thing and state in _STATES and other in _STATES:
        return f"{'are' if is_plural(thing) else 'is'} the {thing} {state} or {other}"
    if thing and "," not in one:
        return ""  # of which thing or which kind, only the sense tells
    return f"{'are' if is_plural(it) else 'is'} {it} {one} or {other}"


_DEGREES = {"height": "tall", "width": "wide", "length": "long", "depth": "deep", "age": "old"}
_MORE = {"height": "taller", "size": "bigger", "length": "longer", "width": "wider", "age": "older"}
_COUNT = r"(?:number|no\.?|nr\.?|num|amount|count|quantity)"
_KINDS = [
    (re.compile(rf"^(?:{_COUNT} of|#) ?(?:the |all )?(?P<things>[\w -]+)$", re.IGNORECASE), lambda match, it: f"how many {match['things']} are there"),
    (re.compile(r"^(?P<things>[\w-]+s) (?P<left>left|remaining|to go)$", re.IGNORECASE), lambda match, it: f"how many {match['things'].lower()} are {match['left'].lower()}"),
    (re.compile(r"^(?P<things>[\w-]+) (?:count|total)$", re.IGNORECASE), lambda match, it: f"how many {_many(match['things'])} are there"),
    (re.compile(r"^any (?P<things>(?:(?!or\b)[\w'-]+ ?){1,3}?)(?P<beside>(?: (?:of|on|in|at|under|behind|near|by) [\w' -]+)?)$", re.IGNORECASE), lambda match, it: _there(match["things"].strip(), match["beside"])),
    (re.compile(r"^(?P<things>[\w' -]+?)[ ,:]+\(?(?:y ?/ ?n|yes ?/ ?no|yes or no|there or not|or not)\)?$", re.IGNORECASE), lambda match, it: _whether(match["things"], it)),
    (re.compile(rf"^{_NAMES}(?: id| name)?$", re.IGNORECASE), lambda match, it: "classify it"),
    (re.compile(r"^(?P<degree>height|size|length|width|age) (?:vs\.?|versus|compared (?:to|with)|against) (?:the )?(?P<other>[\w ]+)$", re.IGNORECASE), lambda match, it: f"is {it} {_MORE[match['degree'].lower()]} than the {match['other']}"),
    (re.compile(r"^(?P<thing>[\w-]+(?: [\w-]+)?) (?P<kind>type|kind|species|breed|brand|make|variety)$", re.IGNORECASE), lambda match, it: f"what {match['kind'].lower()} of {match['thing'].lower()} is it"),
    (re.compile(rf"^(?P<what>{_READ}|(?:[\w-]+ )?[\w-]+ (?:no\.?|num\.?|number|code)){_BESIDE}$", re.IGNORECASE), lambda match, it: _written(match["what"].strip(), match["beside"])),
    (re.compile(rf"^(?:(?P<thing>[\w-]+(?: [\w-]+)?) )?{_LOOKS}$", re.IGNORECASE), _look),
    (re.compile(rf"^{_LOOKS} of (?:the |its )?(?P<thing>[\w-]+(?: [\w-]+)?)$", re.IGNORECASE), _look),
    (re.compile(r"^(?:text|writing|words)(?P<beside> (?:on|in|at) [\w' -]+)$", re.IGNORECASE), lambda match, it: f"read the text{match['beside']}"),
    (re.compile(r"^(?P<things>[\w-]+(?: [\w-]+){0,2}) (?:present|visible|in (?:view|sight)|in it)$", re.IGNORECASE), lambda match, it: _there(match["things"].lower())),
    (re.compile(rf"^{_STATE}$", re.IGNORECASE), lambda match, it: f"{_be(it)} {it} {match['state'].lower()}"),
    (re.compile(rf"^{_STATE},? (?:or|/) ?(?P<other>not|[\w-]+)$", re.IGNORECASE), lambda match, it: f"{_be(it)} {it} {match['state']}" + ("" if match["other"] == "not" else f" or {match['other']}")),
    (re.compile(rf"^(?P<thing>[\w'-]+(?: [\w'-]+){{0,2}}?),? {_STATE}(?:,? (?:or|/) ?(?P<other>not|[\w-]+))?$", re.IGNORECASE), lambda match, it: _is_state(match)),
    (re.compile(r"^(?P<one>[\w-]+(?: [\w-]+)?(?:, [\w-]+)*)(?: or |,? or | ?/ ?)(?P<other>[\w-]+(?: [\w-]+)?)$", re.IGNORECASE), _either),
    (re.compile(r"^(?P<things>[a-z-]{3,}(?: [a-z-]{3,})?)(?P<beside>(?: (?:on|in|under|near|behind|at|round|around) (?:the |its )?[a-z -]+)?)$", re.IGNORECASE), lambda match, it: _there(match["things"].lower(), match["beside"])),
]  # fmt: skip


def _be(thing: str) -> str:
    return "are" if is_plural(thing) else "is"


def _many(noun: str) -> str:
    return noun if is_plural(noun) else f"{noun}s"


def _whether(things: str, it: str) -> str:
    if match := re.match(rf"^{_STATE}$", things, re.IGNORECASE):
        return f"{_be(it)} {it} {match['state']}"
    if match := re.match(rf"^(?P<thing>[\w'-]+(?: [\w'-]+){{0,2}}?) {_STATE}(?P<other>)$", things, re.IGNORECASE):
        return _is_state(match)
    return _there(things.lower())


def _is_state(match: re.Match[str]) -> str:
    thing = _ARTICLE.sub("", match["thing"].lower())
    is_any = thing.startswith(("any", "every", "some", "no one", "nobody"))
    other = match["other"]
    state = match["state"].lower() + (f" or {other}" if other and other != "not" else "")
    return f"{'are' if is_plural(thing) else 'is'} {thing if is_any else f'the {thing}'} {state}"


def _written(what: str, beside: str) -> str:
    what = re.sub(r"\b(?:no\.?|num|nr\.?)$", "number", what.lower())
    what = {"reg": "registration number", "plate": "number plate", "phone": "phone number", "serial": "serial number"}.get(
        what, what
    )
    if what in _WHO:
        return f"read who is the {what}{beside}"
    return f"read what {'are' if is_plural(what) else 'is'} the {what}{beside}"
