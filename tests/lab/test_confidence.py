"""What a probability is worth as a confidence: fitted to samples, with kinds of questions of their own."""

import random
from dataclasses import replace

import numpy as np
import pytest

from inference.engine.doubt import Certainty, Scale, certainty, shared
from inference.engine.questions import label_tree
from inference.lab.data import odd_pictures
from inference.lab.measures import scales
from inference.lab.measures.confidence import mentions, right_names
from inference.lab.measures.presence import Evidence, fit, losses
from inference.lab.measures.scales import Sample

TREE = label_tree.names()
TABBY = next(number for number, label in enumerate(TREE.labels) if label.startswith("tabby"))


def samples(kind: str, count: int, right: float, variety: float = 0.7, seed: int = 0) -> list[Sample]:
    """A model that is always 90 % confident, and right as often as said."""
    chance = random.Random(seed)
    is_odd = variety < 0.5

    def sample() -> Sample:
        probability, seen = 0.9 + chance.uniform(-0.05, 0.05), chance.gauss(variety, 0.02)
        return Sample("vqa", kind, probability, seen, chance.random() < right, 1.0, is_odd)

    return [sample() for _ in range(count)]


ODD = samples("free", 60, 0.0, variety=0.3)


def fit_scale(*parts: list[Sample]) -> Scale:
    every = [sample for part in (*parts, ODD) for sample in part]
    return scales.fit(every, scales.photo(every))


def test_a_confidence_is_how_often_such_answers_were_right_and_not_what_the_model_says() -> None:
    scale = fit_scale(samples("colour", 300, 0.4), samples("yes_no", 300, 0.85, seed=1))
    assert scale.probability(0.9, 0.7, "colour") == pytest.approx(0.4, abs=0.07)
    assert scale.probability(0.9, 0.7, "yes_no") == pytest.approx(0.85, abs=0.07)


def test_a_kind_that_was_hardly_seen_has_what_is_common_to_all() -> None:
    scale = fit_scale(samples("colour", 300, 0.2), samples("number", 300, 0.8, seed=1), samples("season", 9, 1.0))
    assert set(scale.kinds) == {"colour", "free", "number"}
    assert 0.35 < scale.probability(0.9, 0.7, "season") < 0.65
    assert certainty(scale.probability(0.9, 0.7, "season")) is not Certainty.FLAT


def test_a_model_that_is_the_less_right_the_surer_it_is_gains_nothing_by_being_sure() -> None:
    doubtful = [replace(sample, probability=0.6) for sample in samples("colour", 300, 0.9)]
    scale = fit_scale(doubtful, samples("colour", 300, 0.3, seed=1), samples("number", 300, 0.8, seed=2))
    assert scale.kinds["colour"][1] >= 0
    assert scale.probability(0.99, 0.7, "colour") >= scale.probability(0.5, 0.7, "colour")


def test_a_draw_between_two_is_right_by_chance() -> None:
    scale = fit_scale(samples("either_or", 300, 0.9), samples("free", 300, 0.9, seed=1))
    assert scale.probability(0.5, 0.9, "either_or") == pytest.approx(0.5, abs=0.01)
    assert scale.probability(0.9, 0.9, "either_or") > 0.8


def test_guesses_beside_the_best_share_what_it_leaves() -> None:
    assert shared([("bus", 0.5), ("tram", 0.3), ("car", 0.2)], 0.8) == [
        ("bus", 0.8), ("tram", pytest.approx(0.12)), ("car", pytest.approx(0.08))]  # fmt: skip
    assert shared([("bus", 1.0), ("tram", 0.0)], 0.7) == [("bus", 0.7), ("tram", 0.0)]


def test_pictures_that_show_nothing_lower_every_confidence() -> None:
    scale = fit_scale(samples("free", 300, 0.8))
    assert scale.probability(0.9, 0.3, "free") < 0.1 < 0.6 < scale.probability(0.9, 0.7, "free")


def test_a_name_is_right_by_a_synonym_or_by_a_branch_that_it_is_in() -> None:
    assert {"tabby", "tabby cat", "cat", "animal"} <= right_names(TREE, TABBY)
    assert "dog" not in right_names(TREE, TABBY)


@pytest.mark.parametrize(
    ("caption", "right"), [("a cat on a sofa", True), ("a tabby cat sits", True), ("a dog on a sofa", False)]
)
def test_a_caption_is_right_where_it_names_the_thing(caption: str, right: bool) -> None:
    assert mentions(TREE, caption, TABBY) is right


def test_odd_pictures_are_the_same_each_time_and_of_every_kind() -> None:
    first, again = (list(odd_pictures.make(10, seed=3)) for _ in range(2))
    assert [np.asarray(a).tobytes() for a in first] == [np.asarray(b).tobytes() for b in again]
    assert len({np.asarray(picture).std().round(1) for picture in first[:5]}) == 5


def evidence(classifier: float, questions: float, is_there: bool) -> Evidence:
    return Evidence("dog", "animal", is_there, classifier, questions)


def test_what_both_models_say_is_weighed_and_one_that_speaks_against_itself_is_left_out() -> None:
    chance = random.Random(0)
    useful = [evidence(chance.gauss(3 * there, 1), chance.gauss(2 * there, 1), there > 0) for there in (1, 1, -1, -1) * 50]
    row = fit(useful)
    assert row["classifier"] > 0 and row["questions"] > 0
    loss = losses(useful)
    assert loss["both"] < min(loss["classify"], loss["vqa"])
    contrary = [evidence(chance.gauss(3 * there, 1), chance.gauss(-2 * there, 1), there > 0) for there in (1, 1, -1, -1) * 50]
    row = fit(contrary)
    assert row["classifier"] > 0 and row["questions"] == 0
