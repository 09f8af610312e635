"""What a classifier's probabilities say to a question: the tree of wider names, and how much of a branch is enough."""

import numpy as np
import pytest

from inference.engine.questions import label_tree, naming
from inference.engine.questions.naming import Naming, Probabilities

TREE = label_tree.names()
NAMES = [label.split(",")[0] for label in TREE.labels]
ZEBRA, LABRADOR, GOLDEN, TABBY, PIZZA = 340, 208, 207, 281, 963


def seen(**shares: float) -> Probabilities:
    """Shares of a few classes by number (`c340=0.9`); the rest is spread evenly."""
    rest = 1 - sum(shares.values())
    probabilities = np.full(len(NAMES), rest / len(NAMES))
    for name, share in shares.items():
        probabilities[int(name[1:])] += share
    return probabilities


def named(probabilities: Probabilities, wanted: str = "") -> Naming:
    return naming.name(probabilities, TREE, NAMES, wanted)


@pytest.mark.parametrize(
    ("word", "classes"),
    [("dog", 118), ("puppies", 118), ("zebra", 1), ("pizza pie", 1), ("snakes", 17), ("animals", 398), ("motorbike", 2)],
)
def test_words_of_people_stand_for_branches_and_classes(word: str, classes: int) -> None:
    branch = TREE.find(word)
    assert branch is not None
    assert len(branch.classes) == classes


@pytest.mark.parametrize("word", ["mouse", "man", "happiness", "crane", ""])
def test_words_that_mean_something_else_stand_for_none(word: str) -> None:
    assert TREE.find(word) is None


def test_the_classes_of_every_branch_are_in_the_next_wider_one() -> None:
    for name, branch in TREE.branches.items():
        wider = [other for other in TREE.branches.values() if branch.classes < other.classes]
        assert all(0 <= number < label_tree.CLASSES for number in branch.classes), name
        assert all(other.kind == branch.kind for other in wider), name


def test_a_classifier_of_other_classes_has_no_tree() -> None:
    assert label_tree.of_labels(["plane", "car", "bird"]) is None


def test_a_certain_class_is_named() -> None:
    assert (named(seen(c340=0.95)).text, named(seen(c340=0.95)).absent) == ("zebra", "")


def test_a_certain_wider_name_beats_a_doubtful_narrow_one() -> None:
    answer = named(seen(c208=0.5, c207=0.45))
    assert answer.text == "retriever"
    assert answer.top[0][0] == "Labrador retriever"
    assert answer.confidence > 0.9


def test_where_the_wider_name_is_doubtful_too_the_class_is_a_guess() -> None:
    answer = named(seen(c208=0.4, c281=0.3, c963=0.25))
    assert (answer.text, round(answer.confidence, 1)) == ("Labrador retriever", 0.4)


def test_the_answer_is_of_the_kind_that_was_asked_for() -> None:
    answer = named(seen(c963=0.6, c340=0.35), "animal")
    assert answer.text == "zebra"
    assert all(TREE.kind_of(NAMES.index(name)) == "animal" for name, _ in answer.top)


def test_where_nothing_of_the_kind_was_seen_that_is_the_answer() -> None:
    answer = named(seen(c963=0.99), "animal")
    assert (answer.text, answer.absent) == ("no animal", "animal")


def test_of_alternatives_the_likelier_branch_is_chosen_with_its_share() -> None:
    branches = [branch for word in ("cat", "dog", "bird") if (branch := TREE.find(word))]
    answer = naming.among(seen(c281=0.3, c208=0.6), branches, ("cat", "dog", "bird"))
    assert answer.text == "dog"
    assert 0.6 < answer.confidence < 0.7
