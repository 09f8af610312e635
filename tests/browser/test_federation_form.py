"""The form of a run, before anything starts."""

import re

from tests.browser.conftest import Tab

ESTIMATE = "#estimate dd"


def test_the_estimate_follows_what_is_typed(tab: Tab) -> None:
    page = tab.open("/federation/new/")
    page.wait_for_selector(ESTIMATE)
    before = page.inner_text("#estimate")
    page.fill("[name=rounds]", "200")
    page.wait_for_function("before => document.querySelector('#estimate').innerText !== before", arg=before)
    assert re.search(r"Up, all clients\s+[\d.]+ (KB|MB)", page.inner_text("#estimate"))
    assert tab.errors == []


def test_an_invalid_field_states_what_is_valid(tab: Tab) -> None:
    page = tab.open("/federation/new/")
    page.wait_for_selector(ESTIMATE)
    page.fill("[name=rounds]", "many")
    page.wait_for_selector(".wrong")
    assert page.inner_text(".wrong .error") == "Rounds must be a whole number from 1 to 1,000."
    assert page.is_disabled("#start")
    page.fill("[name=rounds]", "5")
    page.wait_for_selector(".wrong", state="detached")


def test_only_fields_that_have_an_effect_are_shown(tab: Tab) -> None:
    page = tab.open("/federation/new/")
    assert not page.is_visible("[name=alpha]")
    page.select_option("[name=partition]", "dirichlet")
    assert page.is_visible("[name=alpha]")


def test_a_draft_is_saved_and_restored(tab: Tab) -> None:
    page = tab.open("/federation/new/")
    page.wait_for_selector(ESTIMATE)
    page.fill("[name=clients]", "7")
    page.click("#save")
    page.wait_for_url(re.compile(r"/federation/\d+/$"))
    assert page.input_value("[name=clients]") == "7"
    assert tab.errors == []


def test_a_phone_needs_no_sideways_scrolling(phone: Tab) -> None:
    for path in ("/federation/", "/federation/new/"):
        page = phone.open(path)
        assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_secure_aggregation_needs_no_other_change(tab: Tab) -> None:
    page = tab.open("/federation/new/")
    page.wait_for_selector(ESTIMATE)
    before = page.inner_text("#estimate")
    page.locator("summary", has_text="Who may see what").click()
    page.check("[name=secure_aggregation]")
    page.wait_for_function("before => document.querySelector('#estimate').innerText !== before", arg=before)
    assert page.locator(".wrong").count() == 0 and "correct" not in page.inner_text("#estimate")
