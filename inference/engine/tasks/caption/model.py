"""BLIP's text decoder with cross-attention to the tower's tokens (Li et al. 2022). No torch."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np

from inference.engine.answer import NOTHING, Answer
from inference.engine.catalogue import Profile
from inference.engine.doubt import PROBABLE_FROM, Calibration, variety
from inference.engine.engines.networks import Array, Networks, TextNetwork
from inference.engine.engines.part import Answering, Trace, folder_of
from inference.engine.model_files import config, generation
from inference.engine.tasks.wording import with_article
from inference.engine.text import search, tokens
from inference.engine.text.search import Limits
from inference.engine.text.tokens import Vocabulary

if TYPE_CHECKING:
    from inference.engine.tasks.classify.model import Classifier

BEAMS, MAX_TOKENS = 3, 20
NO_REPEAT = 3  # no trigram twice: small decoders otherwise fall into "a man in a man in a"


class Captioner:
    def __init__(
        self, network: TextNetwork, vocabulary: Vocabulary, limits: Limits, calibration: Calibration, beams: int = BEAMS,
        ngram: int = NO_REPEAT, classes: "Classifier | None" = None,
    ) -> None:  # fmt: skip
        """`classes`: the classifier on the same tower, where there is one."""
        self.network, self.vocabulary, self.limits, self.calibration = network, vocabulary, limits, calibration
        self.beams, self.ngram, self.classes = beams, ngram, classes

    def trace(self, tokens: Array, question: str = "", ids: Sequence[int] | None = None) -> Trace:
        """Its own text by beam search."""
        context = self.network.adapt(tokens)
        memory, mask = self.network.prepare(context), np.ones(context.shape[:2], np.int64)
        text = list(ids or search.beam(self.network, memory, mask, self.limits, self.beams, self.ngram))
        logits, _ = self.network.step(np.array([[text[:-1]]]), memory, mask, None)
        return Trace(text, logits[0, 0])

    def ids(self, tokens: Array) -> tuple[list[int], float]:
        """The tower's tokens [1, T, W] -> ids, start and end included, and the geometric mean of their probabilities."""
        trace = self.trace(tokens)
        log_p = search.log_softmax(trace.logits / self.calibration.temperature)[np.arange(len(trace.ids) - 1), trace.ids[1:]]
        return trace.ids, float(np.exp(log_p.mean()))

    def answer(self, tokens: Array, question: str = "") -> Answer:
        """A sentence; where that is a guess and the classifier knows what is there, its name. Confidence is scaled from the
        geometric mean of the tokens' probabilities, so that length alone does not lower it."""
        ids, probability = self.ids(tokens)
        text = self.vocabulary.text(ids)
        if not text:
            return Answer(NOTHING, 0.0, [])
        confidence = self.calibration.scale.probability(probability, variety(tokens))
        caption = text, confidence
        if confidence < PROBABLE_FROM and self.classes is not None:
            named = self.classes.answer(tokens)
            if named.sure:
                text, confidence = with_article(named.text), named.confidence
        return Answer(text, confidence, list(dict.fromkeys([(text, confidence), caption])))

    def evidence(self, tokens: Array, question: str, text: str) -> Array | None:
        return None


def make(profile: Profile, networks: Networks, lender: Answering | None) -> Captioner:
    folder = folder_of(profile, "caption")
    text, settings = (config(folder) or {}).get("text_config", {}), generation(folder)
    limits = Limits(int(text["bos_token_id"]), int(text["sep_token_id"]), int(settings.get("max_new_tokens") or MAX_TOKENS))
    beams, ngram = int(settings.get("num_beams") or 1), int(settings.get("no_repeat_ngram_size") or NO_REPEAT)
    assert networks.text is not None, "networks that describe have a text model"
    return Captioner(
        networks.text, tokens.read(folder), limits, profile.calibration("caption"), beams if beams > 1 else BEAMS, ngram,
        cast("Classifier | None", lender),
    )  # fmt: skip
