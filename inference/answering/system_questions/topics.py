"""What a message about the system may be about. The first row of TOPICS that applies answers it."""

import re
from collections.abc import Callable

from inference.answering.system_questions import about_models, about_nodes, about_runs, about_use
from inference.answering.system_questions.question import Question

Applies = Callable[[Question], bool]
Topic = tuple[Applies, Callable[[Question], str]]
EXAMPLES = (
    "“How many devices are online?”, “How fast is my link?”, “Is anything training right now?”, “Which run was the best?” or "
    "“How many bytes did that save?”"
)
ABILITIES = (
    "I answer questions about your photos: what they show, how many there are of something, what a sign says. I draft training "
    f"runs (“train a digits classifier on 4 devices”), and I answer questions about the system, such as {EXAMPLES}"
)
UNCLEAR = (
    f"I cannot tell what you would like to know about the system. Ask, for example, {EXAMPLES} The pages Devices, Federation "
    "and Models show everything; administrators also see Planner."
)

_RUN = r"runs?|training|trains?|trained|federat\w+|rounds?|epochs?"
_ONE_RUN = r"(?:last|latest|newest|best|first|this|that|my|the) (?:training )?run|run before"
_THAT = r"that|it|this|(?:my|the) (?:last|previous) (?:question|answer|one)"
_OFF = (
    r"unplug\w*|plug|(?:switch|turn|power)(?:ed)? (?:[\w-]+ ){0,6}off|shut ?(?:[\w-]+ ){0,6}down|disconnect|reboot|restart|"
    r"take (?:[\w-]+ ){0,6}(?:away|offline)"
)
_DROPPED = (
    r"drop(?:ped|s)?(?: out)?|dropouts?|missed|miss|participated?|tak(?:e|es|en) part|took part|refused|late|lost|lose|"
    r"disappear\w*|fall out|fell out"
)
_ENERGY = r"energy|electricity|watt ?hours?|k?wh|joules?"
_COST = rf"costs?|price|money|spen[dt]|bill|expensive|cheap|{_ENERGY}"
_PERIOD = r"last|past|today|yesterday|tonight|overnight|this (?:week|month|morning|afternoon|evening)"
_EXTREME = (
    r"best|worst|fewest|least|most (?:accurate|bytes|expensive)|highest|lowest|fastest|quickest|shortest|slowest|longest|"
    "cheapest|smallest"
)
_BYTES = r"bytes?|[kmg]b|kilobytes|megabytes|sav(?:e|es|ed|ing)|traffic|compress\w*"
_HOW_IT_WENT = r"take|took|slow|fast|quick|comput\w+|answer\w*|go|went|leave|left|stay\w*|private|happen\w*"
_PHOTO_LEFT = r"(?:photos?|pictures?|images?) (?:leave|left|stay\w*|sent|go|went|uploaded)|leave (?:the|my) device"
_LINK = r"links?|uplinks?|bandwidth|internet|network|wi-?fi|latency|ping|round ?trip|connections?|upload speed"
_STATUS = (
    r"online|offline|(?:dis)?connected|alive|reachable|available|up|down|there|working|works?|devices?|nodes?|edges?|boards?|"
    r"everything|healthy|busy|status|state|seen|queued?|waiting|idle|stale|revoked"
)
_ASKS_ABILITIES = re.compile(
    r"^(?:help|\?*)\W*$|\bwho are you\b|\bwhat (?:is|are) (?:you|isthmus)\b"
    r"|\b(?:what|how) (?:else )?(?:can|could|do|does|should|may) (?:you|i|we|isthmus|this)"
    r"(?: do| ask| say| type| use| help| work)*(?: you| this| here| it)*\W*$"
    r"|\b(?:what|which|what (?:kind|sort) of) (?:\w+ )?(?:questions?|things|requests?) (?:can|could|may) i\b"
)


def _words(*patterns: str) -> Applies:
    """Whether each of the patterns is in the message."""
    expressions = [re.compile(rf"\b(?:{pattern})\b") for pattern in patterns]
    return lambda question: all(expression.search(question.text) for expression in expressions)


def _of_one_run(question: Question) -> bool:
    return bool(question.runs) or question.mentions(_ONE_RUN)


def _asks_cost(question: Question) -> bool:
    return question.mentions(_COST) and not question.nodes and not (_of_one_run(question) or question.mentions(_EXTREME))


def _asks_ranking(question: Question) -> bool:
    ranks = question.mentions(_EXTREME) and question.mentions("runs?|training")
    return ranks and not question.runs and not question.mentions("why|rounds")


def _asks_what_trains(question: Question) -> bool:
    asks = question.mentions(r"any\w*|now|currently|still|some\w*|nothing|is|are|busy|what")
    return asks and question.mentions(_RUN) and not _of_one_run(question)


TOPICS: list[Topic] = [
    (lambda question: bool(_ASKS_ABILITIES.search(question.text)), lambda question: ABILITIES),
    (_words(_OFF), about_nodes.unplug),
    (_words(_DROPPED, _RUN), about_runs.dropouts),
    (
        _words(
            r"models?|architectures?|data ?sets?|strateg(?:y|ies)", r"train|training|runs?|learn", "can|could|choose|available"
        ),
        about_runs.trainable,
    ),
    (_words(_ENERGY, rf"{_PERIOD}|used?|consumed?|so far"), about_use.energy),
    (_asks_cost, about_use.cost),
    (_words("happen(?:ed|s)?|going on|summary|did i miss", _PERIOD), about_use.cost),
    (_asks_ranking, about_runs.ranking),
    (_words("why|slow|slower|so long", _RUN), about_runs.slow),
    (_words("how many|list|which|what|show|all", "(?:my |the |of my )?runs"), about_runs.listing),
    (_asks_what_trains, about_runs.training),
    (_words(_RUN), about_runs.one),
    (_words("planner|planning|llm|language model|gpt"), about_use.planner),
    (_words(_BYTES, _THAT), about_use.last_bytes),
    (_words("how long|how fast|how quick|why|where|which|slow", _THAT, _HOW_IT_WENT), about_use.last_answer),
    (_words(_PHOTO_LEFT), about_use.last_answer),
    (_words(rf"{_BYTES}|data"), about_use.savings),
    (_words(r"how (?:long|fast|quick\w*)|average|slowest|fastest", "answers?|questions?|replies"), about_use.times),
    (_words(_LINK), about_nodes.link),
    (_words("fast|faster|fastest|slow|slower|slowest|quick|quicker|quickest|speeds?"), about_nodes.speed),
    (_words("models?|profiles?|classifiers?"), about_models.available),
    (_words("questions?|asked|ask|messages?|conversations?"), about_use.questions),
    (_words("cameras?"), about_nodes.cameras),
    (_words(about_nodes.SENSOR_WORDS), about_nodes.readings),
    (_words("photos?|pictures?|storage|space|quota"), about_use.storage),
    (_words("accuracy|accurate|progress|finish(?:ed)?|converge[ds]?"), about_runs.one),
    (_words(_STATUS), about_nodes.status),
    (lambda question: bool(question.nodes), about_nodes.status),
    (_words("fail(?:ed|s)?|failures?|errors?"), about_use.questions),
    (lambda question: True, lambda question: UNCLEAR),
]
