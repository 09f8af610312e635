"""A person makes a watch, in the form and in the chat, sees its events as they come, and says which of them are wrong."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from bench.harness.stack import Stack
from tests.browser.conftest import ANSWER_MS, Tab
from tests.watches.scripted_camera import CAT, EMPTY, ScriptedCamera

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NOW = datetime.now(UTC)
OLD = 900_001  # the id of a watch, and of an event that 150 newer ones keep off the page
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def camera(stack: Stack) -> Iterator[ScriptedCamera]:
    scripted = ScriptedCamera(stack.var / "shots")
    yield scripted
    scripted.stop()
    for watch in stack.owner.get("/api/v1/watches?limit=100").json()["items"]:
        stack.owner.delete(f"/api/v1/watches/{watch['id']}")
    shutil.rmtree(stack.var / "nodes" / "jetson-a" / "labelled", ignore_errors=True)


def _fill(page: Page, **fields: str) -> None:
    for name, text in fields.items():
        page.fill(f"#{name}", text)


def _started(page: Page, title: str) -> None:
    page.click("#save")
    page.wait_for_url("**/watches/")
    expect(page.locator(".watch", has_text=title).locator(".watch-state")).to_have_text("watching", timeout=ANSWER_MS)


def test_a_watch_is_made_its_event_comes_by_itself_and_is_marked_wrong(tab: Tab, camera: ScriptedCamera, stack: Stack) -> None:
    page = tab.open("/watches/new/")
    page.click("#look")
    page.locator("#trouble", has_text="are not allowed").wait_for()
    stack.owner.put("/api/v1/nodes/jetson-a/camera-access/" + page.input_value("#place").split("/")[1], json={"preview": True})
    page.click("#look")
    page.locator("#preview img").wait_for(timeout=ANSWER_MS)
    box: Any = page.locator("#preview").bounding_box()
    page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 0.1 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.95 * box["width"], box["y"] + 0.95 * box["height"], steps=4)
    page.mouse.up()
    assert page.input_value("#left") == "10" and page.input_value("#bottom") == "95"
    page.click("#whole")
    _fill(page, looks_for="asdf qwer", per_second="3", cool_down_s="0")
    page.click("#save")
    page.locator("#trouble", has_text="No model knows what “asdf qwer” is.").wait_for()
    _fill(page, looks_for="cat", title="Our cat")
    _started(page, "Our cat")
    camera.scene = CAT
    event = page.locator(".event", has_text="Our cat on shots").first
    event.get_by_text("still there").wait_for(timeout=ANSWER_MS)
    sizes = "(parts) => parts.filter((part) => part.checkVisibility()).map((part) => getComputedStyle(part).fontSize)"
    assert len(set(page.locator("main h2").evaluate_all(sizes))) == 1
    event.locator(".caption").wait_for(timeout=ANSWER_MS)
    event.get_by_role("button", name="Wrong").click()
    event.get_by_label("What the picture shows").fill("no cat")
    camera.scene = EMPTY  # the event ends while somebody types
    event.get_by_role("button", name="Label it").click()
    event.get_by_text("Labelled “no cat” on the device").wait_for(timeout=ANSWER_MS)
    expect(event.get_by_text("still there")).to_have_count(0, timeout=ANSWER_MS)
    event.get_by_role("button", name="Show the picture").click()
    event.locator(".picture img").wait_for(timeout=ANSWER_MS)
    event.get_by_text("The picture left the device").wait_for()
    event.get_by_role("button", name="Keep the picture of: ").click()
    event.get_by_text("The picture is in your library.").wait_for(timeout=ANSWER_MS)
    expect(event.get_by_role("link", name="Library")).to_be_visible()
    photos = [one["photo"] for one in stack.owner.get("/api/v1/watches/events").json()["items"] if one["photo"]]
    assert len(photos) == 1
    assert stack.owner.delete(f"/api/v1/photos/{photos[0]}").status_code == 204  # other tests search for cats
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate(OVERFLOW) == 0
    page.select_option("#by-kind", "camera_lost")
    page.get_by_text("No event fits these filters.").wait_for()
    errors = [error for error in tab.errors if "422" not in error and "403" not in error]  # the refusals
    assert errors == []


def test_a_training_run_is_chosen_and_what_its_device_cannot_do_with_it_is_said(
    tab: Tab, stack: Stack, camera: ScriptedCamera
) -> None:
    place = stack.var / "federated" / "900000"
    place.mkdir(parents=True)
    card = {"model": "cnn-small", "dataset": "photos", "classes": ["Mauzi", "nobody"], "accuracy": 0.9, "owner": 1}
    (place / "model.safetensors").write_bytes(b"of another kind")
    (place / "card.json").write_text(json.dumps(card))
    try:
        page = tab.open("/watches/new/")
        _fill(page, looks_for="mauzi", title="The cat of run 900000")
        page.get_by_role("button", name="Use its model").click()
        expect(page.locator("#run")).to_have_value("900000")
        expect(page.locator("#by")).to_be_disabled()
        page.get_by_text("it answers one of Mauzi, nobody").wait_for()
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate(OVERFLOW) == 0
        page.click("#save")
        page.wait_for_url("**/watches/")
        card_of_watch = page.locator(".watch", has_text="The cat of run 900000")
        card_of_watch.get_by_text("jetson-a cannot evaluate it now: The model of this training run cannot be used.").wait_for(
            timeout=ANSWER_MS
        )
        shutil.rmtree(place)
        card_of_watch.get_by_text("The model of run 900000 does not exist any more.").wait_for(timeout=ANSWER_MS)
        card_of_watch.get_by_role("link", name="Change").click()
        page.get_by_text("Its model does not exist any more.").wait_for()
        expect(page.locator("#run")).to_have_value("900000")
        assert tab.errors == []
    finally:
        shutil.rmtree(place, ignore_errors=True)


def test_a_sentence_becomes_a_draft_that_a_person_starts(tab: Tab, stack: Stack, camera: ScriptedCamera) -> None:
    page = tab.open()
    tab.ask("Tell me when a cat is on camera shots, but not between 10 pm and 6 am")
    assert "Nothing is watched before you start it." in tab.answer()
    assert [watch["state"] for watch in stack.owner.get("/api/v1/watches").json()["items"]][-1] == "draft"
    page.get_by_role("link", name="Look at the draft watch").click()
    page.get_by_role("heading", name="Draft: cat").wait_for()
    expect(page.locator("#looks_for")).to_have_value("cat")  # once the script has filled the form
    assert (page.input_value("#looks_for"), page.input_value("#start"), page.input_value("#until")) == ("cat", "22:00", "06:00")
    assert page.input_value("#place") == "jetson-a/shots"
    _started(page, "cat")
    page.locator(".watch", has_text="cat").get_by_role("button", name="Pause").click()
    expect(page.locator(".watch", has_text="cat").locator(".watch-state")).to_have_text("paused")
    assert tab.errors == []


@pytest.fixture
def many_events(stack: Stack) -> Iterator[None]:
    """151 events of a watch, of which the oldest was three days ago and is marked as wrong, and 30 of its camera."""
    rows = [(OLD, "raised", timedelta(days=3), "no dog")]
    rows += [(OLD + 1 + n, "raised", timedelta(minutes=2 * n), "") for n in range(150)]
    rows += [(OLD + 500 + n, "camera_lost", timedelta(hours=10 + n / 10), "") for n in range(30)]
    with closing(sqlite3.connect(stack.var / "isthmus.sqlite3", timeout=30)) as database, database:
        database.execute(
            "INSERT INTO watches_watch (id, owner_id, node, camera, title, settings, state, version, applied, why, obstacle,"
            " unable, created) VALUES (?, 1, 'jetson-a', 'attic', 'Dogs', ?, 'paused', 1, 1, '{}', '', '', ?)",
            (OLD, json.dumps({"looks_for": "dog"}), f"{NOW:%Y-%m-%d %H:%M:%S}"),
        )
        for pk, kind, ago, label in rows:
            at = f"{NOW - ago:%Y-%m-%d %H:%M:%S}"
            database.execute(
                "INSERT INTO watches_event (id, uid, number, watch_id, kind, at, ended, received, label, node, camera, sure,"
                " seen, caption, has_snapshot, check_state, receipt, dropped)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'jetson-a', 'attic', 1, '', '', 1, '', '{}', 0)",
                (pk, f"made-{pk}", pk, OLD if kind == "raised" else None, kind, at, at, at, label),
            )
    yield
    stack.owner.delete(f"/api/v1/watches/{OLD}")
    with closing(sqlite3.connect(stack.var / "isthmus.sqlite3", timeout=30)) as database, database:
        database.execute("DELETE FROM watches_event WHERE id >= ?", (OLD,))


def test_filters_lanes_and_links_reach_what_the_page_has_not_loaded(tab: Tab, many_events: None) -> None:
    page = tab.open(f"/watches/?event={OLD}")
    alone = page.locator(f"#single #event-{OLD}")
    expect(alone).to_contain_text("Dogs on attic")
    expect(alone).to_be_focused()
    assert page.locator("#events .event").count() == 100
    expect(page.locator("#timeline rect.fault")).not_to_have_count(0)  # ten hours ago, behind 150 newer events
    page.click("#close-single")
    expect(alone).to_have_count(0)
    page.select_option("#by-kind", "camera_lost")
    expect(page.locator("#events .event")).to_have_count(30)
    expect(page.locator("#timeline rect.raised")).to_have_count(0)
    page.click("#clear")
    expect(page.locator("#events .event")).to_have_count(100)
    page.select_option("#by-verdict", "wrong")
    expect(page.locator("#events .event")).to_have_count(1)
    expect(page.locator(f"#events #event-{OLD}")).to_be_visible()
    page.select_option("#by-verdict", "")
    page.fill("#until", f"{NOW.astimezone() - timedelta(days=2):%Y-%m-%d}")
    expect(page.locator("#events .event")).to_have_count(1)
    page.select_option("#by-verdict", "right")
    page.get_by_text("No event fits these filters.").wait_for()
    page.click("#clear")
    page.locator("#more").click()
    expect(page.locator("#events .event")).to_have_count(181)
    page.locator("#timeline rect.fault").first.dispatch_event("click")
    expect(page.locator(".event.chosen")).to_contain_text("gives no picture")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate(OVERFLOW) == 0 and tab.errors == []
    page = tab.open("/watches/?event=899999")
    page.get_by_text("This event is gone.").wait_for()
    assert [error for error in tab.errors if "404" not in error] == []
