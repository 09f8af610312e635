"""The name of what is in the photo: ViT's classifier on the class token, with a calibrated confidence."""

import torch
from torch import Tensor, nn

from inference.engine.answer import Answer, Calibration

TOP = 5


class Classifier:
    def __init__(self, layer: nn.Module, names: dict[int, str], calibration: Calibration) -> None:
        self.layer, self.calibration = layer, calibration
        # ImageNet's names list synonyms; the first one is the one people use.
        self.names = {number: name.split(",")[0].strip() for number, name in names.items()}

    @torch.inference_mode()
    def answer(self, tokens: Tensor) -> Answer:
        """tokens [1, T, width] -> the likeliest name and the five likeliest. Temperature after Guo et al. 2017."""
        logits = self.layer(tokens[:, 0])[0].float()
        best = (logits / self.calibration.temperature).softmax(-1).topk(min(TOP, len(logits)))
        top = [(self.names[number], p) for number, p in zip(best.indices.tolist(), best.values.tolist(), strict=True)]
        text, confidence = top[0]
        return Answer(text, confidence, confidence >= self.calibration.unsure_below, top)
