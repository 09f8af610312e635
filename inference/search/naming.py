"""Words that stand for classes of the classifier, and whether its names for a photo confirm them. Pure."""

from collections.abc import Sequence

from inference.engine.questions import label_tree
from inference.engine.questions.label_tree import Branch

SURE = 0.3  # probability from which on a name of the classifier is a reason by itself
UNKNOWN = -1  # of a name that is none of the bundled classifier's
LONGEST = 3  # words of a name
JOINING = frozenset(("a", "an", "the", "some", "any", "of", "and", "with", "in", "on", "at", "s"))  # words of no thing

Thing = tuple[str, Branch]  # as somebody typed it, and what it stands for


def things(about: str) -> list[Thing]:
    """The words that stand for classes, longest first: "golden retriever", not "golden"."""
    tree, rest, named = label_tree.names(), about.split(), list[Thing]()
    while rest:
        for length in range(min(LONGEST, len(rest)), 0, -1):
            phrase = " ".join(rest[:length])
            if (branch := tree.find(phrase)) is not None:
                named.append((phrase, branch))
                break
        else:
            length = 1
        rest = rest[length:]
    return named


def is_all(about: str, named: Sequence[Thing]) -> bool:
    """Whether the text is about these things and nothing else: "a dog", not "a dog on a beach"."""
    words = [word for word in about.split() if word not in JOINING]
    return bool(named) and words == [word for phrase, _ in named for word in phrase.split()]


def classes(named: Sequence[Thing]) -> frozenset[int]:
    return frozenset().union(*(branch.classes for _, branch in named))


def likeliest(names: Sequence[tuple[str, float]]) -> int | None:
    """The class of the first name; None where there is no name."""
    return label_tree.names().numbers.get(names[0][0], UNKNOWN) if names else None


def confirmed_by(names: Sequence[tuple[str, float]], named: Sequence[Thing]) -> tuple[str, ...]:
    """The words that the names confirm: all of them, each with some probability, or none."""
    tree = label_tree.names()
    confirmed = list[str]()
    for phrase, branch in named:
        total = 0.0
        for name, probability in names:
            seen = tree.find(name)
            total += probability if seen is not None and seen.classes <= branch.classes else 0.0
        if total < SURE:
            return ()
        confirmed.append(phrase)
    return tuple(confirmed)
