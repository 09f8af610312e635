"""vqa: the answer to one question about the photo."""

from typing import TYPE_CHECKING

from inference.engine.doubt import Certainty
from inference.engine.model_options import transformer
from inference.engine.questions import kinds, statements
from inference.engine.questions.kinds import Kind
from inference.engine.tasks.task import Metric, Phrases, StepAnswer, Task
from inference.engine.tasks.vqa.fit import fits
from inference.engine.tasks.wording import capitalised, full_stop, hedged, spelled

if TYPE_CHECKING:
    import torch

    from inference.engine.catalogue import Profile
    from inference.engine.engines.networks import Networks
    from inference.engine.engines.part import Answering


def load(profile: "Profile", device: "torch.device", shared: "Networks | None") -> "Networks":
    from transformers import BlipForQuestionAnswering

    from inference.engine.tasks import blip

    return blip.load(BlipForQuestionAnswering, profile, "vqa", device, shared)


def answering(profile: "Profile", networks: "Networks", lender: "Answering | None") -> "Answering":
    from inference.engine.tasks.vqa import model

    return model.make(profile, networks, lender)


def sentence(text: str, step: StepAnswer, alone: bool) -> str:
    """Beside other answers the question is repeated, so that it is plain what is answered."""
    if step.absent:
        return statements.absent(step.absent)
    certainty = step.certainty if fits(step.question, text) else Certainty.NONE
    which = " which" if certainty is Certainty.NONE and kinds.read(step.question).kind is Kind.EITHER_OR else ""
    answer = full_stop(f"{hedged(certainty, spelled(text))}{which}")
    if alone:
        return capitalised(answer)
    whole = statements.statement(step.question, text == "yes") if text in ("yes", "no") else None
    if certainty is Certainty.FLAT and whole:
        return f"{capitalised(text)}, {whole}."
    return f"{_repeated(step.question)}: {answer}"


def _repeated(question: str) -> str:
    """A negated question as it was answered: positively."""
    reading = kinds.read(question)
    return capitalised((reading.text if reading.negated else question).rstrip(" ?.!").removesuffix(" are there"))


VQA = Task(
    name="vqa",
    load=load,
    answering=answering,
    models={"compact": "compact vqa", "paper": "Salesforce/blip-vqa-base"},
    shape=transformer(384, 16, 768, 12),
    metric=Metric("exact", "exact answer"),
    phrases=Phrases(
        label="question",
        verb="answer “{question}”",
        noun="an answer to “{question}”",
        default_question="what is in the photo?",
        planner=(
            "answers one short question about a particular thing (number, colour, place, action, presence). "
            "Put that question, complete\n"
            '  in itself, lower case, without politeness, into "question". Resolve "it" and "they" from the earlier messages '
            "where that is plain."
        ),
    ),
    sentence=sentence,
    alternatives=kinds.choices,
    needs_question=True,
    highlights=True,
    answers_with_noun=True,
    fits=fits,
    probes=(
        "what is in the photo?",
        "how many people are there?",
        "what colour is it?",
        "is it outdoors?",
        "what is in the background?",
        "is there an animal?",
    ),
)
