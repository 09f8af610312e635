"""Queries about several photos, computed together, get the answers that each gets alone: word for word, on every engine."""

import random
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from PIL import Image

from inference.engine import runner
from inference.engine.answer import Answer
from inference.engine.bundles.store import Store, profile_of
from inference.engine.codecs import photo_codec
from inference.engine.engines.engine import Query
from inference.engine.engines.networks import Array, Ids
from inference.engine.runner import Received, Vision
from inference.engine.text import search
from inference.engine.text.search import Beam, Greedy, Limits
from tests.bundled import SPLIT_AT

# Of every kind that is answered in a way of its own: named, listed, read from the photo; short and long; of two models.
QUESTIONS = (
    "what is it?",
    "is there a dog?",
    "how many people are there?",
    "what colour is the car in the middle of the picture?",
    "what is he doing?",
    "is it a dog or a cat?",
    "is the dog on the grass?",
    "where is this?",
    "犬?",
)
QUERIES = [*(Query("vqa", question) for question in QUESTIONS), *[Query("caption", "")] * 3, *[Query("classify", "")] * 2]


@pytest.fixture(scope="module")
def exported(bundles: Store) -> Vision:
    """On ONNX Runtime, with two lanes."""
    folder = bundles.current("compact")
    assert folder is not None
    return runner.load(profile_of(folder), threads=2)


@pytest.fixture(params=["torch", "onnx"])
def vision(request: pytest.FixtureRequest, compact: Vision) -> Vision:
    return compact if request.param == "torch" else request.getfixturevalue("exported")


def _same(ours: Sequence[Answer], theirs: Sequence[Answer]) -> None:
    for together, alone in zip(ours, theirs, strict=True):
        assert together.text == alone.text and together.absent == alone.absent
        assert together.confidence == pytest.approx(alone.confidence, abs=1e-4)
        assert [text for text, _ in together.top] == [text for text, _ in alone.top]


def _file(image: Image.Image) -> bytes:
    return photo_codec.encode_within(image, "jpeg", 95, 4096)


def _received(vision: Vision, task: str, image: Image.Image) -> Received:
    highest = vision.profile.code_levels(task, SPLIT_AT)[-1].level
    return vision.receive(task, vision.run_head(task, image, SPLIT_AT, highest))


def test_tails_of_all_tasks(vision: Vision, drawn: Callable[..., Image.Image]) -> None:
    queries = random.Random(2).sample(QUERIES, len(QUERIES))
    batch = [(query, _received(vision, query.task, drawn(seed))) for seed, query in enumerate(queries)]
    alone = [vision.run_tails([each])[0] for each in batch]
    assert len({answer.text for answer in alone}) > len(QUERIES) / 2, "the queries differ in what they take to answer"
    _same(vision.run_tails(batch), alone)
    _same(vision.in_lanes(vision.run_tails, batch), alone)


def test_whole_models(vision: Vision, drawn: Callable[..., Image.Image]) -> None:
    batch = [(query, _file(drawn(seed))) for seed, query in enumerate(QUERIES[::2])]
    _same(vision.run_wholes(batch), [vision.run_wholes([each])[0] for each in batch])


def test_captions_of_different_lengths_have_the_tokens_that_each_has_alone(
    small: Vision, drawn: Callable[..., Image.Image]
) -> None:
    part = small.engine.parts["caption"]
    tokens = np.concatenate([part.networks.vision.whole(part.pixels(drawn(seed))) for seed in range(12)])
    alone = [part.answering.ids(tokens[m : m + 1])[0] for m in range(len(tokens))]
    assert len({len(ids) for ids, _ in alone}) > 2, "some drop out before others"
    for (ours, probability), (ids, expected) in zip(part.answering.ids(tokens), alone, strict=True):
        assert ours == ids and probability == pytest.approx(expected, abs=1e-5)


def test_questions_of_different_lengths_do_not_see_each_others_padding(
    small: Vision, drawn: Callable[..., Image.Image]
) -> None:
    questions = ["dogs ?", "how many dogs are there ?", "what is in the photo ?", "a black dog runs on grass ?"]
    batch = [(Query("vqa", question), _file(drawn(seed))) for seed, question in enumerate(questions * 3)]
    _same(small.run_wholes(batch), [small.run_wholes([each])[0] for each in batch])


class Spelling:
    """A text network that says given words one after the other, whatever came before: by photo, as its memory says."""

    def __init__(self, texts: Sequence[Sequence[int]]) -> None:
        self.texts, self.calls = texts, list[int]()

    def step(self, ids: Ids, memory: list[int], mask: Ids, past: int | None) -> tuple[Array, int]:
        at = past or 0
        self.calls.append(len(memory))
        logits = np.zeros((*ids.shape, 10), np.float32)
        for m, photo in enumerate(memory):
            logits[m, ..., self.texts[photo][at]] = 9.0
        return logits, at + 1

    def select(self, past: int, photos: Sequence[int], rows: Ids) -> int:
        return past

    def of_photos(self, memory: list[int], photos: Sequence[int]) -> list[int]:
        return [memory[m] for m in photos]


@pytest.mark.parametrize("kind", ["greedy", "beam"])
def test_a_photo_whose_text_is_complete_drops_out(kind: str) -> None:
    network, limits = Spelling([[4, 2], [4, 5, 6, 7, 2], [2], [8, 3, 2]]), Limits(start=1, end=2, most=6)
    searches = [Greedy(limits) if kind == "greedy" else Beam(limits, beams=1, ngram=0) for _ in network.texts]
    search.run(network, list(range(4)), np.ones((4, 1), np.int64), searches)  # type: ignore[arg-type]
    assert [list(each.ids) for each in searches] == [[1, *text] for text in network.texts]
    assert network.calls == [4, 3, 2, 1, 1]


def _numbered(tasks: str) -> list[tuple[Query, int]]:
    return [(Query(task, ""), number) for number, task in enumerate(tasks)]


def test_a_batch_is_divided_evenly_by_task_and_comes_back_in_order(exported: Vision) -> None:
    shares = list[str]()

    def work(share: Sequence[tuple[Query, int]]) -> list[int]:
        shares.append("".join(query.task for query, _ in share))
        return [2 * number for _, number in share]

    assert exported.engine.lanes == 2
    assert exported.in_lanes(work, _numbered("cvacvac")) == [0, 2, 4, 6, 8, 10, 12]
    assert sorted(shares) == ["aac", "ccvv"]
    assert exported.in_lanes(work, _numbered("v")) == [0]


@pytest.mark.parametrize(("faulty", "other"), ["av", "va"])
def test_a_fault_in_either_lane_is_raised_once_both_have_ended(exported: Vision, faulty: str, other: str) -> None:
    ended = list[str]()

    def work(share: Sequence[tuple[Query, int]]) -> list[int]:
        [(query, _)] = share
        if query.task == faulty:
            raise MemoryError
        ended.append(query.task)
        return [0]

    with pytest.raises(MemoryError):
        exported.in_lanes(work, _numbered("va"))
    assert ended == [other]
