"""A real Chromium, and a tab logged in to the real stack that records errors and requests."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from bench.harness.stack import Stack

# Without these, Chromium itself contacts its vendor.
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
ANSWER_MS = 60_000  # on a busy machine


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    """Closed after this folder: Playwright keeps an event loop running, and the socket tests need their own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def logged_in(browser: Browser, whole_stack: Stack) -> Any:
    """The owner's cookies, so that no test has to log in again."""
    context = browser.new_context()
    whole_stack.login(context.new_page())
    state = context.storage_state()
    context.close()
    return state


class Tab:
    """A page, its console errors and the hosts it contacted."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.errors: list[str] = []
        self.hosts: set[str] = set()
        page.set_default_timeout(30_000)  # a busy machine takes its time
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: self._record(request.url))
        page.on("websocket", lambda socket: self._record(socket.url))

    def _record(self, url: str) -> None:
        if not url.startswith("blob:"):  # the local preview of a photo
            self.hosts.add(urlsplit(url).netloc)

    def open(self, path: str = "/") -> Page:
        self.page.goto(f"{self.url}{path}")
        return self.page

    def choose_file(self, name: str, kind: str, data: bytes) -> None:
        self.page.set_input_files("#file", {"name": name, "mimeType": kind, "buffer": data})

    def submit(self, question: str) -> None:
        """As `ask`, where the page may refuse it."""
        self.page.fill("#question", question)
        self.page.press("#question", "Enter")

    def ask(self, question: str) -> None:
        """Returns once the page shows the question: until then, every turn on it has ended."""
        before = self.page.locator(".turn").count()
        self.submit(question)
        self.page.locator(".turn").nth(before).wait_for(timeout=ANSWER_MS)

    def answer(self, which: int = -1) -> str:
        """The text of one answer, once every turn on the page has ended."""
        self.page.wait_for_function(
            "() => { const turns = [...document.querySelectorAll('.turn')];"
            " return turns.length && turns.every((turn) => ['answered', 'failed', 'stopped'].includes(turn.dataset.state)) }",
            timeout=ANSWER_MS,
        )
        turn = self.page.locator(".turn").all()[which]
        assert turn.get_attribute("data-state") == "answered", turn.inner_text()
        return turn.locator(".answer").inner_text()


@pytest.fixture
def tab(browser: Browser, stack: Stack, logged_in: Any) -> Iterator[Tab]:
    context = browser.new_context(storage_state=logged_in, viewport={"width": 1360, "height": 900})
    yield Tab(context.new_page(), stack.url)
    context.close()


@pytest.fixture
def phone(browser: Browser, stack: Stack, logged_in: Any) -> Iterator[Tab]:
    context = browser.new_context(storage_state=logged_in, viewport={"width": 390, "height": 844}, has_touch=True)
    yield Tab(context.new_page(), stack.url)
    context.close()


@pytest.fixture
def second(browser: Browser, stack: Stack, logged_in: Any) -> Iterator[Tab]:
    """Another tab of the same person."""
    context = browser.new_context(storage_state=logged_in, viewport={"width": 1360, "height": 900})
    yield Tab(context.new_page(), stack.url)
    context.close()
