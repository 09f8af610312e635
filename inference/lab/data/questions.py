"""Questions made from captions, after the method of COCO-QA (Ren et al. 2015): object, number, colour, place, yes/no.

A question is made only where the five captions of a photo do not contradict each other, and answers are balanced, so
that the question alone says little. What is made depends on the captions and the seed only.
"""

import itertools
import random
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from inference.lab.data import lexicon as lex

KINDS = ("object", "number", "colour", "place", "yesno")
WORD = re.compile(r"[a-z]+")
HELD = {"riding": "rid(?:ing|es)", "holding": "hold(?:ing|s)", "wearing": "wear(?:ing|s)", "catching": "catch(?:ing|es)",
        "carrying": "carr(?:ying|ies)", "playing with": "play(?:ing|s) with", "jumping over": "jump(?:ing|s) over",
        "chasing": "chas(?:ing|es)", "sitting on": "sit(?:ting|s) on", "throwing": "throw(?:ing|s)"}  # fmt: skip
LIVING = lex.by_word(lex.PEOPLE | lex.ANIMALS)
THINGS, ANIMAL = lex.by_word(lex.THINGS), lex.by_word(lex.ANIMALS)
SEEN = lex.by_word(lex.PEOPLE | lex.ANIMALS | lex.THINGS | lex.PLACES)
SUBJECT = lex.by_word(lex.PEOPLE | lex.ANIMALS | lex.THINGS)
PLACE = lex.by_word(lex.PLACES)
DOING = lex.by_word(lex.DOING)
# Words that make "no" unsafe: a caption that says "people" may mean men, and a "child" may be a girl.
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


def make(photos: list[dict[str, Any]], seed: int = 0, per_answer: float = 2.0) -> list[Question]:
    """photos: `{"image", "captions"}` -> questions, balanced: within a kind no answer has more than `per_answer` times
    the mean, and each yes has its no about the same thing."""
    chance = random.Random(seed)
    asked: list[Question] = []
    for photo in photos:
        words = [WORD.findall(caption.lower()) for caption in photo["captions"]]
        name = photo["image"]
        asked += _objects(name, words, photo["captions"], chance) + _number(name, words, chance)
        asked += _colours(name, words, chance) + _place(name, words, chance)
    return [*_balanced(asked, per_answer, chance), *_yes_no(photos, chance)]


def _said(words: list[list[str]], table: dict[str, str]) -> Counter[str]:
    """How many of the captions speak of each thing."""
    # A dict where a set would do: the order decides between equals, and a set's order changes from process to process.
    return Counter(answer for caption in words for answer in dict.fromkeys(table[word] for word in caption if word in table))


def _objects(name: str, words: list[list[str]], captions: list[str], chance: random.Random) -> list[Question]:
    found: dict[str, Question] = {}
    for caption, tokens in zip(captions, words, strict=True):
        who = next((LIVING[word] for word in tokens if word in LIVING), None)
        for verb, pattern in HELD.items():
            hit = re.search(rf"\b{pattern} (?:an?|the|his|her|its|their|some)\b((?: \w+){{1,4}})", caption.lower())
            what = next((THINGS[word] for word in WORD.findall(hit[1]) if word in THINGS), None) if hit else None
            if what and who:
                found.setdefault(verb, Question(name, "object", f"what is the {who} {verb}?", what))
    animals = _said(words, ANIMAL)
    if len(animals) == 1 and animals.total() >= 2:
        text = chance.choice(("what animal is this?", "what animal is in the photo?", "which animal is it?"))
        found["animal"] = Question(name, "object", text, next(iter(animals)))
    people = _said(words, lex.by_word(lex.PEOPLE))
    if len(people) == 1 and people.total() >= 3 and not animals and not any(set(caption) & lex.SEVERAL for caption in words):
        found["who"] = Question(name, "object", chance.choice(("who is in the photo?", "who is this?")), next(iter(people)))
    main = _said(words, SUBJECT).most_common(2)
    if main and main[0][1] >= 3 and (len(main) == 1 or main[1][1] < main[0][1]):
        text = chance.choice(("what is in the photo?", "what is this?", "what can you see?", "what does the photo show?"))
        found["what"] = Question(name, "object", text, main[0][0])
    done = _said(words, DOING)
    if done and done.most_common(1)[0][1] >= 2:
        doer = _said(words, LIVING).most_common(1)
        if doer:
            text = f"what is the {doer[0][0]} doing?"
            found["doing"] = Question(name, "object", text, done.most_common(1)[0][0])
    return list(found.values())


def _number(name: str, words: list[list[str]], chance: random.Random) -> list[Question]:
    """Asked where two captions give the same count of the same thing, or all speak of one alone."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for caption in words:
        for place, word in enumerate(caption):
            if word in lex.COUNTS:
                what = next((LIVING.get(w) or ("people" if w == "people" else None) for w in caption[place + 1 : place + 4]
                             if w in LIVING or w == "people"), None)  # fmt: skip
                if what:
                    counts[what][lex.COUNTS[word]] += 1
    found = [Question(name, "number", _how_many(what, chance, alone=len(counts) == 1), seen.most_common(1)[0][0])
             for what, seen in counts.items() if len(seen) == 1 and seen.total() >= 2]  # fmt: skip
    if not counts and not any(set(caption) & lex.SEVERAL for caption in words):
        alone = _said(words, LIVING)
        if len(alone) == 1 and alone.total() == len(words):
            found.append(Question(name, "number", _how_many(next(iter(alone)), chance, alone=True), "1"))
    return found


def _how_many(what: str, chance: random.Random, alone: bool) -> str:
    """Where nothing else was counted, two men are also two people."""
    people = what in lex.PEOPLE and alone and chance.random() < 0.4
    return f"how many {'people' if people else lex.plural(what)} are there?"


def _colours(name: str, words: list[list[str]], chance: random.Random) -> list[Question]:
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for caption in words:
        for first, second in itertools.pairwise(caption):
            colour = lex.SPELLED.get(first, first)
            if colour in lex.COLOURS and second in SEEN:
                seen[SEEN[second]][colour] += 1
            elif colour in lex.COLOURS and second == "and":
                seen["mixed"][colour] += 1
    spelling = chance.choice(("colour", "color"))
    return [Question(name, "colour", f"what {spelling} is the {what}?", colours.most_common(1)[0][0])
            for what, colours in sorted(seen.items()) if what != "mixed" and what not in lex.PEOPLE and len(colours) == 1
            and not (what in lex.ANIMALS and seen["mixed"])]  # fmt: skip


def _place(name: str, words: list[list[str]], chance: random.Random) -> list[Question]:
    seen = _said(words, PLACE).most_common(2)
    if not seen or seen[0][1] < 2 or (len(seen) == 2 and seen[1][1] == seen[0][1]):
        return []
    who = _said(words, LIVING).most_common(1)
    texts = ["where is this?", "where was this photo taken?", *([f"where is the {who[0][0]}?"] if who else [])]
    return [Question(name, "place", chance.choice(texts), seen[0][0])]


def _balanced(asked: list[Question], per_answer: float, chance: random.Random) -> list[Question]:
    kept: list[Question] = []
    for kind in KINDS:
        groups: dict[str, list[Question]] = defaultdict(list)
        for question in asked:
            if question.kind == kind:
                groups[question.answer].append(question)
        cap = int(per_answer * sum(map(len, groups.values())) / max(len(groups), 1)) + 1
        for group in groups.values():
            kept += group if len(group) <= cap else chance.sample(group, cap)
    return kept


def _yes_no(photos: list[dict[str, Any]], chance: random.Random) -> list[Question]:
    """For each thing and each activity as many photos that surely have it as photos that surely have not."""
    has: dict[str, list[str]] = defaultdict(list)
    hints: list[tuple[str, set[str]]] = []  # everything a photo's captions mention, even once
    for photo in photos:
        words = [WORD.findall(caption.lower()) for caption in photo["captions"]]
        objects, doing = _said(words, SEEN), _said(words, DOING)
        for what, count in [*objects.items(), *((f"~{d}", n) for d, n in doing.items())]:
            if count >= 2:
                has[what].append(photo["image"])
        people = [bool(set(caption) & (lex.HUMAN | LIVING.keys() - ANIMAL.keys())) for caption in words]
        if sum(people) >= 3:
            has["people"].append(photo["image"])
        plain = {word for caption in words for word in caption}
        hints.append((photo["image"], {*objects, *(f"~{d}" for d in doing), *(plain & {"person", "adult", *lex.SEVERAL}),
                                       *(["people"] if any(people) or plain & lex.SEVERAL else [])}))  # fmt: skip
    found: list[Question] = []
    for what, yes in sorted(has.items()):
        if what in ALWAYS_LOOSE:  # captions leave these out too often for a "no"
            continue
        unsafe = {what, *LOOSE.get(what, ())}
        no = [image for image, said in hints if not said & unsafe]
        number = min(len(yes), len(no), max(len(photos) // 25, 2))
        for answer, pool in (("yes", yes), ("no", no)):
            found += [Question(image, "yesno", _closed(what, chance), answer) for image in chance.sample(pool, number)]
    return found


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
