"""A label that is known by its text, asked about over the whole stack: it is read, and then looked at where it stands."""

import io
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

from bench.harness.stack import Stack

pytestmark = pytest.mark.slow
SIZE = (1280, 960)


def _labels() -> bytes:
    photo, out = Image.new("RGB", SIZE, (226, 205, 150)), io.BytesIO()
    pen = ImageDraw.Draw(photo)
    for text, at, colour in (("PAID", (120, 120), (190, 30, 30)), ("NOT YET", (700, 650), (30, 60, 170))):
        pen.rectangle((at[0] - 40, at[1] - 40, at[0] + 420, at[1] + 150), fill=colour)
        pen.text(at, text, fill=(250, 250, 250), font=ImageFont.load_default(80))
    photo.save(out, "JPEG", quality=90)
    return out.getvalue()


def _asked(stack: Stack, question: str, **how: Any) -> dict[str, Any]:
    photo = stack.upload(_labels(), "jetson-b")
    turn = stack.finished(stack.put(question, photo=photo, node="jetson-b", **how)["id"])
    return dict(turn)


def test_the_receipt_says_which_part_was_looked_at(stack: Stack) -> None:
    turn = _asked(stack, "What colour is the label that says PAID?")
    assert turn["state"] == "answered", turn["error"]
    read, looked = (step["receipt"] for step in turn["steps"])
    (paid,) = [line for line in read["lines"] if line["text"] == "PAID"]
    crop = looked["crop"]
    assert "crop" not in read and turn["plan"]["steps"][1]["look_at"]["text"] == "PAID"
    assert crop["left"] < paid["left"] and crop["right"] > paid["right"] and crop["right"] < 0.5 and crop["bottom"] < 0.5
    assert looked["bytes"]["uplink"] < looked["bytes"]["photo"]


def test_a_text_that_is_not_there_is_no_reason_to_look_elsewhere(stack: Stack) -> None:
    turn = _asked(stack, "What colour is the label that says RETURNED?")
    read, looked = turn["steps"]
    assert read["state"] == "answered" and looked["state"] == "failed"
    assert "“RETURNED”" in looked["error"]["message"] and "“RETURNED”" in turn["answer"]


@pytest.mark.parametrize("route", ["device", "edge"])
def test_only_the_label_that_is_meant_is_read(stack: Stack, route: str) -> None:
    turn = _asked(stack, "What does the label on the left say?", route=route)
    assert turn["state"] == "answered" and turn["answer"] == "It says “PAID”.", turn["error"]
    assert [line["text"] for line in turn["steps"][0]["receipt"]["lines"]] == ["PAID"]
