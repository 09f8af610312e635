"""When an engine gives what the bundle's reference says: numbers within a tolerance, and texts where rounding cannot choose."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from inference.engine import catalogue
from inference.engine.answer import Answer
from inference.engine.bundles import reference
from inference.engine.bundles.store import Store
from inference.engine.engines.networks import Array
from inference.engine.engines.part import Part, Trace
from inference.engine.engines.torch_engine import TorchEngine
from inference.engine.engines.torch_networks import TorchText, TorchVision

Compare = Callable[[TorchEngine, str], str]


@pytest.fixture
def engine() -> TorchEngine:
    return TorchEngine(catalogue.profile("compact"), threads=1)


@pytest.fixture
def compared(bundles: Store) -> Compare:
    folder = bundles.current("compact")
    assert folder is not None

    def difference(engine: TorchEngine, precision: str) -> str:
        points = {task: engine.profile.split_points(task) for task in engine.parts}
        return reference.difference(folder, engine.parts, points, precision)

    return difference


def modules(engine: TorchEngine) -> Iterator[nn.Module]:
    """Every one, with the weights of its own."""
    for part in engine.parts.values():
        vision, text = part.networks.vision, part.networks.text
        assert isinstance(vision, TorchVision)
        yield from (module for module in vision.tower.on_device(vision.tower.depth) for module in module.modules())
        if isinstance(text, TorchText):
            own = (text.memory, text.decoder, text.encoder, text.adapter)
            yield from (inner for module in own if module is not None for inner in module.modules())


def to_half(values: Any) -> Any:
    if isinstance(values, tuple):
        return tuple(map(to_half, values))
    return values.half().float() if isinstance(values, torch.Tensor) and values.is_floating_point() else values


@pytest.fixture
def half(engine: TorchEngine) -> TorchEngine:
    """Computes as in half precision: every weight, and every result of a module, is rounded to it."""
    for module in modules(engine):
        for weight in module.parameters(recurse=False):
            weight.data = to_half(weight.data)
        module.register_forward_hook(lambda module, values, result: to_half(result))
    return engine


def test_the_weights_agree(engine: TorchEngine, compared: Compare) -> None:
    assert compared(engine, "float32") == ""


def test_half_precision_is_within_its_tolerance_and_not_within_that_of_float32(half: TorchEngine, compared: Compare) -> None:
    assert compared(half, "float16") == ""
    assert "differ from the reference by" in compared(half, "float32")


def noisy_decoder(engine: TorchEngine, task: str) -> None:
    text = engine.parts[task].networks.text
    assert isinstance(text, TorchText)
    generator = torch.Generator().manual_seed(1)
    for weight in text.decoder.parameters():
        weight.data += 0.3 * weight.std() * torch.randn(weight.shape, generator=generator)


def other_classes(engine: TorchEngine, task: str) -> None:
    layer = engine.parts[task].networks.classifier
    assert layer is not None
    layer.weight[:] = np.roll(layer.weight, 1, axis=0)


@pytest.mark.parametrize(("task", "fault"), [("caption", noisy_decoder), ("vqa", noisy_decoder), ("classify", other_classes)])
def test_what_is_wrong_behind_the_tower_is_noticed_in_half_precision(
    task: str, fault: Callable[[TorchEngine, str], None], half: TorchEngine, compared: Compare
) -> None:
    fault(half, task)
    assert compared(half, "float16").startswith(f"Its {task}.logits differ from the reference by")


class Chooser:
    """A task whose answer is the number of its largest logit."""

    def __init__(self, *logits: float) -> None:
        self.logits = np.array([logits], np.float32)

    def trace(self, tokens: Array, question: str, ids: Sequence[int] | None = None) -> Trace:
        return Trace(list(ids or [int(self.logits.argmax())]), self.logits)

    def answers(self, tokens: Array, questions: Sequence[str]) -> list[Answer]:
        return [Answer(str(self.logits.argmax()), 0.5, []) for _ in questions]

    def evidence(self, tokens: Array, question: str, text: str) -> None:
        return None


class Untraced(Chooser):
    trace = None  # type: ignore[assignment]


def parts(answering: Any) -> dict[str, Part]:
    vision = SimpleNamespace(whole=lambda pixels: np.ones((1, 2, 3), np.float32))
    return {"choose": Part(SimpleNamespace(vision=vision), lambda image: image, {}, answering)}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("logits", "precision", "sentence"),
    [
        ((1.0, 10.0, 9.9), "float32", ""),
        ((1.0, 9.9, 10.0), "float16", ""),  # another answer, between two that half precision does not tell apart
        ((1.0, 9.9, 10.0), "float32", "Its choose.logits differ from the reference by 1 %"),
        ((1.0, 9.0, 10.0), "float16", "Its choose.logits differ from the reference by 10 %"),
        ((1.0, np.nan, 10.0), "float16", "Its choose.logits differ from the reference by nan %"),
        ((1.0, 10.0), "float16", "Its choose.logits differ from the reference by inf %"),
    ],
)
def test_a_text_may_differ_where_the_choice_is_closer_than_the_tolerance(
    logits: tuple[float, ...], precision: str, sentence: str, tmp_path: Path
) -> None:
    reference.write(tmp_path, parts(Chooser(1.0, 10.0, 9.9)), {"choose": ()})
    difference = reference.difference(tmp_path, parts(Chooser(*logits)), {"choose": ()}, precision)
    assert difference.startswith(sentence) and bool(difference) == bool(sentence)


def test_in_float32_the_text_is_the_same_even_where_the_choice_is_close(tmp_path: Path) -> None:
    reference.write(tmp_path, parts(Chooser(1.0, 10.0, 9.999)), {"choose": ()})
    close = parts(Chooser(1.0, 9.999, 10.0))
    assert reference.difference(tmp_path, close, {"choose": ()}, "float32") == (
        "It answers choose with “2” where the reference has “1”."
    )


def test_without_logits_the_text_alone_can_be_compared(tmp_path: Path) -> None:
    reference.write(tmp_path, parts(Untraced(1.0, 10.0, 9.9)), {"choose": ()})
    other = reference.difference(tmp_path, parts(Untraced(1.0, 9.9, 10.0)), {"choose": ()}, "float16")
    assert other == "It answers choose with “2” where the reference has “1”."
