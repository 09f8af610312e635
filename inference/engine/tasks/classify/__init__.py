"""classify: the name of the main thing in the photo."""

from typing import TYPE_CHECKING

from inference.engine.doubt import Certainty
from inference.engine.model_options import transformer
from inference.engine.questions import kinds, label_tree, naming, statements
from inference.engine.questions.kinds import Kind
from inference.engine.tasks import vqa
from inference.engine.tasks.task import Metric, Phrases, StepAnswer, Task
from inference.engine.tasks.wording import CANNOT_TELL, with_article

if TYPE_CHECKING:
    import torch

    from inference.engine.catalogue import Profile
    from inference.engine.engines.networks import Networks
    from inference.engine.engines.part import Answering

GUESSES = 3
UNLIKELY = 0.1  # what is less so is not guessed beside the answer


def load(profile: "Profile", device: "torch.device", shared: "Networks | None") -> "Networks":
    from inference.engine.tasks.classify import weights

    return weights.load(profile, device)


def answering(profile: "Profile", networks: "Networks", lender: "Answering | None") -> "Answering":
    from inference.engine.tasks.classify import model

    return model.make(profile, networks, lender)


def sentence(text: str, step: StepAnswer, alone: bool) -> str:
    if step.absent:
        return statements.absent(step.absent)
    if kinds.read(step.question).kind is Kind.EITHER_OR:
        return vqa.sentence(text, step, alone)
    likely = [name for name, confidence in step.top[:GUESSES] if confidence >= UNLIKELY]
    guesses = list(dict.fromkeys([text, *likely]))[:GUESSES]
    perhaps = f", perhaps {with_article(likely[0])}" if likely and text not in likely else ""
    match step.certainty:
        case Certainty.FLAT:
            return f"This looks like {with_article(text)}{perhaps}."
        case Certainty.PROBABLE:
            return f"This is probably {with_article(text)}{perhaps}."
        case Certainty.GUESS:
            return f"A guess: {' or '.join(filter(None, [', '.join(guesses[:-1]), guesses[-1]]))}."
        case Certainty.NONE:
            return f"{CANNOT_TELL} what this is."


def question_of(request: str) -> str:
    """Where it asks for one kind of thing, or for what a classifier can tell: "what animal is it?", "a cat or a dog?"."""
    reading = kinds.read(request)
    if reading.kind is Kind.NAME:
        return request if reading.wanted else ""
    return request if naming.answerable(reading, label_tree.names()) is not None else ""


CLASSIFY = Task(
    name="classify",
    load=load,
    answering=answering,
    models={"compact": "compact classify", "paper": "google/vit-base-patch16-224"},
    shape=transformer(224, 16, 768, 12),
    metric=Metric("top1", "top-1 accuracy"),
    phrases=Phrases(
        label="what is it",
        verb="name what is in the photo",
        noun="a name for what it is",
        default_question="what is this?",
        planner=(
            'names the kind, breed, type or species of the main thing ("what is this?", "what breed is it?"). '
            'No question. "model"\n'
            '  stays empty unless the message names one of models ("use run 12"); if it names another, there are no steps '
            'and "why" says so.'
        ),
    ),
    sentence=sentence,
    alternatives=kinds.choices,
    question_of=question_of,
    shows_guesses=True,
    highlights=True,
    answers_with_noun=True,
    takes_model=True,
)
