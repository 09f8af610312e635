"""A whole turn in this process about a label that is known by its text: it is read, and then looked at where it stands."""

import io
import uuid
from typing import Any

import pytest
from django.utils import timezone
from PIL import Image, ImageDraw, ImageFont

from devices.models import Node
from inference.answering import edge_cache, turns
from inference.models import Photo, Turn
from inference.photos import store
from tests.answering.conftest import Pair, carry_out

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("online")]
SIZE = (1280, 960)


@pytest.fixture(autouse=True)
def heartbeats(pair: Pair) -> None:
    """Loading the reader may take longer than a node may be silent."""

    def beat(slug: str, verb: str, reply: Any) -> Any:
        Node.objects.update(last_seen=timezone.now())
        return reply

    pair.tamper = beat


@pytest.fixture
def photo(owner: Any) -> Photo:
    labels, out = Image.new("RGB", SIZE, (226, 205, 150)), io.BytesIO()
    pen = ImageDraw.Draw(labels)
    for text, at, colour in (("PAID", (120, 120), (190, 30, 30)), ("NOT YET", (700, 650), (30, 60, 170))):
        pen.rectangle((at[0] - 40, at[1] - 40, at[0] + 420, at[1] + 150), fill=colour)
        pen.text(at, text, fill=(250, 250, 250), font=ImageFont.load_default(80))
    labels.save(out, "JPEG", quality=90)
    stored: Photo = store.store(owner, [out.getvalue()])
    return stored


def _asked(owner: Any, photo: Photo, question: str, **how: Any) -> tuple[Turn, list[Any]]:
    turn = turns.ask(owner, uuid.uuid4(), question, photo, **how)
    carry_out(turn)
    turn.refresh_from_db()
    return turn, list(turn.steps.order_by("number"))


def test_the_receipt_says_which_part_was_looked_at(owner: Any, photo: Photo, pair: Pair) -> None:
    turn, (read, looked) = _asked(owner, photo, "What colour is the label that says PAID?", policy="private")
    assert looked.state == "answered" and turn.plan, looked.error
    (paid,) = [line for line in read.receipt["lines"] if line["text"] == "PAID"]
    crop = looked.receipt["crop"]
    assert "crop" not in read.receipt and turn.plan["steps"][1]["look_at"]["text"] == "PAID"
    assert crop["left"] < paid["left"] and paid["right"] < crop["right"] < 0.5 and crop["bottom"] < 0.5
    assert not looked.receipt["photo_left_device"] and "jetson-t.send_photo" not in pair.calls
    edge, tasks = looked.receipt["edge"], ["classify", "caption", "vqa"]
    if edge:
        assert edge_cache.cached_levels(photo, turn.finished, tasks) == {}, "those features are of a part"
    photo.refresh_from_db()
    assert photo.placed["jetson-t"]["ready"] == {}, "so is that head"


def test_a_text_that_is_not_there_is_no_reason_to_look_elsewhere(owner: Any, photo: Photo) -> None:
    turn, (read, looked) = _asked(owner, photo, "What colour is the label that says RETURNED?")
    assert (read.state, looked.state) == ("answered", "failed")
    assert "“RETURNED”" in looked.error["message"] and "“RETURNED”" in turn.answer


@pytest.mark.parametrize("route", ["device", "edge"])
def test_only_the_label_that_is_meant_is_read(owner: Any, photo: Photo, route: str) -> None:
    turn, (read,) = _asked(owner, photo, "What does the label on the left say?", route=route)
    assert turn.state == "answered" and turn.answer == "It says “PAID”.", turn.error
    assert [line["text"] for line in read.receipt["lines"]] == ["PAID"]
