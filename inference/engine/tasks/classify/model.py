"""The classifier on the tower's class token, with a calibrated confidence."""

import torch
from torch import Tensor, nn
from transformers import ResNetForImageClassification, ViTForImageClassification

from inference.engine import loading, towers
from inference.engine.answer import Answer, Calibration
from inference.engine.catalogue import Profile
from inference.engine.codecs import selection
from inference.engine.loading import Part
from inference.engine.model_files import config
from inference.engine.pixels import Pixels
from inference.engine.split import Tower

TOP = 5


class Classifier:
    """`layer` maps [B, width] to one logit for each class; `labels` names the classes by number."""

    def __init__(self, layer: nn.Module, labels: dict[int, str], calibration: Calibration) -> None:
        self.layer, self.calibration = layer, calibration
        # ImageNet's labels list synonyms; the first one is the one people use.
        self.labels = {number: label.split(",")[0].strip() for number, label in labels.items()}

    @torch.inference_mode()
    def answer(self, tokens: Tensor, question: str = "") -> Answer:
        """tokens [1, T, width] -> the most likely label, and the five most likely. Temperature scaling: Guo et al. 2017."""
        logits = self.layer(tokens[:, 0])[0].float()
        best = (logits / self.calibration.temperature).softmax(-1).topk(min(TOP, len(logits)))
        top = [(self.labels[number], p) for number, p in zip(best.indices.tolist(), best.values.tolist(), strict=True)]
        text, confidence = top[0]
        return Answer(text, confidence, confidence >= self.calibration.unsure_below, top)


def load(profile: Profile, device: torch.device) -> Part:
    """A ViT's or a ResNet's classification model. Raises ModelsMissing."""
    folder = loading.folder_of(profile, "classify")
    if (config(folder) or {}).get("model_type") == "resnet":
        model = loading.pretrained(ResNetForImageClassification, folder).to(device)
        tower: Tower = towers.ResNetTower(model.resnet)
    else:
        model = loading.pretrained(ViTForImageClassification, folder).to(device)
        tower = towers.ViTTower(model.vit)
    digest = towers.digest(model.base_model)
    labels = {int(number): label for number, label in model.config.id2label.items()}
    return Part(
        tower=tower,
        digest=digest,
        texts=towers.digest(model.classifier),
        pixels=Pixels.read(folder, tower.image_size),
        codes=selection.codes(profile, "classify", digest),
        answer=Classifier(model.classifier, labels, profile.calibration("classify")).answer,
        weights=tuple(model.parameters()),
    )
