"""PyTorch on the CPU or a CUDA device, in float32."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from inference.engine import loading, split
from inference.engine.answer import Answer
from inference.engine.catalogue import Profile
from inference.engine.codecs.feature_code import Code
from inference.engine.engines.engine import Description, Digests
from inference.engine.loading import Part


class TorchEngine:
    def __init__(self, profile: Profile, *, device: str = "cpu", threads: int | None = None) -> None:
        """Loads the models. Raises ModelsMissing."""
        if threads:
            torch.set_num_threads(threads)
        self.profile, self.device = profile, torch.device(device)
        self.parts = loading.load(profile, self.device)

    @property
    def description(self) -> Description:
        # By address: tasks on one tower name the same weights.
        weights = {value.data_ptr(): value.nbytes for part in self.parts.values() for value in part.weights}
        return Description("torch", self.device.type, "float32", sum(weights.values()))

    def digests(self, task: str) -> Digests:
        part = self.parts[task]
        return Digests(part.digest, part.texts)

    def codes(self, task: str) -> Mapping[int, Code]:
        return self.parts[task].codes

    def whole(self, task: str, image: Image.Image, question: str) -> Answer:
        part = self.parts[task]
        return part.answer(self._seen(part, image), question)

    def head(self, task: str, image: Image.Image, k: int) -> NDArray[np.float32]:
        part = self.parts[task]
        with torch.inference_mode():
            features: Tensor = split.head(part.tower, self._pixels(part, image), k)[0]
        return features.float().cpu().numpy()

    def tail(self, task: str, features: NDArray[np.float32], k: int, question: str) -> Answer:
        part = self.parts[task]
        return part.answer(self._tokens(part, features, k), question)

    def evidence(self, task: str, image: Image.Image, question: str, text: str) -> NDArray[np.float32] | None:
        part = self.parts[task]
        return _map(part, self._seen(part, image), question, text)

    def evidence_of(
        self, task: str, features: NDArray[np.float32], k: int, question: str, text: str
    ) -> NDArray[np.float32] | None:
        part = self.parts[task]
        return _map(part, self._tokens(part, features, k), question, text)

    @torch.inference_mode()
    def _seen(self, part: Part, image: Image.Image) -> Tensor:
        """The tower's tokens [1, T, D] of a photo."""
        return split.whole(part.tower, self._pixels(part, image))

    @torch.inference_mode()
    def _tokens(self, part: Part, features: NDArray[np.float32], k: int) -> Tensor:
        """The same from its features at k."""
        return split.tail(part.tower, torch.from_numpy(features)[None].to(self.device), k)

    def _pixels(self, part: Part, image: Image.Image) -> Tensor:
        """[1, 3, image_size, image_size], normalised."""
        return torch.from_numpy(part.pixels(image)).to(self.device)


def _map(part: Part, tokens: Tensor, question: str, text: str) -> NDArray[np.float32] | None:
    return None if part.evidence is None else part.evidence(tokens, question, text).float().cpu().numpy()
