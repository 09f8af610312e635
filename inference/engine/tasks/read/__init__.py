"""read: the text in the photo, line by line, and what people look for in it."""

from inference.engine.tasks.read import extraction, meant_lines, package, requests, wording
from inference.engine.tasks.read.calibration import CARD
from inference.engine.tasks.standalone import Standalone, StandaloneModel
from inference.engine.tasks.task import Metric, Phrases, Task

MODEL = f"PP-OCRv6 small (rapidocr {package.VERSION})"


def make(threads: int | None) -> StandaloneModel:
    from inference.engine.tasks.read.reader import Reader

    return Reader(threads)


def question_of(request: str) -> str:
    """Kept where one thing is looked for, or where the answer is yes or no; else what it says of the lines that are meant."""
    is_kept = extraction.kind_of(request) is not None or wording.ASKS_WHETHER.match(request)
    return request if is_kept else meant_lines.as_question(request)


READ = Task(
    name="read",
    standalone=Standalone(package.problem, make, package.DIGEST, CARD),
    models={"compact": MODEL, "paper": MODEL},
    metric=Metric("words", "words right"),
    phrases=Phrases(
        label="read text",
        verb="read the text in the photo",
        noun="the text in it",
        default_question="what does it say?",
        planner=(
            'reads written text ("what does the sign say?", "read the label", "is there any text?"), and finds in it a phone '
            "number,\n"
            '  web or e-mail address, price, opening time or date ("what is the phone number?", "how much is the soup?"). '
            '"question"\n'
            "  is empty unless one of these is looked for. Not for the colour, shape or place of a sign, or clocks with hands."
        ),
    ),
    sentence=wording.sentence,
    question_of=question_of,
    confidence="fitted to lines of real photos that were judged by eye",
    request=requests.READS,
    locates=True,
    patience=12.0,  # a page full of text takes ten times as long as a sign
)
