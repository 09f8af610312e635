"""A step that looks at a part of the photo: cut where the photo is, on every route, and held for no other question."""

import io
from dataclasses import replace
from typing import Any

import pytest
from django.dispatch import Signal
from PIL import Image

from devices.contract.values import Crop
from inference.answering import execute
from inference.engine.photos.cropping import cut
from inference.models import Photo
from inference.placement import routes
from inference.placement.prediction import Candidate
from tests.answering.conftest import HIGH, PHOTO, K, Pair
from tests.conftest import draw_photo

QUESTION = "what colour is it?"
PART = Crop(left=0.5, top=0.25, right=1.0, bottom=0.75)


def _candidate(route: Any, **more: Any) -> Candidate:
    fields: dict[str, Any] = {"split_at": None, "level": None, "codec": None, "quality": None, **more}
    ordered = (fields.pop(name) for name in ("split_at", "level", "codec", "quality"))
    return Candidate(route, *ordered, 1000, 1.0, 1.0, None, edge="edge-t", **fields)


WAYS = {
    "device": _candidate(routes.DEVICE),
    "edge as it is": _candidate(routes.EDGE),
    "edge encoded": _candidate(routes.EDGE, codec="webp", quality=80),
    "split": _candidate(routes.SPLIT, split_at=K, level=HIGH),
}


def _seen(pair: Pair, way: str, crop: Crop | None) -> execute.Outcome:
    return execute.run(replace(pair.step("vqa"), question=QUESTION, crop=crop), WAYS[way], None)


@pytest.fixture(scope="module")
def part_alone() -> bytes:
    out = io.BytesIO()
    cut(Image.open(io.BytesIO(draw_photo(4))).convert("RGB"), PART).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("way", WAYS)
def test_each_route_sees_the_part_and_nothing_else(pair: Pair, way: str, part_alone: bytes) -> None:
    expected = pair.device.vision.run_whole("vqa", Image.open(io.BytesIO(part_alone)), QUESTION)
    outcome = _seen(pair, way, PART)
    assert outcome.answer is not None and outcome.crop == PART
    if way == "device":
        assert (outcome.answer.text, outcome.answer.confidence) == (expected.text, pytest.approx(expected.confidence, abs=1e-4))
    else:
        assert outcome.answer.text == expected.text  # an encoding changes the numbers a little
        assert outcome.uplink_bytes > 0


def test_no_more_of_the_photo_is_sent_than_the_part(pair: Pair) -> None:
    sizes = list[tuple[int, int]]()

    def look(slug: str, verb: str, reply: Any) -> Any:
        if verb == "send_photo":
            data = pair.device.runtime.redis.get(pair.device.runtime.key("blob:turn-1-0"))
            sizes.append(Image.open(io.BytesIO(data)).size)
        return reply

    pair.tamper = look
    whole, part = (_seen(pair, "edge as it is", crop).uplink_bytes for crop in (None, PART))
    (width, height), (part_width, part_height) = sizes
    assert (part_width, part_height) == (width // 2, height // 2)
    assert part < whole


def test_features_of_a_part_are_not_taken_for_those_of_the_photo(pair: Pair) -> None:
    whole, part = (_seen(pair, "split", crop) for crop in (None, PART))
    again = _seen(pair, "split", None)
    assert again.answer is not None and whole.answer is not None and part.answer is not None
    assert again.answer.confidence == whole.answer.confidence
    assert part.answer.confidence != whole.answer.confidence
    assert again.head_ready and not part.head_ready
    other = Crop(left=0.0, top=0.0, right=0.5, bottom=0.5)
    assert not _seen(pair, "split", other).head_ready


def test_forgetting_a_photo_forgets_its_parts(pair: Pair) -> None:
    _seen(pair, "split", PART)
    context = pair.device.stages.context
    key = PHOTO, context.vision.tower("vqa"), K, PART
    assert context.heads.get(key) is not None
    pair.device.call("forget", photo=PHOTO)
    assert context.heads.get(key) is None


def test_a_part_teaches_the_search_nothing_about_the_photo(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    heard, photo = list[Any](), Photo()

    def hear(sender: Any, answers: Any, **_: Any) -> None:
        heard.extend(answers)

    monkeypatch.setattr(execute, "answered", Signal())
    execute.answered.connect(hear)
    execute.announce([(photo, _seen(pair, "device", PART)), (photo, _seen(pair, "device", None))])
    assert len(heard) == 1


def test_a_part_that_is_none_is_refused(pair: Pair) -> None:
    crop = {"left": 0.5, "top": 0.1, "right": 0.5, "bottom": 0.2}
    assert pair.device.fails("run_whole", task="vqa", question="what is it?", photo=PHOTO, crop=crop) == "bad_arguments"


@pytest.mark.parametrize(
    ("crop", "size"),
    [
        (Crop(left=0.0, top=0.0, right=0.5, bottom=0.5), (50, 40)),
        (Crop(left=0.999, top=0.999, right=1.0, bottom=1.0), (16, 16)),
        (Crop(left=0.5, top=0.0, right=0.501, bottom=1.0), (16, 80)),
        (None, (100, 80)),
    ],
)
def test_a_sliver_is_widened_within_the_photo(crop: Crop | None, size: tuple[int, int]) -> None:
    assert cut(Image.new("RGB", (100, 80)), crop).size == size
