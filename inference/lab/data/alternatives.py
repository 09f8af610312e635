"""Either/or questions generated from captions: "is it a boy or a girl?", "is the dog running or sitting?", "indoors or
outdoors?".

One of the two is mentioned by at least two of a photo's five captions, the other by none. Both answers to a pair are about
equally frequent, so that the question alone reveals nothing.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from inference.lab.data import lexicon as lex
from inference.lab.data import questions
from inference.lab.data.photo_sets import CaptionedPhoto
from inference.lab.data.questions import Question

KIND = "either"
THINGS = (
    ("man", "woman"), ("boy", "girl"), ("dog", "cat"), ("dog", "horse"), ("dog", "bird"), ("bike", "motorcycle"),
    ("car", "truck"), ("snowboard", "skis"),
)  # fmt: skip
PLACES = (
    ("beach", "mountain"), ("snow", "sand"), ("grass", "snow"), ("street", "field"), ("city", "forest"), ("pool", "ocean"),
    ("water", "street"),
)  # fmt: skip
ACTIONS = (
    ("running", "walking"), ("sitting", "standing"), ("jumping", "sitting"), ("swimming", "running"),
    ("standing", "climbing"), ("playing", "sleeping"), ("riding", "walking"),
)  # fmt: skip
UNCOUNTED = frozenset(("skis", "snow", "sand", "grass", "water"))
INDOORS = frozenset(
    [
        "indoors",
        "inside",
        "indoor",
        "kitchen",
        "bedroom",
        "restaurant",
        "room",
        "couch",
        "sofa",
        "table",
        "office",
        "bar",
        "store",
        "stage",
    ]
)
OUTDOORS = frozenset(
    ["beach", "snow", "grass", "street", "sidewalk", "field", "mountain", "park", "forest", "ocean", "lake", "sand", "track"]
)
INSIDE_OR_OUTSIDE = (
    "is this indoors or outdoors?", "is it indoors or outdoors?", "inside or outside?", "is it inside or outside?",
    "was it taken inside or outside?",
)  # fmt: skip
BALANCE = 1.3  # times as many questions of the more frequent answer to a pair at most
Pair = tuple[str, str]


def make(photos: Sequence[CaptionedPhoto], seed: int = 7) -> list[Question]:
    """The result depends on the captions and the seed only."""
    chance = random.Random(seed)
    by_pair: dict[Pair, dict[str, list[Question]]] = defaultdict(lambda: defaultdict(list))
    for photo in photos:
        for pair, question in _of(photo, chance):
            by_pair[pair][pair[0] if question.answer in (pair[0], "indoors", "inside") else pair[1]].append(question)
    balanced: list[Question] = []
    for by_answer in by_pair.values():
        if len(by_answer) < 2:
            continue
        most = int(BALANCE * min(map(len, by_answer.values())))
        for group in by_answer.values():
            balanced += group if len(group) <= most else chance.sample(group, most)
    return balanced


def _of(photo: CaptionedPhoto, chance: random.Random) -> Iterator[tuple[Pair, Question]]:
    words = [questions.WORD.findall(caption.lower()) for caption in photo["captions"]]
    visible, doing = questions.mentions(words, questions.VISIBLE), questions.mentions(words, questions.DOING)
    together = any(set(caption) & {"couple", "group"} for caption in words)
    for pair in THINGS + PLACES:
        for seen, _ in _decided(pair, visible):
            if not (together and seen in lex.PEOPLE):
                yield pair, Question(photo["image"], KIND, _which(pair, chance), seen)
    living = questions.mentions(words, questions.LIVING).most_common(1)
    if living:
        for pair in ACTIONS:
            for seen, _ in _decided(pair, doing):
                first, second = _shuffled(pair, chance)
                yield pair, Question(photo["image"], KIND, f"is the {living[0][0]} {first} or {second}?", seen)
    inside = sum(bool(set(caption) & INDOORS) for caption in words)
    outside = sum(any(questions.PLACE.get(word) in OUTDOORS for word in caption) for caption in words)
    if max(inside, outside) >= 2 and not min(inside, outside):
        text = chance.choice(INSIDE_OR_OUTSIDE)
        answers = ("inside", "outside") if "inside" in text else ("indoors", "outdoors")
        yield ("indoors", "outdoors"), Question(photo["image"], KIND, text, answers[outside > inside])


def _decided(pair: Pair, mentions: Counter[str]) -> Iterator[Pair]:
    for seen, other in (pair, pair[::-1]):
        if mentions[seen] >= 2 and not mentions[other]:
            yield seen, other


def _which(pair: Pair, chance: random.Random) -> str:
    if pair in PLACES:
        first, second = _shuffled(pair, chance)
        return chance.choice((f"is this {first} or {second}?", f"is it the {first} or the {second}?"))
    first, second = (word if word in UNCOUNTED else f"a {word}" for word in _shuffled(pair, chance))
    return chance.choice((f"is it {first} or {second}?", f"is this {first} or {second}?", f"{first} or {second}?"))


def _shuffled(pair: Pair, chance: random.Random) -> Pair:
    return pair if chance.random() < 0.5 else pair[::-1]
