"""What a task answers with."""

from dataclasses import dataclass, field

from inference.engine.doubt import PROBABLE_FROM

NOTHING = "no answer"  # the text when the model ends before its first word
EVEN_ODDS = 0.5


@dataclass(frozen=True)
class Box:
    """A labelled rectangle; its edges as fractions of the photo's width and height, from the top left corner."""

    label: str
    score: float  # 0…1
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class TextLine:
    """One line of text read in the photo, with its rectangle as in Box."""

    text: str
    score: float  # 0…1
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Answer:
    """`confidence` is calibrated: of the answers given at 0.8, about 80 % are right, as far as the card's data goes."""

    text: str
    confidence: float  # 0…1
    top: list[tuple[str, float]]  # best first
    boxes: tuple[Box, ...] = ()
    lines: tuple[TextLine, ...] = ()  # in reading order
    absent: str = ""  # the thing asked about, where it was not seen
    # Of the photo, for searching (engine/mean_token/space.py). Engines round it differently.
    vector: bytes = field(default=b"", compare=False)
    names: list[tuple[str, float]] = field(default_factory=list, compare=False)  # of what it shows, best first, likewise

    @property
    def sure(self) -> bool:
        """Whether it is called probable at least."""
        return self.confidence >= PROBABLE_FROM
