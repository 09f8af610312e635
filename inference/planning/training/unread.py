"""What a request to train says beside the fields that were read from it: numbers and settings that no field has taken. Pure."""

import re
from collections.abc import Iterable, Iterator

from inference.planning.rules.numerals import DURATION, NUMBER, RATE, bytes_per_s, digits, seconds
from inference.planning.training import wording
from inference.planning.training.tables import Draft, as_typed

MOST = 4  # pieces that are quoted
_NUMBER = re.compile(rf"(?<![\w.])-?{NUMBER}%?(?:[ -]?(?:am|pm)\b)?")
_NO_SETTING = re.compile(  # numbers that are part of a name or say which, not how many
    r"\bcifar ?-? ?100?\b|\b(?:run|reviewer|fig(?:ure)?|table|step|part|version|v|no\.?|number|model)[ #.-]?\d+\b|\b\d+(?:st|nd|rd|th)\b|#\d+|"
    r"\b(?:19|20)\d\d\b|https?://\S+|\bone (?:of|that|which|more|thing|last)\b|\b(?:this|that|which|another|every|each|no) one\b|\b1-?bit\b|\b(?:per|each|every|a) round\b"
)
_SUBJECTS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("rounds",), r"rounds?"),
    (("local_epochs",), r"(?:local )?epochs?|passes over|passes through"),
    (("alpha", "partition"), r"alpha|dirichlet|non-?iid|skew\w*|heterogen\w+|un-?even\w*|un-?balanced|lopsided"),
    (("privacy", "noise_multiplier", "clip"), r"differential\w*(?: priva\w+)?|dp|noise|nois[ey]\w*|priva(?:cy|tely)"),
    (("secure_aggregation",), r"secur\w+ (?:aggregat\w+|sum\w*)|sec-?agg|masking|masked"),
    (("compression", "bits"), r"compress\w*|quanti[sz]\w+|sketch\w*"),
    (("round_deadline_s", "wall_clock_s"), r"stragglers?|laggards?|deadline|time-?outs?|time limit"),
    (("classes",), r"class(?:es)?|labels?|categories"),
    (("learning_rate",), r"learning rate|lr"),
    (("batch_size",), r"(?:mini-?)?batch(?:es)?(?: size)?"),
    (("seed",), r"seed"),
)
# What other systems let one set, and a run here does not.
_FOREIGN = re.compile(
    r"\b(?:momentum|weight decay|dropout|optimi[sz]er|sgd|adamw?|rmsprop|schedul\w+|warm-?up|augment\w*|early stopping|patience|gpus?|cuda|"
    r"fp16|mixed precision|e-?mail|mail me|notify|ping|text me|call me|yolo\w*|vgg\w*|mobilenet\w*|efficientnet\w*|bert|vit|transformers?|"
    r"tonight|tomorrow|overnight|midnight|noon|every (?:night|day|week|hour))\b(?! on the server)"
)
_WORDS = [(fields, re.compile(rf"\b(?:{words})\b")) for fields, words in _SUBJECTS]


def sentence(message: str, draft: Draft) -> str:
    """Quotes what no field of the draft has taken; empty where everything was. `message` is in English."""
    text = _NO_SETTING.sub(" ", wording.regular(digits(" ".join(message.lower().split()))))
    places = sorted([*_numbers(text, draft), *_subjects(text, draft), *(match.span() for match in _FOREIGN.finditer(text))])
    noted = " ".join(draft.notes).lower()
    typed = (as_typed(piece, message).strip(" ,;:.!?") for piece in _quoted(text, places))
    pieces = [piece for piece in dict.fromkeys(typed) if piece.lower() not in noted]
    if not pieces:
        return ""
    more = " and more" if len(pieces) > MOST else ""
    quoted = ", ".join(f"“{piece}”" for piece in pieces[:MOST])
    return f"I took no setting from {quoted}{more}; change the draft where that matters."


def _numbers(text: str, draft: Draft) -> Iterator[tuple[int, int]]:
    """Where numbers stand that are the value of no field."""
    values = set(_values(draft))
    durations = {match.start(1): (match.end(), seconds(match)) for match in DURATION.finditer(text)}
    rates = {match.start(): (match.end(), float(bytes_per_s(match))) for match in RATE.finditer(text)}
    for match in _NUMBER.finditer(text):
        start = match.start()
        end, value = durations.get(start) or rates.get(start) or (match.end(), _value(match[0]))
        if value not in values:
            yield start, end


def _value(number: str) -> float:
    bare = re.sub(r"[ -]?(?:am|pm)$|%$", "", number)
    return float(bare) if bare == number else float("nan")  # no field is a share or a time of day


def _values(draft: Draft) -> Iterator[float]:
    for field in draft.named.values():
        if isinstance(field.value, (int, float)):
            yield float(field.value)
            yield from (float(number) for number in re.findall(rf"(?<![\w.]){NUMBER}", digits(field.words.lower())))


def _subjects(text: str, draft: Draft) -> Iterator[tuple[int, int]]:
    """Where settings are named that the draft lacks."""
    for fields, words in _WORDS:
        if not any(field in draft.named for field in fields):
            yield from (match.span() for match in words.finditer(text))


def _quoted(text: str, places: Iterable[tuple[int, int]]) -> Iterator[str]:
    """Each place with the word behind it; places beside each other together."""
    end = -1
    for start, stop in places:
        if start < end:
            continue
        behind = re.match(r"[ -]?[a-z0-9.%]*[a-z0-9%]", text[stop:])
        end = stop + (behind.end() if behind else 0)
        yield text[start:end].strip()
