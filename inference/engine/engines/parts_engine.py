"""An engine, once its networks are loaded: what every engine has in common. No torch."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from PIL import Image

from inference.engine import tasks
from inference.engine.answer import Answer
from inference.engine.catalogue import Profile
from inference.engine.codecs.feature_code import Code
from inference.engine.engines import part
from inference.engine.engines.engine import Description, Digests, Query
from inference.engine.engines.networks import Array, Networks
from inference.engine.mean_token import space

NAMES = 5  # of a photo, the likeliest


class PartsEngine:
    """As Engine. `networks` by task; tasks on one tower share the object."""

    def __init__(self, profile: Profile, networks: Mapping[str, Networks], description: Description, lanes: int = 1) -> None:
        """Raises ModelsMissing."""
        self.profile, self.description, self.lanes = profile, description, lanes
        self.parts = part.assemble(profile, networks)

    def digests(self, task: str) -> Digests:
        networks = self.parts[task].networks
        return Digests(networks.digest, networks.texts)

    def codes(self, task: str) -> Mapping[int, Code]:
        return self.parts[task].codes

    def wholes(self, queries: Sequence[Query], images: Iterable[Image.Image]) -> list[Answer]:
        return self._answers(queries, self._tokens(queries[0].task, images))

    def head(self, task: str, image: Image.Image, k: int) -> Array:
        own = self.parts[task]
        features: Array = own.networks.vision.head(own.pixels(image), k)[0]
        return features

    def tails(self, queries: Sequence[Query], features: Sequence[Array], k: int) -> list[Answer]:
        return self._answers(queries, self._tokens_of(queries[0].task, features, k))

    def evidence(self, task: str, image: Image.Image, question: str, text: str) -> Array | None:
        return self.parts[task].answering.evidence(self._tokens(task, [image]), question, text)

    def evidence_of(self, task: str, features: Array, k: int, question: str, text: str) -> Array | None:
        return self.parts[task].answering.evidence(self._tokens_of(task, [features], k), question, text)

    def _answers(self, queries: Sequence[Query], tokens: Array) -> list[Answer]:
        """Of each task together; tokens [M, T, W]."""
        answers, vectors = dict[int, Answer](), self._vectors(queries[0].task, tokens)
        for task in dict.fromkeys(query.task for query in queries):
            numbers = [m for m, query in enumerate(queries) if query.task == task]
            questions = [queries[m].question for m in numbers]
            answers |= zip(numbers, self.parts[task].answering.answers(tokens[numbers], questions), strict=True)
        if not vectors:
            return [answers[m] for m in range(len(queries))]
        return [
            replace(answers[m], vector=vectors[m], names=self._names(query, answers[m], tokens[m : m + 1]))
            for m, query in enumerate(queries)
        ]

    def _vectors(self, task: str, tokens: Array) -> list[bytes]:
        """Of the photos, by which they can be searched: the tower has computed all but a multiplication."""
        photo_space = space.bundled()
        known = photo_space is not None and photo_space.tower == self.parts[task].networks.digest
        return photo_space.vectors(tokens[:, 0]) if photo_space is not None and known else []

    def _names(self, query: Query, answer: Answer, tokens: Array) -> list[tuple[str, float]]:
        """What the classifier calls the photo with these tokens [1, T, W], whatever was asked: a multiplication more. Empty
        where it has another tower."""
        if query.task == tasks.SHARED_TOWER and not query.question:
            return answer.top[:NAMES]
        own, classifier = self.parts[query.task], self.parts.get(tasks.SHARED_TOWER)
        if classifier is None or classifier.networks.digest != own.networks.digest:
            return []
        (named,) = classifier.answering.answers(tokens, [""])
        return named.top[:NAMES]

    def _tokens(self, task: str, images: Iterable[Image.Image]) -> Array:
        """The tower's tokens [M, T, W] of photos."""
        own = self.parts[task]
        return own.networks.vision.whole(np.concatenate([own.pixels(image) for image in images]))

    def _tokens_of(self, task: str, features: Sequence[Array], k: int) -> Array:
        """The same from their features [tokens, width] at k."""
        return self.parts[task].networks.vision.tail(np.stack(features), k)
