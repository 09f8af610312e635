"""An engine, once its networks are loaded: what every engine has in common. No torch."""

from collections.abc import Mapping

from PIL import Image

from inference.engine.answer import Answer
from inference.engine.catalogue import Profile
from inference.engine.codecs.feature_code import Code
from inference.engine.engines import part
from inference.engine.engines.engine import Description, Digests
from inference.engine.engines.networks import Array, Networks


class PartsEngine:
    """As Engine. `networks` by task; tasks on one tower share the object."""

    def __init__(self, profile: Profile, networks: Mapping[str, Networks], description: Description) -> None:
        """Raises ModelsMissing."""
        self.profile, self.description = profile, description
        self.parts = part.assemble(profile, networks)

    def digests(self, task: str) -> Digests:
        networks = self.parts[task].networks
        return Digests(networks.digest, networks.texts)

    def codes(self, task: str) -> Mapping[int, Code]:
        return self.parts[task].codes

    def whole(self, task: str, image: Image.Image, question: str) -> Answer:
        return self.parts[task].answering.answer(self._tokens(task, image), question)

    def head(self, task: str, image: Image.Image, k: int) -> Array:
        own = self.parts[task]
        features: Array = own.networks.vision.head(own.pixels(image), k)[0]
        return features

    def tail(self, task: str, features: Array, k: int, question: str) -> Answer:
        return self.parts[task].answering.answer(self._tokens_of(task, features, k), question)

    def evidence(self, task: str, image: Image.Image, question: str, text: str) -> Array | None:
        return self.parts[task].answering.evidence(self._tokens(task, image), question, text)

    def evidence_of(self, task: str, features: Array, k: int, question: str, text: str) -> Array | None:
        return self.parts[task].answering.evidence(self._tokens_of(task, features, k), question, text)

    def _tokens(self, task: str, image: Image.Image) -> Array:
        """The tower's tokens [1, T, W] of a photo."""
        own = self.parts[task]
        return own.networks.vision.whole(own.pixels(image))

    def _tokens_of(self, task: str, features: Array, k: int) -> Array:
        """The same from its features [tokens, width] at k."""
        return self.parts[task].networks.vision.tail(features[None], k)
