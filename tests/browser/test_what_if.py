"""The what-if sliders: the page's own rule against placement's, and what a person sees of it."""

import random
from dataclasses import replace
from typing import Any

import pytest

from inference.placement.prediction import predict
from tests.browser.conftest import Tab
from tests.placement.worlds import World, load, worlds

pytestmark = pytest.mark.browser

CHOOSE = """async (asked) => {
  const { choose } = await import("/static/js/receipt/what-if.js");
  return asked.map(({ receipt, world, previous }) => {
    const { chosen } = choose(receipt.candidates, world, receipt.candidates[previous] ?? null, receipt.minimises);
    return [receipt.candidates.indexOf(chosen.candidate), chosen.ms];
  });
}"""
OWN = """async (receipts) => {
  const { choose, previousOf, worldOf } = await import("/static/js/receipt/what-if.js");
  return receipts.map((receipt) =>
    choose(receipt.candidates, worldOf(receipt), previousOf(receipt), receipt.minimises).chosen.candidate.chosen);
}"""


def place(world: World, option: Any) -> int:
    """Which of the options it is, the very same and not one that is equal."""
    return next(index for index, one in enumerate(world.options) if one is option)


def test_the_page_chooses_as_placement_does_in_any_other_world(tab: Tab) -> None:
    rng = random.Random(5)
    here = worlds(400, seed=5)
    asked, expected = [], []
    for world in here:
        times = rng.choice([1.0, 0.5, rng.uniform(0.25, 32)])
        link = replace(world.link, up_bytes_per_s=10 ** rng.uniform(3.7, 6.7))
        other = replace(world, link=link, load=load(rng, world.load.edges))
        there = other.slower_device(times)
        choice = there.choose()
        previous = None if world.previous is None else place(world, world.previous)
        if previous is not None:
            there = replace(there, previous=there.options[previous])
            choice = there.choose()
        asked.append({"receipt": world.receipt(), "world": {**other.conditions(), "slowdown": times}, "previous": previous})
        expected.append([place(there, choice.chosen), predict(choice.chosen, link, there.load)])
    assert tab.open().evaluate(CHOOSE, asked) == expected


def test_in_its_own_world_a_receipt_keeps_its_choice_even_where_another_was_a_little_faster(tab: Tab) -> None:
    receipts = [world.receipt() for world in worlds(400, seed=6)]
    assert all(tab.open().evaluate(OWN, receipts))


def test_the_sliders_show_what_would_have_been_chosen_and_reset(tab: Tab, photo_bytes: bytes) -> None:
    page = tab.open()
    tab.choose_file("photo.jpg", "image/jpeg", photo_bytes)
    tab.ask("What is this?")
    tab.answer()
    page.locator(".what-if summary").click()
    verdict, bars = page.locator(".would p"), page.locator(".bars li")
    before = verdict.inner_text()
    assert before.startswith("The same method would have been chosen")
    assert {bar.get_attribute("data-route") for bar in bars.all()} == {"device", "edge", "split"}
    at_ease = bars.locator("b").all_inner_texts()
    page.locator("[data-what=upBytesPerS]").fill("0")
    page.locator(".sliders output").get_by_text("5 KB/s").wait_for()
    assert bars.locator("b").all_inner_texts() != at_ease
    page.locator("[data-what=slowdown]").fill("0")
    page.locator("[data-what=edgeQueueMs]").fill("1")
    assert page.locator(".bars .won").get_attribute("data-route") == "device", "no link, no queue, and twice as fast"
    page.get_by_role("button", name="Reset").click()
    assert verdict.inner_text() == before
