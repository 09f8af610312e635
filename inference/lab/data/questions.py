"""Questions generated from captions by the method of COCO-QA (Ren et al. 2015): object, number, colour, place, yes/no.

A question is generated only where the five captions of a photo do not contradict each other, and answers are balanced, so that
the question alone reveals little. The result depends on the captions and the seed only.
"""

import itertools
import random
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from inference.lab.data import lexicon as lex
from inference.lab.data.photo_sets import CaptionedPhoto

KINDS = ("object", "number", "colour", "place", "yesno")
WORD = re.compile(r"[a-z]+")
VERBS = {"riding": "rid(?:ing|es)", "holding": "hold(?:ing|s)", "wearing": "wear(?:ing|s)", "catching": "catch(?:ing|es)",
        "carrying": "carr(?:ying|ies)", "playing with": "play(?:ing|s) with", "jumping over": "jump(?:ing|s) over",
        "chasing": "chas(?:ing|es)", "sitting on": "sit(?:ting|s) on", "throwing": "throw(?:ing|s)"}  # fmt: skip
LIVING = lex.by_word(lex.PEOPLE | lex.ANIMALS)
THINGS, ANIMAL = lex.by_word(lex.THINGS), lex.by_word(lex.ANIMALS)
VISIBLE = lex.by_word(lex.PEOPLE | lex.ANIMALS | lex.THINGS | lex.PLACES)
SUBJECT = lex.by_word(lex.PEOPLE | lex.ANIMALS | lex.THINGS)
PLACE = lex.by_word(lex.PLACES)
DOING = lex.by_word(lex.DOING)
# Words that make "no" unsafe: "people" in a caption may be men, and a "child" may be a girl.
LOOSE = {"man": {"person", "people", "adult", *lex.SEVERAL}, "woman": {"person", "people", "adult", *lex.SEVERAL},
         "boy": {"child", "baby", "person", *lex.SEVERAL}, "girl": {"child", "baby", "person", *lex.SEVERAL},
         "child": {"boy", "girl", "baby", "person", *lex.SEVERAL}, "baby": {"child", "boy", "girl", *lex.SEVERAL}}  # fmt: skip
UNCOUNTED, SEVERAL_THINGS = frozenset(("grass", "snow", "water", "sand")), frozenset(("flowers", "sunglasses", "skis"))
ALWAYS_LOOSE = frozenset(("tree", "grass", "shirt", "building", "rock", "bag", "hat", "room", "city", "sign", "slide"))


@dataclass(frozen=True)
class Question:
    photo: str
    kind: str
    text: str
    answer: str


def make(photos: Sequence[CaptionedPhoto], seed: int = 0, per_answer: float = 2.0) -> list[Question]:
    """Balanced questions: within a kind no answer is more frequent than `per_answer` times the mean, and each yes has a no
    about the same thing."""
    chance = random.Random(seed)
    generated: list[Question] = []
    for photo in photos:
        words = [WORD.findall(caption.lower()) for caption in photo["captions"]]
        name = photo["image"]
        generated += _objects(name, words, photo["captions"], chance) + _number(name, words, chance)
        generated += _colours(name, words, chance) + _place(name, words, chance)
    return [*_balanced(generated, per_answer, chance), *_yes_no(photos, chance)]


def mentions(words: list[list[str]], table: dict[str, str]) -> Counter[str]:
    """How many of the captions mention each thing."""
    # A dict instead of a set: the order breaks ties, and a set's order differs between processes.
    return Counter(answer for caption in words for answer in dict.fromkeys(table[word] for word in caption if word in table))


def _objects(name: str, words: list[list[str]], captions: list[str], chance: random.Random) -> list[Question]:
    generated: dict[str, Question] = {}
    for caption, tokens in zip(captions, words, strict=True):
        who = next((LIVING[word] for word in tokens if word in LIVING), None)
        for verb, pattern in VERBS.items():
            hit = re.search(rf"\b{pattern} (?:an?|the|his|her|its|their|some)\b((?: \w+){{1,4}})", caption.lower())
            what = next((THINGS[word] for word in WORD.findall(hit[1]) if word in THINGS), None) if hit else None
            if what and who:
                generated.setdefault(verb, Question(name, "object", f"what is the {who} {verb}?", what))
    animals = mentions(words, ANIMAL)
    if len(animals) == 1 and animals.total() >= 2:
        text = chance.choice(("what animal is this?", "what animal is in the photo?", "which animal is it?"))
        generated["animal"] = Question(name, "object", text, next(iter(animals)))
    people = mentions(words, lex.by_word(lex.PEOPLE))
    if len(people) == 1 and people.total() >= 3 and not animals and not any(set(caption) & lex.SEVERAL for caption in words):
        generated["who"] = Question(name, "object", chance.choice(("who is in the photo?", "who is this?")), next(iter(people)))
    main = mentions(words, SUBJECT).most_common(2)
    if main and main[0][1] >= 3 and (len(main) == 1 or main[1][1] < main[0][1]):
        text = chance.choice(("what is in the photo?", "what is this?", "what can you see?", "what does the photo show?"))
        generated["what"] = Question(name, "object", text, main[0][0])
    activities = mentions(words, DOING)
    if activities and activities.most_common(1)[0][1] >= 2:
        doer = mentions(words, LIVING).most_common(1)
        if doer:
            text = f"what is the {doer[0][0]} doing?"
            generated["doing"] = Question(name, "object", text, activities.most_common(1)[0][0])
    return list(generated.values())


def _number(name: str, words: list[list[str]], chance: random.Random) -> list[Question]:
    """Where two captions give the same count of the same thing, or all mention a single thing."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for caption in words:
        for place, word in enumerate(caption):
            if word in lex.COUNTS:
                what = next((LIVING.get(w) or ("people" if w == "people" else None) for w in caption[place + 1 : place + 4]
                             if w in LIVING or w == "people"), None)  # fmt: skip
                if what:
                    counts[what][lex.COUNTS[word]] += 1
    generated = [Question(name, "number", _how_many(what, chance, alone=len(counts) == 1), seen.most_common(1)[0][0])
             for what, seen in counts.items() if len(seen) == 1 and seen.total() >= 2]  # fmt: skip
    if not counts and not any(set(caption) & lex.SEVERAL for caption in words):
        alone = mentions(words, LIVING)
        if len(alone) == 1 and alone.total() == len(words):
            generated.append(Question(name, "number", _how_many(next(iter(alone)), chance, alone=True), "1"))
    return generated


def _how_many(what: str, chance: random.Random, alone: bool) -> str:
    """If nothing else was counted, two men are also two people."""
    people = what in lex.PEOPLE and alone and chance.random() < 0.4
    return f"how many {'people' if people else lex.plural(what)} are there?"


def _colours(name: str, words: list[list[str]], chance: random.Random) -> list[Question]:
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for caption in words:
        for first, second in itertools.pairwise(caption):
            colour = lex.SPELLED.get(first, first)
            if colour in lex.COLOURS and second in VISIBLE:
                seen[VISIBLE[second]][colour] += 1
            elif colour in lex.COLOURS and second == "and":
                seen["mixed"][colour] += 1
    spelling = chance.choice(("colour", "color"))
    return [Question(name, "colour", f"what {spelling} is the {what}?", colours.most_common(1)[0][0])
            for what, colours in sorted(seen.items()) if what != "mixed" and what not in lex.PEOPLE and len(colours) == 1
            and not (what in lex.ANIMALS and seen["mixed"])]  # fmt: skip


def _place(name: str, words: list[list[str]], chance: random.Random) -> list[Question]:
    seen = mentions(words, PLACE).most_common(2)
    if not seen or seen[0][1] < 2 or (len(seen) == 2 and seen[1][1] == seen[0][1]):
        return []
    who = mentions(words, LIVING).most_common(1)
    texts = ["where is this?", "where was this photo taken?", *([f"where is the {who[0][0]}?"] if who else [])]
    return [Question(name, "place", chance.choice(texts), seen[0][0])]


def _balanced(generated: list[Question], per_answer: float, chance: random.Random) -> list[Question]:
    balanced: list[Question] = []
    for kind in KINDS:
        groups: dict[str, list[Question]] = defaultdict(list)
        for question in generated:
            if question.kind == kind:
                groups[question.answer].append(question)
        cap = int(per_answer * sum(map(len, groups.values())) / max(len(groups), 1)) + 1
        for group in groups.values():
            balanced += group if len(group) <= cap else chance.sample(group, cap)
    return balanced


def _yes_no(photos: Sequence[CaptionedPhoto], chance: random.Random) -> list[Question]:
    """For each thing and activity, as many photos that certainly show it as photos that certainly do not."""
    has: dict[str, list[str]] = defaultdict(list)
    hints: list[tuple[str, set[str]]] = []  # everything a photo's captions mention, even once
    for photo in photos:
        words = [WORD.findall(caption.lower()) for caption in photo["captions"]]
        objects, doing = mentions(words, VISIBLE), mentions(words, DOING)
        for what, count in [*objects.items(), *((f"~{d}", n) for d, n in doing.items())]:
            if count >= 2:
                has[what].append(photo["image"])
        people = [bool(set(caption) & (lex.HUMAN | LIVING.keys() - ANIMAL.keys())) for caption in words]
        if sum(people) >= 3:
            has["people"].append(photo["image"])
        plain = {word for caption in words for word in caption}
        hints.append((photo["image"], {*objects, *(f"~{d}" for d in doing), *(plain & {"person", "adult", *lex.SEVERAL}),
                                       *(["people"] if any(people) or plain & lex.SEVERAL else [])}))  # fmt: skip
    generated: list[Question] = []
    for what, yes in sorted(has.items()):
        if what in ALWAYS_LOOSE:  # captions omit these too often for a "no"
            continue
        unsafe = {what, *LOOSE.get(what, ())}
        no = [image for image, mentioned in hints if not mentioned & unsafe]
        number = min(len(yes), len(no), max(len(photos) // 25, 2))
        for answer, pool in (("yes", yes), ("no", no)):
            generated += [Question(image, "yesno", _closed(what, chance), answer) for image in chance.sample(pool, number)]
    return generated


def _closed(what: str, chance: random.Random) -> str:
    if what == "people":
        return chance.choice(
            (
                "is there a person?",
                "are there people?",
                "is there a person in the photo?",
                "can you see people?",
                "is anybody there?",
            )
        )
    if what.startswith("~"):
        return f"is {chance.choice(('someone', 'anyone', 'anybody'))} {what[1:]}?"
    if what in UNCOUNTED | SEVERAL_THINGS:
        return f"{'is' if what in UNCOUNTED else 'are'} there {what}?" if chance.random() < 0.6 else f"can you see {what}?"
    article = "an" if what[0] in "aeiou" else "a"
    if what in lex.PLACES and chance.random() < 0.5:
        return f"is this at the {what}?"
    return chance.choice(
        (f"is there {article} {what}?", f"is there {article} {what} in the photo?", f"can you see {article} {what}?")
    )
