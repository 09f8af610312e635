"""The classifier on the tower's class token, with a calibrated confidence."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import ViTForImageClassification

from inference.engine import loading, towers
from inference.engine.answer import Answer
from inference.engine.catalogue import Profile
from inference.engine.codecs import selection
from inference.engine.doubt import Calibration
from inference.engine.loading import Part
from inference.engine.model_files import config
from inference.engine.model_options import EFFICIENTNET
from inference.engine.pixels import Pixels
from inference.engine.questions import kinds, label_tree, naming
from inference.engine.questions.kinds import Kind, Reading
from inference.engine.questions.naming import Naming
from inference.engine.split import Tower
from inference.engine.tasks import evidence
from inference.engine.tasks.evidence import UnknownAnswer
from inference.engine.towers import EfficientNetTower, ViTTower


class Classifier:
    """`layer` maps [B, width] to one logit for each class; `labels` names the classes by number."""

    def __init__(self, layer: nn.Linear, labels: dict[int, str], calibration: Calibration) -> None:
        self.layer, self.calibration = layer, calibration
        # ImageNet's labels list synonyms; the first one is the one people use.
        self.names = [labels[number].split(",")[0].strip() for number in sorted(labels)]
        self.tree = label_tree.of_labels([labels[number] for number in sorted(labels)])

    def numbers(self, name: str) -> list[int]:
        """The class of that name, or those that a wider name stands for. Raises UnknownAnswer."""
        if name in self.names:
            return [self.names.index(name)]
        branch = self.tree.find(name) if self.tree else None
        if branch is None:
            raise UnknownAnswer(name)
        return sorted(branch.classes)

    @torch.inference_mode()
    def probabilities(self, tokens: Tensor) -> NDArray[np.float64]:
        """tokens [1, T, width] -> [classes]. Temperature scaling: Guo et al. 2017."""
        logits = self.layer(tokens[:, 0])[0].double()
        probabilities: NDArray[np.float64] = (logits / self.calibration.temperature).softmax(-1).cpu().numpy()
        return probabilities

    def answer(self, tokens: Tensor, question: str = "") -> Answer:
        """tokens [1, T, width] -> a name, with the likeliest classes; or what they say to a question about a kind of thing."""
        probabilities, reading = self.probabilities(tokens), kinds.read(question) if question else Reading(Kind.NAME, "")
        result, scale, variety = self._naming(probabilities, reading), self.calibration.scale, towers.variety(tokens)
        if not result.absent:
            result = result.scaled(lambda probability: scale.probability(probability, variety, reading.kind))
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


class ActivationMap:
    """Class activation map (Zhou et al. 2016): what each of the last map's places adds to the logit of a class."""

    def __init__(self, classifier: Classifier, places: int) -> None:
        self.classifier, self.places = classifier, places

    @torch.inference_mode()
    def contributions(self, tokens: Tensor, shares: Mapping[int, float]) -> Tensor:
        """tokens [1, T, width], the share of each class -> [places]; for one class their mean is its logit without its bias."""
        weights = sum(share * self.classifier.layer.weight[number] for number, share in shares.items())
        return tokens[0, 1 : 1 + self.places] @ weights

    def __call__(self, tokens: Tensor, question: str, text: str) -> Tensor:
        """For the class named `text`, or the classes of a wider name, as likely as they are. Raises UnknownAnswer."""
        probabilities = self.classifier.probabilities(tokens)
        classes = self.classifier.numbers(text)
        total = probabilities[classes].sum()
        return evidence.shown(self.contributions(tokens, {number: float(probabilities[number] / total) for number in classes}))


def load(profile: Profile, device: torch.device) -> Part:
    """An EfficientNet-Lite's or a ViT's classification model. Raises ModelsMissing."""
    folder = loading.folder_of(profile, "classify")
    values, places = config(folder) or {}, 0
    if values.get("model_type") == EFFICIENTNET:
        network = loading.efficientnet(folder).to(device)
        convolutional = EfficientNetTower(network, int(values["image_size"]))
        tower: Tower = convolutional
        places = convolutional.places
        layer, labels, digest = network.classifier, values["id2label"], towers.digest(convolutional.weights)
    else:
        model = loading.pretrained(ViTForImageClassification, folder).to(device)
        tower, network = ViTTower(model.vit), model
        layer, labels, digest = model.classifier, model.config.id2label, towers.digest(model.base_model)
    classifier = Classifier(
        layer,
        {int(number): label for number, label in labels.items()},
        profile.calibration("classify"),
    )
    return Part(
        tower=tower,
        digest=digest,
        texts=towers.digest(layer),
        pixels=Pixels.read(folder, tower.image_size),
        codes=selection.codes(profile, "classify", digest),
        answer=classifier.answer,
        weights=tuple(network.parameters()),
        classes=classifier,
        evidence=ActivationMap(classifier, places) if places else None,
    )
