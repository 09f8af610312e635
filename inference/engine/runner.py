"""A loaded engine with the feature codes and the wire format around it: from photo or packet to answer. No torch."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from devices.contract import wire
from devices.contract.wire import WireError
from inference.engine import catalogue, engines, tasks
from inference.engine.answer import Answer
from inference.engine.catalogue import Profile
from inference.engine.codecs import feature_code
from inference.engine.codecs.photo_codec import Photos
from inference.engine.engines.engine import Engine, Query
from inference.engine.tasks.standalone import StandaloneModel

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Received:
    """What a packet, or several that refine each other, brought of a photo: a level's payload from its first bit on."""

    split_at: int
    level: int
    payload: bytes


class Vision:
    """Thread-safe as far as the engine is. `unavailable`: by task, why this machine does not answer it."""

    def __init__(self, engine: Engine, threads: int | None = None) -> None:
        self.engine, self.profile = engine, engine.profile
        self.unavailable = catalogue.unavailable(self.profile)
        self._lanes = ThreadPoolExecutor(max(1, engine.lanes - 1), "lane")  # starts no thread before it is used
        self.standalone: dict[str, StandaloneModel] = {
            task: own.make(threads)
            for task in self.profile.tasks
            if (own := tasks.get(task).standalone) and task not in self.unavailable
        }

    @property
    def tasks(self) -> tuple[str, ...]:
        """Those that this machine answers."""
        return tuple(task for task in self.profile.tasks if task not in self.unavailable)

    @property
    def digest(self) -> str:
        """Identifies weights and codes: nodes with the same digest understand each other's packets. Standalone models, which
        need no packets, have digests of their own."""
        digest = hashlib.sha256()
        for task in sorted(self.profile.on_towers):
            weights = self.engine.digests(task)
            digest.update(task.encode() + weights.tower + weights.decoder)
            for k, code in sorted(self.engine.codes(task).items()):
                digest.update(bytes([k]) + code.digest)
        return digest.hexdigest()

    def is_loaded(self, task: str) -> bool:
        return task not in self.standalone or self.standalone[task].is_loaded

    def load(self, task: str) -> None:
        """Load a standalone model. Raises StandaloneFailed."""
        self.standalone[task].load()

    def run_whole(self, task: str, image: Image.Image, question: str | None) -> Answer:
        """Raises StandaloneFailed."""
        if (model := self.standalone.get(task)) is not None:
            model.load()
            return model.answer(image, question or "")
        return self.engine.wholes([query(task, question)], [image])[0]

    def run_wholes(self, batch: Sequence[tuple[Query, bytes]]) -> list[Answer]:
        """Queries of tasks on one tower, about the photo in a file each. Raises PhotoCodecError."""
        queries, files = zip(*batch, strict=True)
        return self.engine.wholes(queries, Photos(files))

    def in_lanes(
        self, work: Callable[[Sequence[tuple[Query, Item]]], list[Result]], batch: Sequence[tuple[Query, Item]]
    ) -> list[Result]:
        """`work` on a batch that each of the engine's lanes has its share of: queries of one task in one lane, as far as that
        goes, because its text model computes several at once."""
        lanes, order = min(self.engine.lanes, len(batch)), sorted(range(len(batch)), key=lambda m: batch[m][0].task)
        cuts = [lane * len(batch) // lanes for lane in range(lanes + 1)]
        shares = [[batch[m] for m in order[first:last]] for first, last in pairwise(cuts)]
        others = [self._lanes.submit(work, share) for share in shares[1:]]
        try:
            results = work(shares[0])
        finally:
            wait(others)  # nothing goes on computing once this has returned
        in_order = chain(results, *(other.result() for other in others))
        return [result for _, result in sorted(zip(order, in_order, strict=True), key=lambda pair: pair[0])]

    def head(self, task: str, image: Image.Image, split_at: int) -> NDArray[np.float32]:
        """Features [tokens, width]. Raises WireError for a split point that the catalogue does not offer."""
        self._code(task, split_at)
        return self.engine.head(task, image, split_at)

    def pack(self, task: str, features: NDArray[np.float32], split_at: int, level: int, after: int = 0) -> bytes:
        """The packet of a head's features [tokens, width]: the bits of `level` that follow those of level `after`."""
        code = self._code(task, split_at, level, after)
        payload = feature_code.rest(code.encode(features, level), code.sizes, after)
        return wire.pack(wire.Packet(split_at, level, self.tower(task)[: wire.DIGEST], code.digest, payload, after))

    def run_head(self, task: str, image: Image.Image, split_at: int, level: int, after: int = 0) -> bytes:
        """The packet to send. Raises WireError for a split point or level that the catalogue does not offer."""
        self._code(task, split_at, level, after)
        return self.pack(task, self.head(task, image, split_at), split_at, level, after)

    def run_tail(self, task: str, packet: bytes, question: str | None, base: bytes = b"") -> Answer:
        """`base` is the payload of the level that the packet refines. Raises WireError as `receive` does."""
        return self.run_tails([(query(task, question), self.receive(task, packet, base))])[0]

    def receive(self, task: str, packet: bytes, base: bytes = b"") -> Received:
        """Raises WireError for a packet of other models or another code, or one that does not refine `base`."""
        parsed = wire.unpack(packet)
        if parsed.tower != self.tower(task)[: wire.DIGEST]:
            raise WireError("wire_model", "The features come from other weights; give both nodes the same profile.")
        code = self._code(task, parsed.split_at, parsed.level, parsed.after)
        if parsed.code != code.digest:
            raise WireError("wire_code", "The features were packed with another code; give both nodes the same version.")
        with _payload_errors():
            payload = feature_code.joined(base, parsed.payload, code.sizes, parsed.after)
        return Received(parsed.split_at, parsed.level, payload)

    def decode(self, task: str, received: Received) -> NDArray[np.float32]:
        """Features [tokens, width], as close to the head's as the level allows. Raises WireError."""
        with _payload_errors():
            return self._code(task, received.split_at, received.level).decode(received.payload, received.level)

    def run_tails(self, batch: Sequence[tuple[Query, Received]]) -> list[Answer]:
        """The same from features, all at one split point. Raises WireError."""
        queries, features = zip(*((each, self.decode(each.task, received)) for each, received in batch), strict=True)
        return self.engine.tails(queries, features, batch[0][1].split_at)

    def evidence(self, task: str, image: Image.Image, question: str | None, text: str) -> NDArray[np.float32] | None:
        """Where the model looked for the answer `text`, as Engine.evidence."""
        return None if task in self.standalone else self.engine.evidence(task, image, question or default_question(task), text)

    def evidence_of(self, task: str, received: Received, question: str | None, text: str) -> NDArray[np.float32] | None:
        features = self.decode(task, received)
        return self.engine.evidence_of(task, features, received.split_at, question or default_question(task), text)

    def tower(self, task: str) -> bytes:
        """SHA-256 of the task's tower: tasks on the same tower can use each other's features."""
        return self.engine.digests(task).tower

    def _code(self, task: str, k: int, level: int = 1, after: int = 0) -> feature_code.Code:
        code = self.engine.codes(task).get(k)
        if code is None:
            raise WireError(
                "wire_split", f"There is no code for a split after block {k}; choose a split point of the catalogue."
            )
        if not 1 <= level <= len(code.sizes):
            raise WireError("wire_level", f"The code has levels 1 to {len(code.sizes)}, not {level}; choose one of them.")
        if not 0 <= after < level:
            raise WireError("wire_after", f"Level {level} does not refine level {after}; name a lower one.")
        return code


def load(profile: Profile, threads: int | None = None) -> Vision:
    """The profile on the best engine of this machine. Raises NoEngine or ModelsMissing."""
    return Vision(engines.load(profile, threads), threads)


def query(task: str, question: str | None) -> Query:
    return Query(task, question or default_question(task))


def default_question(task: str) -> str:
    return tasks.get(task).phrases.default_question


@contextmanager
def _payload_errors() -> Iterator[None]:
    """A payload that the code cannot read is a packet to refuse."""
    try:
        yield
    except feature_code.CodecError as error:
        raise WireError("wire_payload", str(error)) from None
