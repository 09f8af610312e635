"""caption: one sentence about the whole photo."""

from typing import TYPE_CHECKING

from inference.engine.agreement import shared_words
from inference.engine.doubt import Certainty
from inference.engine.model_options import transformer
from inference.engine.tasks.task import Metric, Phrases, StepAnswer, Task
from inference.engine.tasks.wording import CANNOT_TELL, capitalised, full_stop, hedged

if TYPE_CHECKING:
    import torch

    from inference.engine.catalogue import Profile
    from inference.engine.engines.networks import Networks
    from inference.engine.engines.part import Answering


def load(profile: "Profile", device: "torch.device", shared: "Networks | None") -> "Networks":
    from transformers import BlipForConditionalGeneration

    from inference.engine.tasks import blip

    return blip.load(BlipForConditionalGeneration, profile, "caption", device, shared)


def answering(profile: "Profile", networks: "Networks", lender: "Answering | None") -> "Answering":
    from inference.engine.tasks.caption import model

    return model.make(profile, networks, lender)


def sentence(text: str, step: StepAnswer, alone: bool) -> str:
    match step.certainty:
        case Certainty.NONE:
            return f"{CANNOT_TELL} what this shows."
        case Certainty.PROBABLE:
            return f"Probably this: {full_stop(text)}"
        case certainty:
            return capitalised(hedged(certainty, full_stop(text)))


CAPTION = Task(
    name="caption",
    load=load,
    answering=answering,
    models={"compact": "compact caption", "paper": "Salesforce/blip-image-captioning-base"},
    shape=transformer(384, 16, 768, 12),
    metric=Metric("bleu4", "BLEU-4", percent=False),
    phrases=Phrases(
        label="describe",
        verb="describe the photo",
        noun="a description",
        default_question="what is in this photo?",
        planner='describes the whole photo ("what is in this photo?", "what is happening?"). No question.',
    ),
    sentence=sentence,
    agreement=shared_words,
)
