"""The answers that are possible, for kinds of questions of which there are few. Pure."""

from dataclasses import dataclass

from inference.engine.questions.kinds import Kind, Reading
from inference.engine.questions.nouns import NUMBERS


@dataclass(frozen=True)
class Choice:
    """One answer. `forms`: how models may write it; their probabilities add up."""

    text: str
    forms: tuple[str, ...]


def _choices(*texts: str) -> tuple[Choice, ...]:
    """Of "grey|gray", the first form is the answer."""
    return tuple(Choice(text.split("|")[0], tuple(text.split("|"))) for text in texts)


MOST = 20  # the highest number that models are asked to tell apart
_NUMBERS = tuple(
    Choice(str(number), (str(number), NUMBERS[number]) if number < len(NUMBERS) else (str(number),))
    for number in range(MOST + 1)
)
_COLOURS = _choices(
    "black", "white", "grey|gray", "red", "orange", "yellow", "green", "blue", "purple|violet", "pink", "brown", "beige|tan|cream",
    "gold|golden", "silver", "maroon", "turquoise|teal", "colourful|colorful|multicolored",
    "black and white|white and black", "brown and white|white and brown", "red and white|white and red",
    "blue and white|white and blue", "green and white|white and green", "yellow and white|white and yellow",
    "pink and white|white and pink", "grey and white|gray and white|white and gray", "black and brown|brown and black",
    "black and tan|tan and white", "black and red|red and black", "black and yellow|yellow and black",
    "red and blue|blue and red", "red and yellow|yellow and red", "blue and yellow|yellow and blue",
    "green and yellow|yellow and green", "black and blue|blue and black", "orange and black|black and orange",
)  # fmt: skip
_SPORTS = _choices(
    "soccer", "football|american football", "basketball", "baseball", "tennis", "volleyball", "golf", "hockey", "rugby", "cricket",
    "swimming", "skiing", "snowboarding", "surfing", "skateboarding", "skating|ice skating", "cycling|biking", "running|track",
    "climbing|rock climbing", "wrestling", "boxing", "martial arts|karate", "gymnastics", "horse riding|horseback riding",
    "motocross|racing", "frisbee", "lacrosse", "table tennis|ping pong", "badminton", "bowling", "wakeboarding|water skiing",
    "kayaking|canoeing|rowing", "sailing", "diving", "softball",
)  # fmt: skip
_SEASONS = _choices("spring", "summer", "autumn|fall", "winter")
_DAYTIMES = _choices("morning", "afternoon|noon", "evening|dusk|sunset", "night", "daytime|day")
_WEATHER = _choices("sunny|clear", "cloudy|overcast", "rainy|raining", "snowy|snowing|snow", "foggy|misty", "windy", "stormy")
_YES_NO = _choices("yes", "no")
_OF_KIND = {
    Kind.YES_NO: _YES_NO,
    Kind.NUMBER: _NUMBERS,
    Kind.COLOUR: _COLOURS,
    Kind.SPORT: _SPORTS,
    Kind.SEASON: _SEASONS,
    Kind.DAYTIME: _DAYTIMES,
    Kind.WEATHER: _WEATHER,
}


def choices(reading: Reading) -> tuple[Choice, ...]:
    """Empty where any text may be an answer."""
    if reading.kind is Kind.EITHER_OR:
        return tuple(Choice(text, (text,)) for text in reading.alternatives)
    return _OF_KIND.get(reading.kind, ())
