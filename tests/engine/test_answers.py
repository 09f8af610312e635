"""What an answer says of itself: its confidence, whether it is sure, and words that do not run in circles."""

from collections.abc import Callable

import pytest
import torch
from PIL import Image

from inference.engine import tasks
from inference.engine.answer import EVEN_ODDS, NOTHING, Calibration
from inference.engine.measure import measure
from inference.engine.runner import Vision
from inference.engine.tasks.classify.model import Classifier

NAMES = {0: "tench, Tinca tinca", 1: "goldfish", 2: "shark"}


def _classified(logits: list[float], calibration: Calibration) -> object:
    layer = torch.nn.Linear(1, 3, bias=True)
    with torch.no_grad():
        layer.weight.zero_()
        layer.bias.copy_(torch.tensor(logits))
    return Classifier(layer, NAMES, calibration).answer(torch.zeros(1, 5, 1))


def test_a_doubtful_answer_is_not_sure() -> None:
    result = _classified([0.1, 0.0, 0.0], Calibration(1.0, 0.5))
    assert result.text == "tench" and not result.sure and 0.33 < result.confidence < 0.5  # type: ignore[attr-defined]


def test_a_clear_answer_is_sure() -> None:
    result = _classified([9.0, 0.0, 0.0], Calibration(1.0, 0.5))
    assert result.sure and result.confidence > 0.99  # type: ignore[attr-defined]


def test_temperature_tempers_confidence_and_not_the_name() -> None:
    hot, cold = (_classified([2.0, 1.0, 0.0], Calibration(t, 0.5)) for t in (4.0, 0.25))
    assert hot.text == cold.text == "tench"  # type: ignore[attr-defined]
    assert hot.confidence < 0.5 < 0.95 < cold.confidence  # type: ignore[attr-defined]


def test_the_five_likeliest_come_best_first(compact: Vision, image: Image.Image) -> None:
    result = compact.run_whole("classify", image, None)
    chances = [chance for _, chance in result.top]
    assert len(chances) == 5 and chances == sorted(chances, reverse=True) and result.top[0] == (result.text, result.confidence)


@pytest.mark.parametrize("task", ["classify", "caption", "vqa"])
def test_sure_is_what_the_card_says(compact: Vision, drawn: Callable[..., Image.Image], task: str) -> None:
    bound = compact.profile.calibration(task).unsure_below
    for seed in range(3):
        result = compact.run_whole(task, drawn(seed), "what colour is it?")
        assert 0 <= result.confidence <= 1 and result.sure == (result.confidence >= bound)


@pytest.mark.parametrize("task", [task for task in tasks.TASKS if task.metric.percent], ids=lambda task: task.name)
def test_the_same_confidence_has_the_same_words_for_every_task_whose_answers_are_right_or_wrong(
    compact: Vision, task: tasks.Task
) -> None:
    assert compact.profile.calibration(task.name).unsure_below == EVEN_ODDS
    assert (task.certainty(True), task.certainty(False)) == ("Probably right", "A guess")


def test_a_caption_is_never_called_probably_right(compact: Vision) -> None:
    caption = tasks.get("caption")
    assert (caption.certainty(True), caption.certainty(False)) == ("", "A guess")


def test_no_caption_says_three_words_twice(compact: Vision, drawn: Callable[..., Image.Image]) -> None:
    for seed in range(6):
        words = compact.run_whole("caption", drawn(seed), None).text.split()
        runs = list(zip(words, words[1:], words[2:], strict=False))
        assert words and len(runs) == len(set(runs)), words


def test_an_answer_is_bounded(compact: Vision, image: Image.Image) -> None:
    assert len(compact.run_whole("caption", image, None).text) < 200
    assert len(compact.run_whole("vqa", image, "what?").text) < 100


@pytest.mark.parametrize("question", ["", "?", "犬は何匹?", "x" * 5000, "how many dogs " * 300, "\x00\u202e"])
def test_any_question_gets_an_answer(compact: Vision, image: Image.Image, question: str) -> None:
    result = compact.run_whole("vqa", image, question)
    assert result.text and (result.text != NOTHING or not result.sure)


@pytest.mark.parametrize("size", [(1, 1), (4000, 100), (3, 900)])
def test_any_photo_gets_an_answer(compact: Vision, drawn: Callable[..., Image.Image], size: tuple[int, int]) -> None:
    assert compact.run_whole("classify", drawn(0, size), None).text


def test_the_same_question_gets_the_same_answer(compact: Vision, image: Image.Image) -> None:
    for task in ("classify", "caption", "vqa"):
        assert compact.run_whole(task, image, "what is it?") == compact.run_whole(task, image, "what is it?")


def test_every_part_of_every_task_is_measured(compact: Vision) -> None:
    times_by_task = measure(compact, repeats=1)
    for task, times in times_by_task.items():
        points = {str(k) for k in compact.profile.split_points(task)}
        assert set(times["head_ms"]) == set(times["tail_ms"]) == points
        assert min([times["whole_ms"], *times["head_ms"].values(), *times["tail_ms"].values()]) > 0
