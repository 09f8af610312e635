"""The coarse map of where a model looked: what it sums to, where it lies, and that features give the same as the photo."""

import numpy as np
import pytest
from PIL import Image

from inference.engine.runner import Vision
from inference.engine.tasks.classify.model import Classifier
from inference.engine.tasks.evidence import UnknownAnswer


def test_the_contributions_of_all_places_make_the_logit(compact: Vision, image: Image.Image) -> None:
    part = compact.engine.parts["classify"]  # type: ignore[attr-defined]
    classifier = part.answering
    assert isinstance(classifier, Classifier)
    tokens = part.networks.vision.whole(part.pixels(image))
    logits = classifier.layer(tokens[0, 0])
    for number in (0, 5, 999):
        mean = classifier.contributions(tokens, {number: 1.0}).mean()
        assert float(mean + classifier.layer.bias[number]) == pytest.approx(float(logits[number]), abs=1e-3)


@pytest.mark.parametrize("task", ["classify", "vqa"])
def test_a_map_is_a_square_of_shares(compact: Vision, image: Image.Image, task: str) -> None:
    answer = compact.run_whole(task, image, "what colour is it?").text
    shown = compact.evidence(task, image, "what colour is it?", answer)
    assert shown is not None and shown.shape == (8, 8) and shown.min() >= 0 and shown.max() in (0, pytest.approx(1))


def test_it_lies_where_the_thing_is(compact: Vision) -> None:
    """A drawn traffic light in one half of an empty photo; wherever it is named, the map is brighter there."""
    for left in (True, False):
        image = Image.new("RGB", (256, 256), (120, 150, 190))
        at = 24 if left else 168
        image.paste((25, 25, 25), (at, 40, at + 64, 216))
        for row, colour in enumerate(((230, 40, 30), (240, 190, 30), (40, 190, 80))):
            image.paste(colour, (at + 14, 50 + 56 * row, at + 50, 86 + 56 * row))
        shown = compact.evidence("classify", image, None, "traffic light")
        assert shown is not None
        halves = shown[:, :4].sum(), shown[:, 4:].sum()
        assert bool(halves[0] > halves[1]) == left


def test_features_give_the_same_map_as_the_photo(compact: Vision, image: Image.Image) -> None:
    answer = compact.run_whole("classify", image, None).text
    k = compact.profile.split_points("classify")[-1]
    whole = compact.evidence("classify", image, None, answer)
    exact = compact.engine.evidence_of("classify", compact.head("classify", image, k), k, "", answer)
    assert whole is not None and exact is not None and np.allclose(whole, exact, atol=1e-4)


def test_an_answer_that_the_model_cannot_give_is_refused(compact: Vision, image: Image.Image) -> None:
    with pytest.raises(UnknownAnswer):
        compact.evidence("classify", image, None, "no such name")


def test_a_wider_name_is_looked_for_by_all_its_classes(compact: Vision, image: Image.Image) -> None:
    wide, narrow = (compact.evidence("classify", image, None, name) for name in ("dog", "beagle"))
    assert wide is not None and narrow is not None and wide.shape == narrow.shape
    assert not np.allclose(wide, narrow)


def test_a_question_longer_than_the_model_reads_is_cut(compact: Vision, image: Image.Image) -> None:
    question = "what colour is the " + "very " * 90 + "big dog?"
    assert compact.evidence("vqa", image, question, "brown") is not None


def test_models_without_places_say_nothing(small: Vision, image: Image.Image) -> None:
    assert small.evidence("classify", image, None, "x") is None and small.evidence("vqa", image, "what?", "two") is None
