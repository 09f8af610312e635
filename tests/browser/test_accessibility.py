"""Every page, wide and narrow, light and dark, against the rules of axe-core; and what these rules do not check."""

from collections.abc import Callable, Iterator
from typing import Any, Literal

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize

from bench.harness.stack import Stack
from inference.search import search
from tests.browser.conftest import Tab
from tests.browser.every_page import Samples

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
# What few changes break beyond the first is left to -m long.
LOOKS = [
    pytest.param((1360, "light"), id="wide"),
    pytest.param((1360, "dark"), id="dark", marks=pytest.mark.long),
    pytest.param((390, "light"), id="narrow", marks=pytest.mark.long),
]
PATIENCE_MS = 60_000
COUNTED = ("moderate", "serious", "critical")
HEADINGS = "() => [...document.querySelectorAll('h1')].filter((heading) => heading.checkVisibility()).length"
# In the order of the page, no control comes before one that the reader meets earlier.
JUMPS = """() => [...document.querySelectorAll('[tabindex]')].filter((element) => element.tabIndex > 0)
  .map((element) => element.outerHTML)"""
axe = Axe()


@pytest.fixture(scope="module")
def samples(stack: Stack) -> Samples:
    return Samples(stack)


@pytest.fixture(params=LOOKS)
def look(browser: Browser, stack: Stack, logged_in: Any, request: pytest.FixtureRequest) -> Iterator[Tab]:
    width, scheme = request.param
    viewport = ViewportSize(width=width, height=900)
    context = browser.new_context(storage_state=logged_in, viewport=viewport, color_scheme=scheme)
    tab = Tab(context.new_page(), stack.url)
    tab.page.set_default_timeout(PATIENCE_MS)
    yield tab
    context.close()


def violations(page: Page, where: str, **options: Any) -> list[str]:
    result = axe.run(page, options={"resultTypes": ["violations"], **options}).response
    return [
        f"{where}: {rule['id']} ({rule['impact']}): {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for rule in result["violations"]
        if rule["impact"] in COUNTED
        for node in rule["nodes"]
    ]


def faults(page: Page, where: str) -> list[str]:
    """Of the page as it looks; in the dark only colours differ, and they are the same at every width."""
    page.wait_for_load_state("networkidle")
    if page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches"):
        return violations(page, f"{where}, dark", runOnly=["color-contrast"])
    lines = violations(page, where)
    if (count := page.evaluate(HEADINGS)) != 1:
        lines.append(f"{where}: {count} first headings")
    return lines + [f"{where}: out of order: {element}" for element in page.evaluate(JUMPS)]


def opened(page: Page) -> None:
    """All details of the page open."""
    page.evaluate("() => document.querySelectorAll('details').forEach((box) => { box.open = true; })")


@pytest.mark.long  # what a change to one page breaks, the states below show
def test_every_page_is_accessible(look: Tab, samples: Samples) -> None:
    lines = []
    pages = samples.pages(samples.stack.owner)
    assert len(pages) >= 12, pages
    for path in pages:
        page = look.open(path)
        opened(page)
        lines += faults(page, path)
    assert not lines, "\n".join(lines)


@pytest.mark.parametrize("window", LOOKS)
def test_pages_for_strangers_are_accessible(
    window: tuple[int, Literal["light", "dark"]], browser: Browser, stack: Stack, samples: Samples
) -> None:
    (width, scheme), lines = window, []
    with httpx.Client(base_url=stack.url) as stranger:
        pages = samples.pages(stranger)
    assert "/login/" in pages
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    for path in pages:
        page.goto(f"{stack.url}{path}")
        lines += faults(page, f"{path} at {width}")
    page.goto(f"{stack.url}/login/")
    page.fill("input[name=username]", "nobody")
    page.fill("input[name=password]", "wrong")
    page.click("main button[type=submit]")
    lines += faults(page, f"a refused login at {width}")
    context.close()
    assert not lines, "\n".join(lines)


def _answer(tab: Tab, samples: Samples) -> None:
    page = tab.open(f"/c/{samples.values['uuid:conversation']}/")
    page.locator(".receipt").first.wait_for()
    opened(page)
    page.locator(".pair img").nth(1).wait_for()


def _drawers(tab: Tab, samples: Samples) -> None:
    page = tab.open(f"/c/{samples.values['uuid:conversation']}/")
    page.locator(".receipt").first.wait_for()
    for button in page.locator("[data-drawer]:visible").all():
        button.click()
    page.get_by_role("button", name="Delete").first.click()


def _conversation(tab: Tab, samples: Samples) -> None:
    page = tab.open(f"/c/{samples.values['uuid:conversation']}/")
    page.get_by_role("button", name="Bad answer").click()
    page.get_by_label("Note about this answer").wait_for()
    page.get_by_role("button", name="Edit the question").click()
    page.get_by_role("button", name="Rename", exact=True).click()
    page.get_by_label("Title of the conversation").fill(" ")
    page.get_by_label("Title of the conversation").press("Enter")
    page.get_by_text("The title is empty.").wait_for()


def _sharing(tab: Tab, samples: Samples) -> None:
    page = tab.open(f"/c/{samples.values['uuid:conversation']}/")
    page.get_by_role("button", name="Share", exact=True).click()
    page.get_by_role("button", name="Create link").click()
    page.get_by_label("The new link").wait_for()


def _searching(tab: Tab, samples: Samples) -> None:
    page = tab.open("/")
    for button in page.locator("[data-drawer=history]:visible").all():
        button.click()
    page.get_by_label("Search your conversations").fill("what people")
    page.locator("#conversations mark").first.wait_for()


def _found_photos(tab: Tab, samples: Samples) -> None:
    page = tab.open("/library/?q=a+dog")
    if search.is_available():
        page.locator("#found").get_by_text("photo").first.wait_for()
    opened(page)


def _invalid_link(tab: Tab, samples: Samples) -> None:
    tab.open("/shared/guess/")


def _unsent(tab: Tab, samples: Samples) -> None:
    page = tab.open("/")
    page.route("**/api/v1/turns", lambda route: route.abort())
    tab.choose_file("photo.jpg", "image/jpeg", samples.stack.owner.get(f"/photos/{samples.values['uuid:pk']}/").content)
    page.locator("#pending").get_by_text("×").wait_for()
    tab.submit("What is in this photo?")
    page.locator("#compose-error").wait_for()


def _adding(tab: Tab, samples: Samples) -> None:
    page = tab.open("/devices/")
    page.click("#add")


def _added(tab: Tab, samples: Samples) -> None:
    page = tab.open("/devices/")
    page.click("#add")
    page.fill("#add-name", "jetson-looks")
    page.get_by_role("button", name="Create code").click()
    page.locator("svg.qr path, #add-dialog .note.error:visible").first.wait_for(state="attached")


def _managing(tab: Tab, samples: Samples) -> None:
    page = tab.open("/devices/")
    page.locator(".node").nth(1).wait_for()
    page.get_by_role("button", name="Rename").first.click()
    page.get_by_role("button", name="Revoke").nth(1).click()


def _wrong_run(tab: Tab, samples: Samples) -> None:
    page = tab.open("/federation/new/")
    opened(page)
    page.fill("[name=rounds]", "0")
    page.locator("[data-field=rounds] .error:visible").wait_for()


def _runs(name: str) -> Callable[[Tab, Samples], None]:
    def show(tab: Tab, samples: Samples) -> None:
        opened(tab.open(f"/federation/{samples.runs[name]}/"))

    return show


def _away(tab: Tab, samples: Samples) -> None:
    tab.open("/devices/no-such-device/")


STATES: dict[str, Callable[[Tab, Samples], None]] = {
    "an answer with open receipts": _answer,
    "a conversation about to be deleted": _drawers,
    "a conversation being renamed, rated and edited": _conversation,
    "a new link to a conversation": _sharing,
    "results of the search": _searching,
    "photos that were found": _found_photos,
    "an invalid link": _invalid_link,
    "a question that could not be sent": _unsent,
    "adding a device": _adding,
    "a new code": _added,
    "renaming and revoking a node": _managing,
    "a run with a wrong value": _wrong_run,
    "a failed run": _runs("failed"),
    "a run before its first round": _runs("paused"),
    "a draft": _runs("draft"),
    "no such page": _away,
}


def test_every_state_of_a_page_is_accessible(look: Tab, samples: Samples) -> None:
    lines = []
    for name, show in STATES.items():
        show(look, samples)
        lines += faults(look.page, name)
    assert not lines, "\n".join(lines)
