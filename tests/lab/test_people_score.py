"""Questions go through the planner to the tasks it chooses, and the judged answers become figures with intervals."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from PIL import Image

from bench.harness.intervals import wilson
from bench.models import captions, everyday
from bench.models.intervals import with_intervals
from bench.models.people import report
from bench.models.people.asking import Asked, ask
from bench.models.people.judge import Judgement
from bench.models.people.matching import Verdict
from bench.models.people.question_set import Kind, Question, Use
from bench.models.people.score import figures, score
from bench.models.people.statement import Doubt
from inference.engine.answer import Answer
from inference.engine.runner import Vision

PHOTO = Image.new("RGB", (8, 8))
CAT = Question("photos/images/cat.jpg", "photos", "held_out", "what is this?", Kind.IDENTIFY, ("cat",))


class Models:
    """Answers every task with the same text, and notes what was asked."""

    def __init__(self, text: str, confidence: float = 0.9) -> None:
        self.text, self.confidence = text, confidence
        self.calls: list[tuple[str, str]] = []

    def __call__(self, task: str, image: Image.Image, question: str) -> Answer:
        self.calls.append((task, question))
        return Answer(self.text, self.confidence, [(self.text, self.confidence)])


def test_a_question_is_asked_of_the_task_that_the_planner_chooses_and_judged_by_its_sentence() -> None:
    models = Models("tabby")
    asked = ask(models, replace(CAT, right=("tabby",)), PHOTO)
    assert models.calls == [("classify", "")]
    assert (asked.tasks, asked.answer) == (("classify",), "This looks like a tabby.")
    assert asked.judgement == Judgement(Verdict.RIGHT, Doubt.FLAT)


def test_an_unsure_answer_is_judged_as_the_guess_that_a_person_reads() -> None:
    asked = ask(Models("dog", confidence=0.3), CAT, PHOTO)
    assert asked.judgement == Judgement(Verdict.WRONG, Doubt.GUESS)


def test_a_message_that_plans_no_step_asks_no_model() -> None:
    models = Models("cat")
    asked = ask(models, replace(CAT, text="What are the GPS coordinates?", kind=Kind.OUT_OF_SCOPE, right=()), PHOTO)
    assert models.calls == []
    assert (asked.tasks, asked.judgement) == ((), Judgement(Verdict.RIGHT, Doubt.DECLINED))


def test_of_two_answers_to_one_message_the_better_counts() -> None:
    message = replace(CAT, text="what is this? how many hats are there?", kind=Kind.NUMBER, right=("2",))
    result = ask(lambda task, image, question: Models("2" if task == "vqa" else "hat")(task, image, question), message, PHOTO)
    assert len(result.tasks) == 2
    assert result.judgement.verdict is Verdict.RIGHT


def asked(verdict: Verdict, doubt: Doubt = Doubt.FLAT, *, use: Use = "held_out", right_kind: bool | None = None) -> Asked:
    return Asked(replace(CAT, use=use, source=use), "…", ("vqa",), Judgement(verdict, doubt, right_kind))


ANSWERS = [
    asked(Verdict.RIGHT, right_kind=True),
    asked(Verdict.WRONG, right_kind=False),
    asked(Verdict.SENSIBLE),
    asked(Verdict.RIGHT, Doubt.GUESS),
    asked(Verdict.DECLINED, Doubt.DECLINED),
    asked(Verdict.RIGHT, use="calibration"),
]


def test_right_sensible_and_honestly_declined_answers_help() -> None:
    row = figures(ANSWERS)
    assert (row["n"], row["helpful"], row["answered"]) == (6, round(5 / 6, 4), round(5 / 6, 4))
    assert row["verdicts"] == {"right": 3, "sensible": 1, "wrong": 1, "declined": 1}


def test_of_flat_statements_only_those_on_held_out_photos_count_and_only_right_ones_are_right() -> None:
    total = score(ANSWERS)
    assert (total["flat_n"], total["flat_right"]) == (3, round(1 / 3, 4))
    assert total["by_source"]["calibration"]["flat_right"] == 1
    assert total["n"] == 6


def test_the_kind_of_answer_is_scored_where_it_can_be_told() -> None:
    row = figures(ANSWERS)
    assert (row["kind_n"], row["right_kind"]) == (2, 0.5)


def test_a_share_of_nothing_is_none_and_its_interval_says_nothing() -> None:
    row = figures([asked(Verdict.RIGHT, Doubt.GUESS)])
    assert (row["flat_right"], row["flat_right_ci"]) == (None, [0.0, 1.0])


def test_the_verdicts_are_counted_by_degree_of_doubt() -> None:
    by_doubt = score(ANSWERS)["by_doubt"]
    assert by_doubt["guess"]["right"] == 1
    assert sum(sum(row.values()) for row in by_doubt.values()) == len(ANSWERS)


def test_the_report_names_question_answer_and_verdict() -> None:
    first, second = list(report.lines([ask(Models("cat"), CAT, PHOTO)]))
    assert "what is this?" in first
    assert "right (flat; classify)  This looks like a cat." in second
    assert any(line.startswith("identify") for line in report.table(score(ANSWERS)))


@pytest.mark.parametrize(
    ("successes", "n", "expected"),
    [(8, 10, (0.4902, 0.9433)), (0, 10, (0.0, 0.2775)), (10, 10, (0.7225, 1.0)), (500, 1000, (0.4691, 0.5309)), (0, 0, (0, 1))],
)
def test_the_interval_of_a_share_agrees_with_published_values(successes: int, n: int, expected: tuple[float, float]) -> None:
    assert wilson(successes, n) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("successes", "n"), [(-1, 3), (4, 3)])
def test_no_interval_is_given_for_what_is_no_share(successes: int, n: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        wilson(successes, n)


def test_the_lab_s_shares_get_intervals_and_other_figures_stay() -> None:
    counts = {"imagenette_n": 10, "vqa_n": 4, "daquar_n": 4}
    shares = {
        "imagenette_top1": 0.8,
        "imagenette_top5": 0.9,
        "imagenette_top1_of_ten": 1.0,
        "vqa_accuracy": 0.5,
        "daquar_accuracy": 0.25,
    }
    extended = with_intervals(
        {**shares, **counts, "vqa_kinds": {"colour": {"accuracy": 0.5, "n": 2}}, "vqa_question_only": 0.4}
    )
    assert extended["imagenette_top1_ci"] == [0.4902, 0.9433]
    assert extended["vqa_kinds"]["colour"]["accuracy_ci"][0] < 0.5 < extended["vqa_kinds"]["colour"]["accuracy_ci"][1]
    assert "vqa_question_only_ci" not in extended
    assert {name: extended[name] for name in shares} == shares


def test_captions_are_scored_with_intervals_around_their_scores() -> None:
    references = [[f"a {animal} runs over the green grass"] for animal in ("dog", "cat", "horse", "cow", "bird", "fox")]
    captions_written = ["a dog runs over the green grass", "a cat runs over the green grass", *["a man sits on a bench"] * 4]
    row = captions.figures(captions_written, references)
    assert row["flickr8k_bleu4_ci"][0] <= row["flickr8k_bleu4"] <= row["flickr8k_bleu4_ci"][1]
    assert row["flickr8k_cider_ci"][0] < row["flickr8k_cider"] < row["flickr8k_cider_ci"][1]
    assert (row["flickr8k_n"], row["captions_distinct"]) == (6, 3)


class Classifier:
    """Stands for the engine: the guesses for each photo in turn."""

    def __init__(self, guesses: Sequence[Sequence[str]]) -> None:
        self.guesses = iter(guesses)

    def run_whole(self, task: str, image: Image.Image, question: str | None) -> Answer:
        names = next(self.guesses)
        return Answer(names[0], 0.5, [(name, 0.1) for name in names])


@pytest.fixture
def everyday_set(tmp_path: Path) -> Path:
    (tmp_path / "everyday" / "images").mkdir(parents=True)
    rows = [("a.jpg", "tench, Tinca tinca"), ("b.jpg", "macaw"), ("c.jpg", "crib, cot"), ("d.jpg", "fig")]
    with (tmp_path / "everyday" / "labels.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ("image", "class", "wordnet", "label"))
        writer.writeheader()
        writer.writerows({"image": image, "class": 0, "wordnet": "n0", "label": label} for image, label in rows)
    for image, _ in rows:
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "everyday" / "images" / image)
    return tmp_path


def test_a_label_is_right_by_any_of_its_synonyms_first_or_among_the_first_five(everyday_set: Path) -> None:
    guesses = [["tench"], ["toucan", "macaw"], ["Cot"], ["a", "b", "c", "d", "e"]]
    row = everyday.measure(cast(Vision, Classifier(guesses)), everyday.labelled(everyday_set))
    assert (row["everyday_top1"], row["everyday_top5"], row["everyday_n"]) == (0.5, 0.75, 4)
    assert row["everyday_top1_ci"] == pytest.approx([0.15, 0.85], abs=0.01)


def test_a_missing_set_is_one_sentence_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="ISTHMUS_DATA"):
        everyday.labelled(tmp_path)
