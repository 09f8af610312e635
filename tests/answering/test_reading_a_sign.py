"""What a sign says, asked on the whole stack and answered on the device and at the edge."""

import io
from typing import Any

import pytest
from PIL import Image

from bench.harness.stack import Stack
from tests.conftest import draw_photo
from tests.reading.conftest import LINES, draw

pytestmark = pytest.mark.slow
SIZE = (1280, 960)
HEIGHT = 80  # pixels of the letters; drawn on lines 176 pixels apart, the first 30 pixels from the top


def as_file(photo: Image.Image) -> bytes:
    out = io.BytesIO()
    photo.save(out, "JPEG", quality=90)
    return out.getvalue()


@pytest.fixture(scope="module")
def answers(stack: Stack) -> dict[str, dict[str, Any]]:
    """The answered turn for each forced route."""
    turns = {}
    for route in ("device", "edge"):
        photo = stack.upload(as_file(draw(size=SIZE, height=HEIGHT)), "jetson-b")
        turns[route] = stack.finished(stack.put("What does the sign say?", photo=photo, node="jetson-b", route=route)["id"])
        assert turns[route]["state"] == "answered", turns[route]["error"]
    return turns


def receipt_of(turn: dict[str, Any]) -> dict[str, Any]:
    (step,) = turn["steps"]
    return dict(step["receipt"])


@pytest.mark.parametrize("route", ["device", "edge"])
def test_both_routes_read_every_line_where_it_stands(answers: dict[str, dict[str, Any]], route: str) -> None:
    receipt = receipt_of(answers[route])
    assert receipt["task"] == "read" and receipt["answer"] == " / ".join(LINES)
    assert answers[route]["answer"] == f"It says “{' / '.join(LINES)}”."
    assert [line["text"] for line in receipt["lines"]] == list(LINES)
    for row, line in enumerate(receipt["lines"]):
        top = 30 + row * 176
        assert top < (line["top"] + line["bottom"]) / 2 * SIZE[1] < top + 1.25 * HEIGHT
        assert 0 < line["left"] < 0.05 and line["left"] + 0.2 < line["right"] < 1


@pytest.mark.parametrize("route", ["device", "edge"])
def test_the_receipt_says_where_the_photo_was_read_and_how_sure_that_is(answers: dict[str, dict[str, Any]], route: str) -> None:
    receipt = receipt_of(answers[route])
    sent, actual_ms = receipt["bytes"]["uplink"], receipt["actual_ms"]
    assert receipt["route"] == route and receipt["edge"] == (None if route == "device" else "edge-1")
    assert (0 < sent <= receipt["bytes"]["photo"]) if route == "edge" else sent == 0
    assert receipt["photo_left_device"] is (route == "edge") and receipt["confidence"] > 0.8
    assert actual_ms[route] > 0 and actual_ms["total"] == pytest.approx(sum(actual_ms.values()) - actual_ms["total"], abs=1)


def test_text_is_never_read_from_features(answers: dict[str, dict[str, Any]]) -> None:
    for turn in answers.values():
        assert {candidate["route"] for candidate in receipt_of(turn)["candidates"]} == {"device", "edge"}


@pytest.mark.parametrize("route", ["device", "edge"])
def test_a_photo_without_text_says_so(stack: Stack, route: str) -> None:
    photo = stack.upload(draw_photo(3, (640, 480)))
    turn = stack.finished(stack.put("What does the sign say?", photo=photo, route=route)["id"])
    assert turn["state"] == "answered" and turn["answer"] == "I found no text in the photo."
    (step,) = turn["steps"]
    assert step["receipt"]["route"] == route and "lines" not in step["receipt"]
