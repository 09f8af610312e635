"""What an answer says of itself: its confidence, whether it is sure, and words that do not run in circles."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from inference.engine.answer import NOTHING
from inference.engine.doubt import FLAT_FROM, PROBABLE_FROM, Calibration, Scale
from inference.engine.engines.networks import Linear
from inference.engine.measure import measure
from inference.engine.runner import Vision
from inference.engine.tasks.classify.model import Classifier
from inference.engine.tasks.wording import with_article
from inference.lab.data import odd_pictures

NAMES = ("tench, Tinca tinca", "goldfish", "shark")


def _classified(logits: list[float], calibration: Calibration) -> object:
    layer = Linear(np.zeros((3, 1), np.float32), np.array(logits, np.float32))
    return Classifier(layer, NAMES, calibration).answer(np.zeros((1, 5, 1), np.float32))


def test_a_doubtful_answer_is_not_sure() -> None:
    result = _classified([0.1, 0.0, 0.0], Calibration())
    assert result.text == "tench" and not result.sure and 0.33 < result.confidence < 0.5  # type: ignore[attr-defined]


def test_a_clear_answer_is_sure() -> None:
    result = _classified([9.0, 0.0, 0.0], Calibration())
    assert result.sure and result.confidence > 0.99  # type: ignore[attr-defined]


def test_temperature_tempers_confidence_and_not_the_name() -> None:
    hot, cold = (_classified([2.0, 1.0, 0.0], Calibration(t)) for t in (4.0, 0.25))
    assert hot.text == cold.text == "tench"  # type: ignore[attr-defined]
    assert hot.confidence < 0.5 < 0.95 < cold.confidence  # type: ignore[attr-defined]


def test_the_five_likeliest_come_best_first(compact: Vision, image: Image.Image) -> None:
    result = compact.run_whole("classify", image, None)
    chances = [chance for _, chance in result.top]
    assert len(chances) == 5 and chances == sorted(chances, reverse=True) and result.top[0] == (result.text, result.confidence)


@pytest.mark.parametrize("task", ["classify", "caption", "vqa"])
def test_the_card_has_the_scale_that_confidences_are_on(compact: Vision, drawn: Callable[..., Image.Image], task: str) -> None:
    scale = compact.profile.calibration(task).scale
    assert scale.photo[1] > 0 and scale.photo[2] > 0, "it was fitted: what shows nothing is doubted"
    assert all(0 <= compact.run_whole(task, drawn(seed), "what colour is it?").confidence <= 1 for seed in range(3))


def test_a_scale_keeps_the_order_of_answers_and_doubts_what_shows_little() -> None:
    scale = Scale(offset=-4.0, slope=1.1, photo=(-28.0, 50.0, 4.0), kinds={"number": (-5.0, 0.5)})
    confidences = [scale.probability(probability, 0.7, "colour") for probability in (0.0, 0.2, 0.5, 0.9, 1.0)]
    assert confidences == sorted(confidences) and confidences[0] > 0 and confidences[-1] < 1
    assert scale.probability(0.9, variety=0.2) < 0.5 < scale.probability(0.9, variety=0.8)
    assert scale.probability(0.9, 0.7, "number") < scale.probability(0.9, 0.7, "colour")
    assert Scale().probability(0.3, 0.9, "number") == pytest.approx(0.3), "without a fit it is the model's own"


@pytest.mark.parametrize("question", ["what is this?", "what is the man doing?", "where is it?", "what animal is it?"])
def test_noise_and_one_colour_are_answered_with_doubt(compact: Vision, question: str) -> None:
    for picture in odd_pictures.make(10, seed=1):
        for task in ("classify", "vqa"):
            answer = compact.run_whole(task, picture, question)
            assert answer.absent or answer.confidence < FLAT_FROM, (task, question, answer)


def test_a_caption_that_is_a_guess_gives_way_to_a_name_that_is_none(compact: Vision, drawn: Callable[..., Image.Image]) -> None:
    for seed in range(4):
        caption, name = (compact.run_whole(task, drawn(seed), None) for task in ("caption", "classify"))
        own = caption.top[-1]
        assert (caption.text == with_article(name.text)) == (own[1] < PROBABLE_FROM <= name.confidence)


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
