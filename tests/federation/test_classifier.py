"""A finished run's model names what is in a photo, wherever that lies."""

from typing import Any

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save

from federation.app import classifier, data, task

CARD: dict[str, Any] = {"model": "cnn-small", "dataset": "digits", "classes": [str(digit) for digit in range(10)]}


@pytest.fixture(scope="module")
def weights() -> bytes:
    """Of a model that learned the digits for a moment."""
    examples, _ = data.load("digits", False, data.root())
    model = task.build("cnn-small", "digits", 10, 1)
    task.train(model, examples, task.LocalTraining(epochs=3, batch_size=16, learning_rate=0.05, seed=1))
    return save(task.arrays_of(model))


def shown(pixels: np.ndarray, ink: bool) -> Image.Image:
    """A digit as a camera sees it: larger, and dark on light if it is ink on paper."""
    light = 255 - pixels if ink else pixels
    return Image.fromarray(light).convert("RGB").resize((320, 320), Image.Resampling.BOX)


@pytest.mark.parametrize("ink", [False, True])
def test_it_names_digits_it_never_saw_in_light_and_in_ink(weights: bytes, ink: bool) -> None:
    tested, _ = data.load("digits", True, data.root())
    named = classifier.load(CARD, weights)
    rows = range(0, len(tested), 6)
    right = [
        named.probabilities(shown(tested.pixels[row, 0].numpy(), ink))[0][0] == str(int(tested.labels[row])) for row in rows
    ]
    assert np.mean(right) > 0.85


def test_every_class_has_its_share_and_the_likeliest_comes_first(weights: bytes) -> None:
    ranking = classifier.load(CARD, weights).probabilities(Image.new("RGB", (40, 30), (200, 30, 90)))
    assert sorted(name for name, _ in ranking) == sorted(CARD["classes"])
    assert sum(share for _, share in ranking) == pytest.approx(1, abs=1e-5)
    assert [share for _, share in ranking] == sorted((share for _, share in ranking), reverse=True)


@pytest.mark.parametrize(
    ("card", "spoil"),
    [
        ({**CARD, "model": "../secret"}, bytes),
        ({**CARD, "classes": ["only", "two"]}, bytes),
        ({**CARD, "model": "resnet-small"}, bytes),
        (CARD, lambda weights: weights[:-9]),
        (CARD, lambda weights: b"\xff" * 400),
        (CARD, lambda weights: b""),
    ],
)
def test_weights_and_cards_that_do_not_fit_are_refused(weights: bytes, card: dict[str, Any], spoil: Any) -> None:
    with pytest.raises(ValueError, match="Its "):
        classifier.load(card, spoil(weights))
