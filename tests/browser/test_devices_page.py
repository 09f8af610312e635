"""The devices page in a real browser: states, the live chart, letting a device in."""

import re

import pytest

from bench.harness.stack import Stack
from tests.browser.conftest import Tab

pytestmark = pytest.mark.browser


def test_the_page_shows_every_node_and_a_live_chart_of_the_links(tab: Tab, stack: Stack, photo_bytes: bytes) -> None:
    page = tab.open("/devices/")
    for name in ("edge-1", "jetson-a", "jetson-b"):
        page.locator(f"[data-node={name}] .state.online").wait_for()
    assert "simulated: 250 KB/s" in page.locator("[data-node=jetson-a]").inner_text()
    turn = stack.put("What is it?", photo=stack.upload(photo_bytes), route="edge", node="jetson-a")
    assert stack.finished(turn["id"])["state"] == "answered"
    page.locator("#chart .scatterlayer .points path").first.wait_for()
    page.wait_for_function("() => /KB.s/.test(document.querySelector('[data-node=jetson-a]').textContent)")
    assert tab.errors == []
    assert tab.hosts == {tab.url.removeprefix("http://")}


def test_answers_are_marked_on_the_chart_in_the_colour_of_their_route(tab: Tab, stack: Stack, photo_bytes: bytes) -> None:
    for route in ("device", "edge", "split"):
        turn = stack.put("What is it?", photo=stack.upload(photo_bytes), route=route, node="jetson-b")
        assert stack.finished(turn["id"])["state"] == "answered"
    page = tab.open("/devices/")
    for name in ("all on the device", "photo to the edge", "part on the device"):
        page.locator("#chart .legendtext").get_by_text(name, exact=True).wait_for()
    tab.open("/")
    page.evaluate(
        "() => localStorage.setItem('isthmus.how', JSON.stringify({ node: 'jetson-b', route: null, policy: 'fastest' }))"
    )
    page.reload()
    for place in ("device", "link", "edge"):
        page.locator(f"#spark .decision.fill-{place} title").first.wait_for(state="attached")
    titles = page.locator("#spark .decision title").all_text_contents()
    assert all(re.match(r"question \d+: .* · .*B · .*s$", words) for words in titles), titles
    assert tab.errors == []


def test_a_device_with_a_few_answers_is_compared_with_the_best_fixed_route(tab: Tab, stack: Stack, photo_bytes: bytes) -> None:
    photo = stack.upload(photo_bytes)
    for _ in range(4):  # the first may find no measured link, and then nothing was predicted
        assert stack.finished(stack.put("What is it?", photo=photo, node="jetson-b")["id"])["state"] == "answered"
    page = tab.open("/devices/")
    regret = page.locator(".regret[data-link=jetson-b]")
    regret.wait_for()
    assert re.search(r"your last \d+ questions took .* time (than|as) the best fixed route in hindsight", regret.inner_text())
    assert regret.locator("svg polyline").count() == 1


def test_staff_get_a_single_use_code_and_the_command_for_it(tab: Tab) -> None:
    page = tab.open("/devices/")
    page.click("#add")
    page.fill("#add-name", "jetson-yard")
    page.get_by_role("button", name="Create code").click()
    code = page.locator("#add-dialog .code").inner_text()
    assert code in page.locator("#add-dialog pre").inner_text()
    page.wait_for_function("() => /Expires in 1[45]:/.test(document.querySelector('[data-countdown]').textContent)")
    assert re.fullmatch(r"[A-Z0-9-]{8,9}", code)


def test_taking_the_name_of_a_running_node_has_to_be_confirmed(tab: Tab) -> None:
    page = tab.open("/devices/")
    page.click("#add")
    page.fill("#add-name", "jetson-a")
    replace = page.locator("#add-replace")
    assert not replace.is_visible()
    page.get_by_role("button", name="Create code").click()
    page.get_by_role("alert").get_by_text("A node named jetson-a already exists: a simulated device, online.").wait_for()
    replace.check()
    page.get_by_role("button", name="Create code").click()
    page.locator("#add-dialog .code").wait_for()


def test_rotating_says_what_it_costs_and_can_be_cancelled(tab: Tab) -> None:
    page = tab.open("/devices/")
    card = page.locator("[data-node=jetson-b]")
    card.get_by_role("button", name="Rotate").click()
    card.get_by_text("Jobs that it runs then are lost").wait_for()
    card.get_by_role("button", name="Cancel").click()
    assert card.get_by_role("button", name="Rotate").is_enabled()


def test_what_a_person_has_begun_on_a_card_stays_while_the_card_changes(tab: Tab, second: Tab) -> None:
    card = tab.open("/devices/").locator("[data-node=jetson-b]")
    card.get_by_role("button", name="Revoke").click()
    other = second.open("/devices/").locator("[data-node=jetson-b]")
    for name in ("Loading bay", "jetson-b"):
        other.get_by_role("button", name="Rename").click()
        other.get_by_label("Name of jetson-b").fill(name)
        other.get_by_role("button", name="Save").click()
        card.get_by_role("heading", name=name).wait_for()
        assert card.get_by_text("jetson-b will lose access immediately.").is_visible()
        assert card.locator(".actions:visible").count() == 1
    card.get_by_role("button", name="Cancel").click()
    assert card.get_by_role("button", name="Rename").is_visible() and card.locator(".actions").count() == 1
    assert tab.errors == second.errors == []


def test_a_node_that_does_not_answer_with_the_chosen_models_says_why(tab: Tab) -> None:
    sentence = "ISTHMUS_PROFILE on this node names the compact models; remove it there, and restart the agent."
    tab.page.route_web_socket("**/ws/devices/**", lambda socket: None)  # this page alone is told so
    tab.page.route("**/devices/", lambda route: route.fulfill(body=stating(route.fetch().text(), "refused_models", sentence)))
    page = tab.open("/devices/")
    for name in ("edge-1", "jetson-a", "jetson-b"):
        note = page.locator(f"[data-node={name}] .note")
        note.get_by_text(f"It keeps its present models: {sentence}", exact=True).wait_for()


def test_a_node_that_changes_its_models_says_how_far_it_is(tab: Tab) -> None:
    sentence = "It fetches the paper models: 312 of 1510 MB are here."
    tab.page.route_web_socket("**/ws/devices/**", lambda socket: None)
    tab.page.route("**/devices/", lambda route: route.fulfill(body=stating(route.fetch().text(), "changing_models", sentence)))
    tab.open("/devices/").locator("[data-node=jetson-a]").get_by_text(sentence, exact=True).wait_for()


def stating(html: str, field: str, sentence: str) -> str:
    """The page as it is when all of its nodes say this."""
    return html.replace(f'"{field}": ""', f'"{field}": "{sentence}"')
