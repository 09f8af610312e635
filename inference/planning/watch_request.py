"""Requests to watch a camera: “tell me when a dog is on camera porch”. Only what the words name is in the result."""

import re
from dataclasses import dataclass, field

from inference.engine.tasks.wording import presence_question
from inference.planning.rules.numerals import digits

_WHEN = r"(?:when(?:ever)?|as soon as|once|every time|each time|any time|anytime)"
# With these “if” means “whenever”; “tell me if there is a dog” may be about a photo that is at hand.
_NOTIFY = (
    r"(?:notify|alert|warn|message|ping|text|e-?mail) (?:me|us|i)"
    r"|(?:give|send) (?:me|us) (?:a |an )?(?:alert|notice|notification|message|warning)|raise (?:a |an )?(?:alert|alarm|event)"
)
_TELL = rf"(?P<notify>{_NOTIFY})|(?:tell|inform) (?:me|us|i)|let (?:me|us) know"
_PLEASE = r"(?:please |could you |can you |would you |i want you to |i'd like you to |hey )*"
_ASKED = re.compile(rf"^{_PLEASE}(?:{_TELL})(?: please)?,? (?P<if>{_WHEN}|if) (?P<what>.+)$")
# As words of a Chinese message follow each other: “in the yard is there a dog when notify me”.
_CLOSING = re.compile(rf"^(?:if |when )?(?:.*? )?is there (?P<what>[a-z' -]+?),? (?P<if>{_WHEN}|if)?,? ?{_PLEASE}(?:{_TELL})$")
_TURNED = re.compile(rf"^(?P<if>{_WHEN}|if) (?P<what>.+?),? (?:then )?{_PLEASE}(?:{_TELL})$")
_WATCHED = re.compile(
    rf"^{_PLEASE}(?:watch|monitor|keep (?:an eye|watch)(?: on)?|look out(?: on)?)\b(?: the)?(?P<where>.*?) ?\bfor (?P<what>.+)$"
)
_AT = r",? ?\b(?:(?:on|at|in|from|by|with|through|using) )?(?:the |my |our )?"
_NAME = r"([a-z0-9][a-z0-9/-]{0,60})"
_CAMERAS = (
    re.compile(rf"{_AT}camera (?!on\b|of\b|at\b|for\b)(?:called |named )?{_NAME}"),
    re.compile(rf"{_AT}{_NAME} (?:camera|cam)\b"),
)
_NO_NAMES = ("the", "a", "my", "our", "any", "this", "that", "video", "watch", "monitor", "it", "out", "me", "on")
_QUIET = re.compile(
    r",? ?\b(?:but )?(?:not|never|except|don't|do not|stay quiet|quiet|silent)\b[^,;]*?\b(?:between|from) "
    r"(\d{1,2})(?:[:.](\d{2}))? ?(am|pm)? ?(?:and|to|until|till|-|–) ?(\d{1,2})(?:[:.](\d{2}))? ?(am|pm)?(?: o'clock)?"
)
_PLACE = re.compile(
    r" (?:is |are )?(?:in|on|at|near|by|inside|outside|behind|before|beside|around|to|into|onto|under)"
    r" (?:the |my |our |a )?[a-z][a-z' -]*$"
)
_VERB = re.compile(
    r"(?: (?:is|are|gets?|comes?|appears?|shows? up|arrives?|walks?|runs?|enters?|passes?|stands?|sits?|drives?|lies|turns up|"
    r"can be seen|is seen|are seen|is there|are there|visits?|goes)\b.*)$"
)
_SEE = re.compile(
    r"^(?:(?:you (?:can )?)?(?:sees?|spots?|notices?|detects?|finds?|recogni[sz]es?|says?)"
    r"|there (?:is|are|'s)|there's|(?:is|are) there|it sees"
    r"|the camera sees) "
)
_LEFT_OVER = re.compile(r" (?:is|are)$")  # of “is on camera porch”, without the camera
_ARTICLE = re.compile(r"^(?:a|an|the|any|some|my|our|another) ")
_PEOPLE = {
    "someone": "person", "somebody": "person", "anyone": "person", "anybody": "person", "people": "person",
    "nobody": "no person", "no one": "no person", "no people": "no person",
}  # fmt: skip
_NO_THING = ("it", "this", "that", "something", "anything")
_STATE = re.compile(
    r"^(?:the |my |our )?([a-z][a-z' -]*?) (is|are) (?:left )?(open|closed|on|off|empty|full|dark|wet|lit|up|down|shut)$"
)
_OF_RUNS = re.compile(
    r"\b(?:run|training|round|model|node|device|answer|upload|budget|board)s?"
    r" (?:\d+ )?(?:is|are|has|have|ends?|finish\w*|fail\w*|goes|stops?)\b"
)
_RUN = (
    r"(?:the )?(?:(?:model|classifier) (?:of |from )?)?(?:the )?(?:training )?run (?:number |no\.? ?|#)?(\d{1,9})"
    r"(?:'s (?:model|classifier))?"
)
_BY_RUNS = (
    re.compile(rf"\b{_RUN} (?:can )?(?=(?:sees?|spots?|notices?|detects?|finds?|recogni[sz]es?|says?)\b)"),
    re.compile(
        r",? ?\b(?:(?:is |are )?(?:seen|spotted|noticed|detected|found|recogni[sz]ed) (?:by|with) |(?:by |and )?(?:using|use) "
        rf"|with |according to ){_RUN}\b(?! (?:is|are|has|have))"
    ),
)
MAX_THING = 60


@dataclass(frozen=True)
class WatchRequest:
    """`spec`: as WatchSettings has it, a `camera` if one was named, and the number of a training `run`. `why`: the words
    behind each field. `place`: words that may name the camera by its place. Without a thing and a question, it did not say what
    to watch for."""

    spec: dict[str, object] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    place: str = ""

    @property
    def says_what(self) -> bool:
        return "looks_for" in self.spec or "question" in self.spec


def read(message: str) -> WatchRequest | None:
    """None where the message asks for something else. A condition with “if” counts only where a camera is named: about a photo
    that is at hand, it is a question."""
    text = " ".join(message.lower().replace("’", "'").split()).rstrip(" .!?")
    quiet, text = _quiet(text)
    camera, text = _camera(text)
    run, text = _run(text)
    match = _ASKED.match(text) or _CLOSING.match(text) or _TURNED.match(text)
    if match is None:
        return _with_run(_watched(text, camera, quiet), run)
    about_now = match["if"] in ("if", None) and not match["notify"]
    if (about_now and camera is None) or _OF_RUNS.search(match["what"]):
        return None
    request = _with_run(_request(match["what"], camera, quiet), run)
    return WatchRequest() if request is None and camera is not None else request


def _watched(text: str, camera: tuple[str, str] | None, quiet: tuple[dict[str, str], str] | None) -> WatchRequest | None:
    """“Watch the porch for dogs”: the place may be what the camera is called."""
    match = _WATCHED.match(text)
    if match is None or _OF_RUNS.search(text):
        return None
    where = match["where"].strip()
    is_name = re.fullmatch(_NAME, where) and where not in _NO_NAMES
    named = camera or ((where, where) if is_name else None)
    return _request(match["what"], named, quiet) if named else None


def _request(what: str, camera: tuple[str, str] | None, quiet: tuple[dict[str, str], str] | None) -> WatchRequest | None:
    spec: dict[str, object] = {}
    why: dict[str, str] = {}
    what = _SEE.sub("", what.strip(" ,"))
    if state := _STATE.match(what):
        spec["question"] = f"{state[2]} the {state[1]} {state[3]}?"
        why["question"] = what
    else:
        thing = _ARTICLE.sub("", _PLACE.sub("", _VERB.sub("", what)).strip(" ,"))
        thing = _PEOPLE.get(thing, thing)
        if not thing or len(thing) > MAX_THING or thing in _NO_THING:
            return None
        if thing.startswith("no "):
            spec["question"], spec["expected"] = presence_question(thing.removeprefix("no ")), "no"
            why["question"] = why["expected"] = what
        else:
            spec["looks_for"], why["looks_for"] = thing, _LEFT_OVER.sub("", what)
    if camera is not None:
        spec["camera"], why["camera"] = camera
    if quiet is not None:
        spec["quiet"], why["quiet"] = quiet
    return WatchRequest(spec, why, what)


def _camera(text: str) -> tuple[tuple[str, str] | None, str]:
    """The camera's name with its words, and the text without them."""
    for pattern in _CAMERAS:
        match = pattern.search(text)
        if match is not None and match[1] not in _NO_NAMES:
            return (match[1], match[0].strip(" ,")), f"{text[: match.start()]}{text[match.end() :]}".strip(" ,")
    return None, text


def _run(text: str) -> tuple[tuple[int, str] | None, str]:
    """The number of the run whose model is to watch, with its words, and the text without them."""
    for pattern, instead in zip(_BY_RUNS, ("you ", ""), strict=True):
        if match := pattern.search(text):
            rest = f"{text[: match.start()]}{instead}{text[match.end() :]}"
            return (int(match[1]), match[0].strip(" ,")), rest.strip(" ,")
    return None, text


def _with_run(request: WatchRequest | None, run: tuple[int, str] | None) -> WatchRequest | None:
    if request is None or run is None:
        return request
    return WatchRequest({**request.spec, "run": run[0]}, {**request.why, "run": run[1]}, request.place)


def _quiet(text: str) -> tuple[tuple[dict[str, str], str] | None, str]:
    match = _QUIET.search(digits(text))
    if match is None:
        return None, text
    start, until = _clock(*match.group(1, 2, 3)), _clock(*match.group(4, 5, 6))
    rest = digits(text)
    rest = f"{rest[: match.start()]}{rest[match.end() :]}".strip(" ,")
    if start is None or until is None or start == until:
        return None, rest
    return ({"start": start, "until": until}, match[0].strip(" ,")), rest


def _clock(hour: str, minute: str | None, half: str | None) -> str | None:
    value = int(hour) % 12 + (12 if half == "pm" else 0) if half else int(hour) % 24
    return f"{value:02}:{int(minute or 0):02}" if int(hour) <= 24 and int(minute or 0) < 60 else None
