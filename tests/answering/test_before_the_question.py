"""What is done while the person types: the photo is on a device, its head is computed, and the link has carried nothing."""

import json
from typing import Any

import httpx
import pytest

from bench.harness.processes import wait_for
from bench.harness.stack import Stack
from tests.conftest import draw_photo

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def asked(stack: Stack) -> list[dict[str, Any]]:
    """Three questions about one photo, one after the other."""
    photo = stack.upload(draw_photo(11, (640, 480)))
    told = {"photo": photo, "node": "jetson-b", "route": "split"}
    first = stack.finished(stack.put("What is in this photo?", **told)["id"])
    conversation = first["conversation"]
    more = (stack.put(question, **told, conversation=conversation) for question in ("What is it?", "Describe it."))
    return [first, *(stack.finished(turn["id"]) for turn in more)]


def receipt(turn: dict[str, Any]) -> dict[str, Any]:
    assert turn["state"] == "answered", turn["error"]
    found: dict[str, Any] = turn["steps"][0]["receipt"]
    return found


def test_a_photo_that_was_uploaded_is_on_a_device_before_the_question(stack: Stack) -> None:
    photo = stack.upload(draw_photo(12, (640, 480)))
    wait_for(lambda: _placed(stack, photo) != {}, 20, "the photo was not placed")
    told = receipt(stack.finished(stack.put("What is this?", photo=photo)["id"]))
    assert told["ready"]["placed"] and told["bytes"]["placing"] == 0


def _placed(stack: Stack, photo: str) -> dict[str, Any]:
    code = f"from inference.models import Photo; import json; print(json.dumps(Photo.objects.get(pk='{photo}').placed))"
    found: dict[str, Any] = json.loads(stack.manage("shell", "--no-imports", "-c", code).stdout.strip().splitlines()[-1])
    return found


def test_the_head_is_computed_before_the_question(stack: Stack) -> None:
    photo = stack.upload(draw_photo(13, (640, 480)))
    wait_for(lambda: any(entry["ready"] for entry in _placed(stack, photo).values()), 30, "no head was computed")
    (slug, entry), *_ = _placed(stack, photo).items()
    told = receipt(stack.finished(stack.put("What is this?", photo=photo, node=slug, route="split")["id"]))
    chosen = next(c for c in told["candidates"] if c["chosen"])
    assert told["ready"]["head"] and chosen["ready"]
    assert told["split_at"] in {k for points in entry["ready"].values() for k in points}


def test_a_photo_nobody_asks_about_costs_nothing_on_the_link(stack: Stack) -> None:
    def samples() -> int:
        code = "from devices.models import Sample; print(Sample.objects.count())"
        return int(stack.manage("shell", "--no-imports", "-c", code).stdout.strip().splitlines()[-1])

    before = samples()
    photo = stack.upload(draw_photo(14, (640, 480)))
    # Heads may follow, where a split would win once they cost nothing; that is for what was measured until now to say.
    wait_for(lambda: _placed(stack, photo), 30, "the photo was not placed", every=0.5)
    assert samples() == before


def test_a_later_question_about_the_photo_sends_nothing_and_says_so(asked: list[dict[str, Any]]) -> None:
    sent, *later = [receipt(turn) for turn in asked]
    assert not sent["held"] and sent["bytes"]["uplink"] > 0
    for told in later:
        if told["held"]:
            assert told["bytes"]["uplink"] == 0 and "still at the edge" in told["reason"]
            assert told["levels"] == [{"level": told["level"], "bytes": 0, "confidence": told["confidence"]}]
        else:  # a busy machine may compute so slowly that a few bytes and a shorter tail are sooner there
            kept = [one for one in told["candidates"] if one["held"]]
            assert kept or told["task"] != sent["task"], "what the edge kept was not offered"
            assert all(told["predicted_ms"] <= one["predicted_ms"] for one in kept if one["allowed"])


def test_every_answer_tells_the_levels_it_was_given_from(asked: list[dict[str, Any]]) -> None:
    for turn in asked:
        told = receipt(turn)
        assert told["levels"][-1]["confidence"] == told["confidence"]
        assert sum(one["bytes"] for one in told["levels"]) == told["bytes"]["uplink"]


def test_what_left_the_device_is_shown_as_a_picture(stack: Stack, asked: list[dict[str, Any]]) -> None:
    found = stack.owner.get(f"/api/v1/turns/{asked[0]['id']}/steps/1/rebuild.jpg")
    assert found.status_code == 200, found.text
    assert found.headers["content-type"] == "image/jpeg" and found.content[:2] == b"\xff\xd8"


def test_a_stranger_sees_no_rebuilt_photo(stack: Stack, asked: list[dict[str, Any]]) -> None:
    found = httpx.get(f"{stack.url}/api/v1/turns/{asked[0]['id']}/steps/1/rebuild.jpg")
    assert found.status_code == 401


def test_a_step_that_sent_no_features_has_no_picture(stack: Stack) -> None:
    photo = stack.upload(draw_photo(15, (320, 240)))
    turn = stack.finished(stack.put("What is this?", photo=photo, route="device")["id"])
    found = stack.owner.get(f"/api/v1/turns/{turn['id']}/steps/1/rebuild.jpg")
    assert found.status_code == 404 and found.json()["error"]["code"] == "no_features"
    assert stack.owner.get(f"/api/v1/turns/{turn['id']}/steps/9/rebuild.jpg").status_code == 404


def test_a_restarted_edge_is_sent_the_features_again_without_a_fallback(stack: Stack) -> None:
    photo = stack.upload(draw_photo(16, (640, 480)))
    told = {"photo": photo, "node": "jetson-b", "route": "split"}
    first = receipt(stack.finished(stack.put("What is this?", **told)["id"]))
    stack.kill(stack.node("edge-1"))
    wait_for(lambda: not stack.ready(), 30, "the edge was not missed")
    wait_for(stack.ready, 90, "the edge did not come back")
    again = stack.finished(stack.put("What is this?", **told)["id"])
    told_again = receipt(again)
    assert not told_again["held"] and told_again["bytes"]["uplink"] > 0 and told_again["fell_back_from"] == []
    assert told_again["answer"] == first["answer"] or told_again["split_at"] != first["split_at"]
    gone = stack.owner.get(f"/api/v1/turns/{again['id']}/steps/1/rebuild.jpg")
    assert gone.status_code == 200


def test_a_deleted_conversation_leaves_no_photo_on_the_device(stack: Stack) -> None:
    turn = stack.finished(stack.put("What is this?", photo=stack.upload(draw_photo(17)), node="jetson-b")["id"])
    kept = stack.var / "nodes" / "jetson-b" / "photos" / f"{turn['photo']['id']}.jpg"
    assert kept.exists()
    path = f"/api/v1/conversations/{turn['conversation']}"
    wait_for(lambda: stack.owner.delete(path).is_success, 10, "the conversation was not deleted", every=0.5)
    wait_for(lambda: not kept.exists(), 15, "the photo stayed on the device")
