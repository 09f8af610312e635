"""The classifier on the tower's class token, with a calibrated confidence. No torch."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from inference.engine.answer import Answer
from inference.engine.catalogue import Profile
from inference.engine.doubt import Calibration, variety
from inference.engine.engines.networks import Array, Linear, Networks
from inference.engine.engines.part import Answering, Trace, folder_of
from inference.engine.model_files import config
from inference.engine.questions import kinds, label_tree, naming
from inference.engine.questions.kinds import Kind, Reading
from inference.engine.questions.naming import Naming
from inference.engine.tasks import evidence
from inference.engine.tasks.evidence import UnknownAnswer
from inference.engine.text.search import log_softmax


class Classifier:
    """`layer` maps the class token to one logit for each class; `labels` names the classes in their order. `places`: of the map
    whose mean the class token is; 0 where it is not one."""

    def __init__(self, layer: Linear, labels: Sequence[str], calibration: Calibration, places: int = 0) -> None:
        self.layer, self.calibration, self.places = layer, calibration, places
        # ImageNet's labels list synonyms; the first one is the one people use.
        self.names = [label.split(",")[0].strip() for label in labels]
        self.tree = label_tree.of_labels(list(labels))

    def numbers(self, name: str) -> list[int]:
        """The class of that name, or those that a wider name stands for. Raises UnknownAnswer."""
        if name in self.names:
            return [self.names.index(name)]
        branch = self.tree.find(name) if self.tree else None
        if branch is None:
            raise UnknownAnswer(name)
        return sorted(branch.classes)

    def probabilities(self, tokens: Array) -> NDArray[np.float64]:
        """tokens [1, T, width] -> [classes]. Temperature scaling: Guo et al. 2017."""
        probabilities: NDArray[np.float64] = np.exp(log_softmax(self.layer(tokens[0, 0]) / self.calibration.temperature))
        return probabilities

    def trace(self, tokens: Array, question: str = "", ids: Sequence[int] | None = None) -> Trace:
        """Its likeliest class."""
        logits = self.layer(tokens[0, :1])
        return Trace(list(ids or [int(logits.argmax())]), logits)

    def answers(self, tokens: Array, questions: Sequence[str]) -> list[Answer]:
        return [self.answer(tokens[m : m + 1], question) for m, question in enumerate(questions)]

    def answer(self, tokens: Array, question: str = "") -> Answer:
        """tokens [1, T, width] -> a name, with the likeliest classes; or what they say to a question about a kind of thing."""
        probabilities, reading = self.probabilities(tokens), kinds.read(question) if question else Reading(Kind.NAME, "")
        result, scale, spread = self._naming(probabilities, reading), self.calibration.scale, variety(tokens)
        if not result.absent:
            result = result.scaled(lambda probability: scale.probability(probability, spread, reading.kind))
        return Answer(result.text, result.confidence, result.top, absent=result.absent)

    def _naming(self, probabilities: NDArray[np.float64], reading: Reading) -> Naming:
        if self.tree is None:
            best = [int(number) for number in np.argsort(-probabilities)[: naming.GUESSES]]
            top = [(self.names[number], float(probabilities[number])) for number in best]
            return Naming(*top[0], top)
        branches = [branch for choice in reading.alternatives if (branch := self.tree.find(choice))]
        if len(branches) == len(reading.alternatives) > 1:
            return naming.among(probabilities, branches, reading.alternatives)
        return naming.name(probabilities, self.tree, self.names, reading.wanted)

    def evidence(self, tokens: Array, question: str, text: str) -> Array | None:
        """Class activation map (Zhou et al. 2016) of the class named `text`, or of the classes of a wider name, as likely as
        they are. Raises UnknownAnswer."""
        if not self.places:
            return None
        probabilities, classes = self.probabilities(tokens), self.numbers(text)
        total = probabilities[classes].sum()
        return evidence.shown(self.contributions(tokens, {number: float(probabilities[number] / total) for number in classes}))

    def contributions(self, tokens: Array, shares: Mapping[int, float]) -> Array:
        """What each place of the last map adds to the logits of some classes: tokens [1, T, width], the share of each class ->
        [places]. For one class their mean is its logit without its bias."""
        weights = np.sum([share * self.layer.weight[number] for number, share in shares.items()], 0, dtype=np.float32)
        contributions: Array = tokens[0, 1 : 1 + self.places] @ weights
        return contributions


def make(profile: Profile, networks: Networks, lender: Answering | None) -> Classifier:
    labels = (config(folder_of(profile, "classify")) or {}).get("id2label", {})
    assert networks.classifier is not None, "networks that classify have a classifier"
    ordered = [label for _, label in sorted((int(number), label) for number, label in labels.items())]
    return Classifier(networks.classifier, ordered, profile.calibration("classify"), networks.places)
