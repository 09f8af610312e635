"""The large models by one click, on the real stack: fetched through a killed worker, chosen, asked, measured."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from bench.harness import stack as harness
from bench.harness.processes import wait_for
from bench.harness.stack import Stack
from tests.browser.conftest import QUIET
from tests.conftest import draw_photo
from tests.hub.conftest import as_checkpoint, published
from tests.hub.server import Hub, serving

pytestmark = [pytest.mark.long, pytest.mark.browser, pytest.mark.timeout(1500)]  # a stack of its own
LONG_S = 400.0  # loading models on a busy machine


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    repositories = published(tmp_path_factory.mktemp("published"))
    as_checkpoint(repositories["Salesforce/blip-image-captioning-base"])
    with serving(Hub(repositories)) as running:
        yield running


@pytest.fixture(scope="module")
def stack(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("large")
    data = folder / "data" / "photos"
    data.mkdir(parents=True)
    for seed in range(15):
        (data / f"{seed:02}.jpg").write_bytes(draw_photo(seed))
    whole = Stack(folder, "--slowdown", "1", "--devices", "1")
    whole.env |= {
        "HF_ENDPOINT": hub.url,
        "HF_HOME": str(folder / "cache"),
        "HF_HUB_OFFLINE": "0",
        "ISTHMUS_MODEL_PINS": str(hub.write_pins(folder / "pins.json")),
        "ISTHMUS_DATA": str(folder / "data"),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(harness, "START_S", LONG_S)
        with whole as running:
            yield running


@pytest.fixture(scope="module")
def page(stack: Stack, chromium: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        page = browser.new_page(viewport={"width": 1360, "height": 900})
        page.set_default_timeout(60_000)
        stack.login(page)
        page.goto(f"{stack.url}/models/")
        yield page
        browser.close()


def shots(page: Page, name: str) -> None:
    """Wide and narrow, where somebody wants to look at them."""
    if place := os.environ.get("ISTHMUS_SHOTS"):
        for width, height in ((1360, 900), (390, 844)):
            page.set_viewport_size({"width": width, "height": height})
            page.screenshot(path=Path(place) / f"models-{name}-{width}.png", full_page=True)
        page.set_viewport_size({"width": 1360, "height": 900})


def models(stack: Stack) -> dict[str, Any]:
    return dict(stack.owner.get("/api/v1/models").json())


def job(stack: Stack, kind: str) -> dict[str, Any]:
    return next(job for job in models(stack)["jobs"] if job["kind"] == kind)


def test_the_large_models_are_fetched_chosen_and_asked(stack: Stack, hub: Hub, page: Page) -> None:
    assert page.locator("#profiles .chip").all_inner_texts() == ["answers now", "not on this machine"]
    shots(page, "before")
    hub.bytes_per_s = 60_000
    page.get_by_role("button", name="Fetch").click()
    bar = page.locator("#profiles progress")
    bar.wait_for()
    wait_for(lambda: job(stack, "fetch")["progress"].get("done", 0) > 100_000, LONG_S, "nothing arrived")
    shots(page, "fetching")
    before = job(stack, "fetch")["progress"]["done"]
    fetching, worker = stack.worker("manage.py model_job"), stack.worker("celery", "webapp.celery worker")
    stack.kill(fetching)
    stack.kill(worker)
    hub.bytes_per_s = None
    wait_for(lambda: job(stack, "fetch")["state"] == "done", LONG_S, "the fetch did not resume")
    # The library stores 10 MB at a time, more than these files have: test_fetching.py is about resuming within one.
    assert job(stack, "fetch")["progress"]["done"] >= before
    page.get_by_role("button", name="Use these models").click()
    wait_for(lambda: models(stack)["active"] == "paper" and not models(stack)["changing"]["changing"], LONG_S, "no switch")
    turn = stack.finished(stack.put("What is this?", photo=stack.upload(draw_photo(3)))["id"], LONG_S)
    receipt = turn["steps"][0]["receipt"]
    assert (turn["state"], receipt["profile"]) == ("answered", "paper")
    assert receipt["answered_by"] in hub.folders
    # Nothing was measured of these models: nothing lossy is allowed, and the receipt says why.
    lossy = [c for c in receipt["candidates"] if (c["codec"] == "webp" and c["quality"] == 20) or c["level"]]
    assert lossy and not any(c["allowed"] for c in lossy)
    shots(page, "chosen")


def test_questions_during_a_switch_are_answered_or_wait_and_none_is_lost(stack: Stack, page: Page) -> None:
    photo = stack.upload(draw_photo(5))
    assert stack.owner.post("/api/v1/models/choice", json={"profile": "compact"}).status_code == 200
    asked = [stack.put("What is this?", photo=photo)["id"] for _ in range(3)]
    turns = [stack.finished(pk, LONG_S) for pk in asked]
    assert [turn["state"] for turn in turns] == ["answered"] * 3
    wait_for(lambda: not models(stack)["changing"]["changing"], LONG_S, "the nodes did not change back")


def test_what_compressing_costs_is_measured_from_the_page(stack: Stack, page: Page) -> None:
    answer = stack.owner.post("/api/v1/models/choice", json={"profile": "paper"})
    assert answer.status_code == 200
    page.goto(f"{stack.url}/models/")
    page.get_by_role("button", name="Measure what compressing costs").click()
    wait_for(lambda: job(stack, "agreement")["state"] == "done", LONG_S, "it was not measured")
    page.locator("#measured summary").click()
    assert "photo as JPEG 90" in page.locator("#measured").inner_text()
    shots(page, "measured")
