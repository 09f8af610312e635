"""BLIP's text decoder with cross-attention to the tower's tokens (Li et al. 2022). No torch."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np

from inference.engine.answer import NOTHING, Answer
from inference.engine.catalogue import Profile
from inference.engine.doubt import PROBABLE_FROM, Calibration, variety
from inference.engine.engines.networks import Array, Ids, Networks, State, TextNetwork
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
        memory, mask = self._read(tokens)
        text = list(ids or self._texts(memory, mask)[0])
        logits, _ = self.network.step(np.array([[text[:-1]]]), memory, mask, None)
        return Trace(text, logits[0, 0])

    def ids(self, tokens: Array) -> list[tuple[list[int], float]]:
        """The tower's tokens [M, T, W] -> for each photo ids, start and end included, and the geometric mean of their
        probabilities."""
        memory, mask = self._read(tokens)
        texts = self._texts(memory, mask)
        ids, inside = search.table(texts, self.limits.end)
        logits, _ = self.network.step(ids[:, None, :-1], memory, mask, None)
        log_p = search.log_probabilities(logits[:, 0] / np.float32(self.calibration.temperature), ids[:, 1:])
        means = np.mean(log_p, -1, where=inside[:, 1:])
        return list(zip(texts, np.exp(means).tolist(), strict=True))

    def _read(self, tokens: Array) -> tuple[State, Ids]:
        """What the decoder needs of the photos, and its mask [M, C]."""
        context = self.network.adapt(tokens)
        return self.network.prepare(context), np.ones(context.shape[:2], np.int64)

    def _texts(self, memory: State, mask: Ids) -> list[list[int]]:
        beams = [search.Beam(self.limits, self.beams, self.ngram) for _ in mask]
        search.run(self.network, memory, mask, beams)
        return [list(beam.ids) for beam in beams]

    def answers(self, tokens: Array, questions: Sequence[str]) -> list[Answer]:
        return [self._answer(tokens[m : m + 1], *text) for m, text in enumerate(self.ids(tokens))]

    def _answer(self, tokens: Array, ids: list[int], probability: float) -> Answer:
        """A sentence; where that is a guess and the classifier knows what is there, its name. Confidence is scaled from the
        geometric mean of the tokens' probabilities, so that length alone does not lower it."""
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
