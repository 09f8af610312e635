"""BLEU-4 and CIDEr-D against reference values, calibration, and the question-only baseline."""

import math

import pytest
import torch

from inference.lab.data.questions import Question
from inference.lab.halves import calibrate
from inference.lab.measures import question_only, score

CANDIDATES = ["a black dog runs on the green grass", "two men ride bikes down a road", "a child plays with a ball"]
REFERENCES = [
    ["a black dog is running on grass", "the dog runs on the green grass"],
    ["two men on bikes on a road", "men ride bikes down the road"],
    ["a child with a red ball", "the boy plays with a ball in a park"],
]
BLEU, CIDER = 0.6865890479255825, 4.179317454508598  # from pycocoevalcap 1.2


def test_both_agree_with_pycocoevalcap_on_the_same_words() -> None:
    assert score.bleu4(CANDIDATES, REFERENCES) == pytest.approx(BLEU, abs=1e-9)
    assert score.cider(CANDIDATES, REFERENCES) == pytest.approx(CIDER, abs=1e-9)


def test_repeating_a_reference_has_a_bleu_of_one() -> None:
    assert score.bleu4([others[0] for others in REFERENCES], REFERENCES) == pytest.approx(1.0)


def test_texts_without_a_common_word_score_zero() -> None:
    assert score.bleu4(["x y z w"], [["a b c d"]]) == 0.0 and score.cider(["x y", "p q"], [["a b"], ["c d"]]) == 0.0


def test_case_and_punctuation_do_not_count() -> None:
    assert score.words("A dog's ball , red .") == ["a", "dog's", "ball", "red"]


def test_a_temperature_undoes_overconfidence() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(4000, 5, generator=generator) * 1.5
    targets = torch.multinomial(logits.softmax(1), 1, generator=generator)[:, 0]
    assert calibrate.temperature(logits * 2, targets) == pytest.approx(2.0, abs=0.2)


def test_the_question_only_baseline_finds_what_questions_give_away() -> None:
    training = [Question("p", "colour", "what colour is the grass?", "green")] * 30 + [
        Question("p", "number", "how many dogs?", str(n % 3)) for n in range(30)
    ]
    questions = [Question("q", "colour", "what colour is the grass?", "green")] * 5 + [
        Question("q", "number", "how many dogs?", "7")
    ] * 5
    assert question_only.accuracy(training, questions) == 0.5


def test_an_unknown_question_gets_the_most_frequent_answer_to_its_prefix() -> None:
    baseline = question_only.MostFrequent(
        [Question("p", "x", "is there a dog?", "yes"), Question("p", "x", "what is it?", "cat")]
    )
    assert baseline("is there a unicorn?") == "yes" and not math.isnan(len(baseline("")))
