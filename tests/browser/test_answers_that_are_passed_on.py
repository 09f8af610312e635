"""Answers are copied, exported, shared by a link and rated."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from bench.harness.stack import Stack
from tests.browser.conftest import Tab
from tests.browser.conversations import answered, opened
from tests.browser.test_chat_page import OVERFLOW

pytestmark = pytest.mark.browser
PATIENCE_MS = 20_000
COLLEAGUE = """
from webapp.accounts.models import User
person, _ = User.objects.get_or_create(username="reader")
person.set_password("a reader's password")
person.save()
"""


@pytest.fixture
def reader(browser: Browser, stack: Stack) -> Iterator[Tab]:
    """Somebody else of this installation."""
    stack.shell(COLLEAGUE)
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{stack.url}/login/")
    page.fill("input[name=username]", "reader")
    page.fill("input[name=password]", "a reader's password")
    page.click("main button[type=submit]")
    page.locator("#question").wait_for()
    yield Tab(page, stack.url)
    context.close()


def test_questions_and_answers_are_copied(tab: Tab, stack: Stack) -> None:
    (talk,) = answered(stack, [("Is it a dog?", "Yes, a dog.\nA brown one.")])
    tab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = opened(tab, talk)
    for name, text in (("Copy the answer", "Yes, a dog.\nA brown one."), ("Copy the question", "Is it a dog?")):
        page.get_by_role("button", name=name).click()
        page.get_by_text("Copied").first.wait_for()
        assert page.evaluate("() => navigator.clipboard.readText()") == text
    page.evaluate("() => Object.defineProperty(navigator, 'clipboard', { value: undefined })")  # as without TLS
    page.get_by_role("button", name="Copy the answer").click()
    page.get_by_role("textbox", name="Your question").focus()
    page.keyboard.press("Control+V")
    expect(page.locator("#question")).to_have_value("Yes, a dog.\nA brown one.")
    page.fill("#question", "")


def test_it_is_exported_with_its_photos(tab: Tab, stack: Stack, photo_bytes: bytes) -> None:
    turn = stack.put("What is in this photo?", photo=stack.upload(photo_bytes))
    stack.finished(turn["id"])
    page = opened(tab, turn["conversation"])
    with page.expect_download() as download:
        page.locator("#export").click()
    assert download.value.suggested_filename == "What is in this photo.zip"
    archive = zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert sorted(archive.namelist()) == ["conversation.md", "photos/photo-1.jpg"]
    assert "What is in this photo?" in archive.read("conversation.md").decode()


def test_somebody_else_reads_it_through_a_link_until_it_is_withdrawn(
    tab: Tab, reader: Tab, stack: Stack, photo_bytes: bytes
) -> None:
    turn = stack.put("What is in this photo?", photo=stack.upload(photo_bytes))
    answer = stack.finished(turn["id"])["answer"]
    page = opened(tab, turn["conversation"])
    page.get_by_role("button", name="Share", exact=True).click()
    page.get_by_role("button", name="Create link").click()
    link = page.get_by_label("The new link").input_value()
    shared = reader.page
    shared.goto(link)
    expect(shared.locator(".answer")).to_have_text(answer)
    shared.wait_for_function("() => document.querySelector('.me img')?.naturalWidth > 0")
    assert shared.get_by_text("A conversation of owner, to read only.").is_visible()
    names = [button.get_attribute("aria-label") for button in shared.locator("main button:visible").all()]
    assert names == ["Copy the question", "Copy the answer"], "nothing that changes anything"
    for summary in shared.locator("main summary").all():
        summary.click()
    assert shared.evaluate(OVERFLOW) <= 0
    page.get_by_role("button", name="Withdraw").click()
    page.get_by_text("No link leads here now.").wait_for()
    shared.reload()
    shared.get_by_role("heading", name="This link is invalid, expired or withdrawn.").wait_for()
    assert [error for error in reader.errors if "404" not in error] == [] and tab.errors == []


def test_an_answer_is_rated_with_a_note_in_every_tab(tab: Tab, second: Tab, stack: Stack) -> None:
    (talk,) = answered(stack, [("Is it a dog?", "Yes.")])
    page, other = opened(tab, talk), opened(second, talk)
    page.get_by_role("button", name="Bad answer").click()
    expect(other.get_by_role("button", name="Bad answer")).to_have_attribute("aria-pressed", "true", timeout=PATIENCE_MS)
    page.get_by_label("Note about this answer").fill("It is a cat. 🐈")
    page.get_by_label("Note about this answer").press("Enter")
    expect(other.get_by_label("Note about this answer")).to_have_value("It is a cat. 🐈", timeout=PATIENCE_MS)
    other.get_by_role("button", name="Good answer").click()
    expect(page.get_by_role("button", name="Good answer")).to_have_attribute("aria-pressed", "true", timeout=PATIENCE_MS)
    page.get_by_role("button", name="Good answer").click()
    expect(page.get_by_label("Note about this answer")).to_have_count(0, timeout=PATIENCE_MS)
    page.reload()
    expect(page.get_by_role("button", name="Good answer")).to_have_attribute("aria-pressed", "false")
    assert tab.errors == [] and second.errors == []
