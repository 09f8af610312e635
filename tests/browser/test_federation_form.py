"""The form of a run, before anything starts."""

import re

from tests.browser.conftest import Seen

ESTIMATE = "#estimate dd"


def test_the_estimate_follows_what_is_typed(seen: Seen) -> None:
    page = seen.open("/federation/new/")
    page.wait_for_selector(ESTIMATE)
    before = page.inner_text("#estimate")
    page.fill("[name=rounds]", "200")
    page.wait_for_function("before => document.querySelector('#estimate').innerText !== before", arg=before)
    assert re.search(r"Up, all clients\s+[\d.]+ (KB|MB)", page.inner_text("#estimate"))
    assert seen.errors == []


def test_a_wrong_field_says_what_it_wants(seen: Seen) -> None:
    page = seen.open("/federation/new/")
    page.wait_for_selector(ESTIMATE)
    page.fill("[name=rounds]", "many")
    page.wait_for_selector(".wrong")
    assert page.inner_text(".wrong .error") == "Rounds must be a whole number from 1 to 1,000."
    assert page.is_disabled("#start")
    page.fill("[name=rounds]", "5")
    page.wait_for_selector(".wrong", state="detached")


def test_only_fields_that_have_an_effect_are_shown(seen: Seen) -> None:
    page = seen.open("/federation/new/")
    assert not page.is_visible("[name=alpha]")
    page.select_option("[name=partition]", "dirichlet")
    assert page.is_visible("[name=alpha]")


def test_a_draft_is_kept_and_comes_back_as_it_was(seen: Seen) -> None:
    page = seen.open("/federation/new/")
    page.wait_for_selector(ESTIMATE)
    page.fill("[name=clients]", "7")
    page.click("#save")
    page.wait_for_url(re.compile(r"/federation/\d+/$"))
    assert page.input_value("[name=clients]") == "7"
    assert seen.errors == []


def test_a_phone_needs_no_sideways_scrolling(phone: Seen) -> None:
    for path in ("/federation/", "/federation/new/"):
        page = phone.open(path)
        assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_masks_need_no_other_field_to_be_changed(seen: Seen) -> None:
    page = seen.open("/federation/new/")
    page.wait_for_selector(ESTIMATE)
    before = page.inner_text("#estimate")
    page.locator("summary", has_text="Who may see what").click()
    page.check("[name=secure_aggregation]")
    page.wait_for_function("before => document.querySelector('#estimate').innerText !== before", arg=before)
    assert page.locator(".wrong").count() == 0 and "correct" not in page.inner_text("#estimate")
