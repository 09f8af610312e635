"""What people ask about a photo, worked out with the question model and the classifier on the same tower. No torch.

The answer is always of the kind that the question asks for: of a closed list every answer is weighed, and elsewhere the words
that cannot begin an answer are suppressed.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np

from inference.engine.answer import NOTHING, Answer
from inference.engine.catalogue import Profile
from inference.engine.doubt import Calibration, log_odds, logistic, shared, variety
from inference.engine.engines.networks import Array, Networks, TextNetwork
from inference.engine.engines.part import Answering, Trace, folder_of
from inference.engine.mean_token import scenes
from inference.engine.mean_token.scenes import SceneLayer
from inference.engine.model_files import config, generation
from inference.engine.questions import choice_table, closed_answers, kinds, naming
from inference.engine.questions.choice_table import ChoiceTable
from inference.engine.questions.closed_answers import Choice
from inference.engine.questions.kinds import Kind, Reading
from inference.engine.questions.label_tree import Branch
from inference.engine.questions.nouns import NUMBERS, is_people, singular
from inference.engine.tasks import evidence
from inference.engine.tasks.vqa.fit import asks_for_number
from inference.engine.tasks.vqa.question_model import Inquiry, QuestionModel, Weigh, Write
from inference.engine.tasks.wording import with_article
from inference.engine.text import search
from inference.engine.text import tokens as text_tokens
from inference.engine.text.search import Limits
from inference.engine.text.tokens import Vocabulary

if TYPE_CHECKING:
    from inference.engine.tasks.classify.model import Classifier

MAX_TOKENS = 10  # of an answer
TOP = 3
UNNOTICED = 0.5  # of the things that people ask after and neither model sees, the share that is there
AT_ITS_PLACE = 0.8  # the share of things that are where they are asked after
ABSENT_BELOW = 0.2  # a thing whose presence is less likely is not given a colour
TAKEN_FOR_GRANTED = 2.6  # log odds, about 13 to 1: who asks for the colour of a car mostly sees one
_SUPPOSING = (Kind.COLOUR, Kind.NUMBER, Kind.ACTION, Kind.FREE)
_DIGITS = tuple(str(number) for number in range(100))


class Answerer:
    def __init__(
        self, network: TextNetwork, vocabulary: Vocabulary, limits: Limits, calibration: Calibration, longest: int,
        table: ChoiceTable | None = None, classes: "Classifier | None" = None, has_map: bool = False,
        scene: SceneLayer | None = None,
    ) -> None:  # fmt: skip
        """`longest`: tokens of a question. `classes`: the classifier on the same tower, where there is one. `has_map`: whether
        the context is the mean and then the places of the tower's last map. `scene`: what tells indoors from outdoors."""
        self.model = QuestionModel(network, vocabulary, limits, calibration.temperature, longest)
        self.vocabulary, self.calibration, self.has_map = vocabulary, calibration, has_map
        self.table, self.classes, self.scene = table or choice_table.read(None), classes, scene
        self._yes_no, self._numbers = self._first_tokens(("yes", "no")), self._first_tokens((*_DIGITS, *NUMBERS))

    def _first_tokens(self, words: Sequence[str]) -> list[int]:
        """Of words that are one token each: only they can be suppressed by it."""
        tokens = [self.vocabulary.ids(word) for word in words]
        return [ids[0] for ids in tokens if len(ids) == 1 and ids[0] != self.vocabulary.unknown]

    def answers(self, tokens: Array, questions: Sequence[str]) -> list[Answer]:
        inquiries = [self._answer(tokens[m : m + 1], kinds.read(question)) for m, question in enumerate(questions)]
        return self.model.results(tokens, inquiries)

    def trace(self, tokens: Array, question: str, ids: Sequence[int] | None = None) -> Trace:
        """Its own text as a free answer, of any kind."""
        return self.model.trace(tokens, question, ids)

    def _answer(self, tokens: Array, reading: Reading) -> Inquiry[Answer]:
        """tokens [1, T, W]. Confidence is scaled from the probability of exactly this answer among those of its kind."""
        if self.scene is not None and (names := scenes.asked(reading)):
            return _scene(self.scene, tokens, reading, names)
        if absent := (yield from self._absent(tokens, reading)):
            return absent
        if (probability := (yield from self._is_there(tokens, reading))) is not None:
            scaled = sorted((("yes", probability), ("no", 1 - probability)), key=lambda pair: -pair[1])
            return Answer(*scaled[0], scaled)
        if choices := self._encodable(closed_answers.choices(reading)):
            probabilities = yield from self._shares(reading.text, choices)
            top = sorted(zip((c.text for c in choices), probabilities, strict=True), key=lambda pair: -pair[1])[:TOP]
            return self._scaled(tokens, reading.kind, top)
        ids, probability = yield Write(reading.text, tuple(self._unfitting(reading)))
        text = self.vocabulary.text(ids)
        return self._scaled(tokens, reading.kind, [(text, probability)]) if text else Answer(NOTHING, 0.0, [])

    def _scaled(self, tokens: Array, kind: Kind, top: list[tuple[str, float]]) -> Answer:
        """`top`: texts with their probabilities, the best first."""
        best = self.calibration.scale.probability(top[0][1], variety(tokens), kind)
        return Answer(top[0][0], best, shared(top, best))

    def _unfitting(self, reading: Reading) -> list[int]:
        """What a free answer cannot begin with."""
        if asks_for_number(reading.text):
            return self._yes_no
        return [*self._yes_no, *self._numbers]

    def _encodable(self, choices: Sequence[Choice]) -> list[Choice]:
        """With the forms that the vocabulary can spell. Alternatives of the question stay as they are."""
        spelt = [
            Choice(choice.text, forms)
            for choice in choices
            if (forms := tuple(form for form in choice.forms if self._can_spell(form)))
        ]
        return spelt if len(spelt) > 1 else list(choices)

    def _can_spell(self, text: str) -> bool:
        return self.vocabulary.unknown not in self.vocabulary.ids(text)

    def probabilities(self, tokens: Array, question: str, choices: Sequence[Choice]) -> list[float]:
        """tokens [1, T, W] -> the probability of each choice among them all."""
        return self.model.results(tokens, [self._shares(question, choices)])[0]

    def _shares(self, question: str, choices: Sequence[Choice]) -> Inquiry[list[float]]:
        forms = [(number, form) for number, choice in enumerate(choices) for form in choice.forms]
        scores = yield Weigh(question, tuple(form for _, form in forms))
        totals = [
            np.logaddexp.reduce([score for score, (of, _) in zip(scores, forms, strict=True) if of == number])
            for number in range(len(choices))
        ]
        shares: list[float] = np.exp(search.log_softmax(np.array(totals))).tolist()
        return shares

    def evidence(self, tokens: Array, question: str, text: str) -> Array | None:
        if not self.has_map:
            return None
        request = Weigh(kinds.read(question).text, (text,))
        return evidence.by_occlusion(
            self.model.network.adapt(tokens), lambda contexts: self.model.weigh(contexts, request)[:, 0]
        )

    def _absent(self, tokens: Array, reading: Reading) -> Inquiry[Answer | None]:
        """Where what the question takes for granted was not seen, that is the answer."""
        if not reading.subject or reading.kind not in _SUPPOSING:
            return None
        seen = yield from self._presence(tokens, reading.subject)
        if seen is None or (probability := logistic(log_odds(seen) + TAKEN_FOR_GRANTED)) >= ABSENT_BELOW:
            return None
        text = "0" if reading.kind is Kind.NUMBER else f"no {reading.subject}"
        return Answer(text, 1 - probability, [(text, 1 - probability)], absent=reading.subject)

    def _is_there(self, tokens: Array, reading: Reading) -> Inquiry[float | None]:
        """The probability of yes to whether a thing is there. What the photo is of is seen, and so are people and animals; of
        other things a photo can show more than the models see. None for another question."""
        presence = reading.presence
        seen = (yield from self._presence(tokens, presence.subject)) if presence else None
        if presence is None or seen is None:
            return None
        branch = self._branch(presence.subject)
        is_conspicuous = is_people(presence.subject) or (branch is not None and branch.kind == "animal")
        there: float = seen if presence.identity or is_conspicuous else seen + (1 - seen) * UNNOTICED
        if presence.located:
            there *= AT_ITS_PLACE
        if presence.qualified:
            yes, no = yield from self._shares(reading.text, _YES_NO)
            surer = self.calibration.scale.probability(max(yes, no), variety(tokens), Kind.YES_NO)
            there *= surer if yes > no else 1 - surer
        return there

    def _branch(self, subject: str) -> Branch | None:
        return self.classes.tree.find(subject) if self.classes and self.classes.tree else None

    def _presence(self, tokens: Array, subject: str) -> Inquiry[float | None]:
        """The probability that a thing is seen in the photo, from both models; None where the vocabulary lacks the word."""
        if not self._can_spell(subject):
            return None
        branch = self._branch(subject)
        yes, _ = yield from self._shares(f"is there {with_article(singular(subject))}?", _YES_NO)
        if self.classes is None or branch is None:
            return self.table.presence(subject, choice_table.UNNAMED).probability(0.0, log_odds(yes))
        mass = naming.of(self.classes.probabilities(tokens), branch)
        return self.table.presence(branch.name, branch.kind).probability(log_odds(mass), log_odds(yes))


_YES_NO = closed_answers.choices(Reading(Kind.YES_NO, ""))


def _scene(layer: SceneLayer, tokens: Array, reading: Reading, names: tuple[str, ...]) -> Answer:
    """Indoors or outdoors, or yes or no to one of them."""
    outdoors = layer.outdoors(tokens[0, 0])
    first = 1 - outdoors if names[0] == scenes.INDOORS or scenes.wanted(reading) == scenes.INDOORS else outdoors
    top = sorted(zip(names, (first, 1 - first), strict=True), key=lambda pair: -pair[1])
    return Answer(*top[0], top)


def make(profile: Profile, networks: Networks, lender: Answering | None) -> Answerer:
    folder = folder_of(profile, "vqa")
    text, settings = (config(folder) or {}).get("text_config", {}), generation(folder)
    limits = Limits(int(text["bos_token_id"]), int(text["sep_token_id"]), int(settings.get("max_new_tokens") or MAX_TOKENS))
    assert networks.text is not None, "networks that answer have a text model"
    layer = scenes.bundled()
    scene = layer if layer is not None and layer.tower == networks.digest else None
    return Answerer(
        networks.text, text_tokens.read(folder), limits, profile.calibration("vqa"), int(text["max_position_embeddings"]),
        choice_table.of(profile), cast("Classifier | None", lender), has_map=networks.places > 0,
        scene=scene,
    )  # fmt: skip
