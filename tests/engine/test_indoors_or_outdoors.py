"""Which questions ask whether a photo was taken indoors, and what the layer on the tower says."""

import numpy as np
import pytest

from inference.engine.mean_token import scenes
from inference.engine.mean_token.scenes import SceneLayer
from inference.engine.questions import kinds


@pytest.mark.parametrize(
    "question",
    ["is it indoors or outdoors?", "is this photo inside or outside?", "was it taken indoors or outdoors?", "out or inside?"],
)
def test_a_choice_between_both_is_known(question: str) -> None:
    assert scenes.asked(kinds.read(question)) == (scenes.INDOORS, scenes.OUTDOORS)


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("is it outdoors?", scenes.OUTDOORS),
        ("was this photo taken indoors?", scenes.INDOORS),
        ("are they outside?", scenes.OUTDOORS),
        ("is it in a room?", scenes.INDOORS),
    ],
)
def test_a_question_for_one_of_them_is_answered_with_yes_or_no(question: str, wanted: str) -> None:
    reading = kinds.read(question)
    assert (scenes.asked(reading), scenes.wanted(reading)) == (("yes", "no"), wanted)


@pytest.mark.parametrize("question", ["is the dog inside the box?", "is it red or blue?", "what is outside?", "a hut?"])
def test_other_questions_are_none_of_its_business(question: str) -> None:
    assert scenes.asked(kinds.read(question)) == ()


def test_the_layer_gives_a_probability() -> None:
    layer = SceneLayer(b"", np.array([2.0, 0.0], np.float32), 0.0)
    assert layer.outdoors(np.array([5, 1], np.float32)) > 0.99 > 0.01 > layer.outdoors(np.array([-5, 1], np.float32))
