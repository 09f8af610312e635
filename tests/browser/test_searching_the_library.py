"""Photos of different things, looked at by real nodes, and found by words and by an example."""

import importlib.util
import io
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from bench.harness.processes import wait_for
from bench.harness.stack import Stack
from tests.browser.conftest import ANSWER_MS, Tab
from tests.browser.test_adding_photos import OVERFLOW

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(600),
]
INDEX_S = 240  # the clock comes every five seconds, and a busy machine takes its time


def _file_of(package: str, *path: str) -> Path:
    """A file that a package brings. Importing these packages takes seconds."""
    spec = importlib.util.find_spec(package)
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent.joinpath(*path)


THINGS = {
    "cat": _file_of("skimage", "data", "chelsea.png"),
    "palace": _file_of("sklearn", "datasets", "images", "china.jpg"),
    "flower": _file_of("sklearn", "datasets", "images", "flower.jpg"),
}


def jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.convert("RGB").save(out, "JPEG", quality=88)
    return out.getvalue()


@pytest.fixture(scope="module")
def things(stack: Stack) -> dict[str, str]:
    """The ids of the photos, and of another cut of the cat, once they can be found."""
    photos = {name: stack.upload(jpeg(Image.open(file))) for name, file in THINGS.items()}
    with Image.open(THINGS["cat"]) as cat:
        photos["cut"] = stack.upload(jpeg(cat.crop((20, 10, cat.width - 10, cat.height - 5))))
    wanted = {name.replace("-", "") for name in photos.values()}

    def indexed() -> bool:
        return wanted <= {str(name).replace("-", "") for (name,) in stack.rows("SELECT photo_id FROM search_photovector")}

    wait_for(indexed, INDEX_S, "the photos were not indexed", every=1)
    return photos


def find(page: Page, words: str) -> None:
    page.fill("#q", words)
    page.press("#q", "Enter")
    expect(page.locator("#found")).not_to_contain_text("Searching…", timeout=ANSWER_MS)


def shown(page: Page) -> list[str]:
    page.locator(".cell img").first.wait_for()
    return [str(image.get_attribute("data-photo")) for image in page.locator(".cell img").all()]


@pytest.mark.parametrize("words", ["show me photos of a cat", "Fotos mit einer Katze", "fotos de un gato", "photos d'un chat"])
def test_the_right_photo_is_found_in_every_language(tab: Tab, things: dict[str, str], words: str) -> None:
    page = tab.open("/library/")
    find(page, words)
    assert set(shown(page)[:2]) == {things["cat"], things["cut"]}
    caption = page.locator(".cell .caption").first
    expect(caption).to_have_text(re.compile("cat.* · (very close|close|distant)$"))
    number = "stands out from photos of other things by [0-9.]+ standard deviations"
    expect(caption).to_have_attribute("title", re.compile(number))
    expect(page.locator(".cell").first).to_have_attribute("aria-label", re.compile(number))
    expect(page.locator("#found")).to_contain_text("cat.")
    assert things["flower"] not in shown(page)[:2] and tab.errors == []


def test_by_keyboard_from_the_search_to_a_photo_and_back(tab: Tab, things: dict[str, str]) -> None:
    page = tab.open("/library/?device=")
    find(page, "a cat")
    assert "q=a+cat" in page.url
    page.reload()
    expect(page.locator("#q")).to_have_value("a cat")
    assert shown(page)[0] in (things["cat"], things["cut"])
    page.locator("#q").press("ArrowDown")
    expect(page.locator(".cell:focus")).to_have_attribute("data-place", "0")
    page.keyboard.press("Space")
    expect(page.locator("#selection b")).to_have_text("1 photo chosen")
    page.keyboard.press("f")
    expect(page.locator(".cell:focus .heart")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    expect(page.locator("#selection")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator("#found")).to_be_hidden()
    expect(page.locator("#q")).to_be_focused()
    expect(page.locator("#q")).to_have_value("")
    assert "q=" not in page.url and page.locator(".cell .caption").count() == 0
    find(page, "a cat")
    page.fill("#q", "")
    expect(page.locator("#found")).to_be_hidden()
    assert tab.errors == []


def test_more_like_one_photo(tab: Tab, things: dict[str, str]) -> None:
    page = tab.open("/library/?q=cat")
    place = shown(page).index(things["cat"])
    page.locator(".cell img").nth(place).click()
    page.get_by_role("button", name="More like this").click()
    expect(page.locator("#example")).to_contain_text("Photos like this one")
    expect(page.locator("#found")).to_contain_text("photo")
    assert things["cat"] in page.url and shown(page)[0] == things["cut"]
    expect(page.locator(".cell .caption").first).to_have_attribute("title", re.compile("its likeness is [01][.][0-9]{2}"))
    page.get_by_role("button", name="Show all photos").click()
    expect(page.locator("#example")).to_be_hidden()
    assert "alike" not in page.url and tab.errors == []


def test_where_nothing_fits_the_closest_are_offered(tab: Tab, things: dict[str, str]) -> None:
    page = tab.open("/library/")
    find(page, "a submarine under water")
    expect(page.locator("#found")).to_contain_text("Nothing like that among")
    expect(page.locator(".day").first).to_contain_text("Closest")
    captions = page.locator(".cell .caption").all_text_contents()
    assert 0 < len(shown(page)) <= 6 and captions == ["distant"] * len(captions) and captions


def test_words_that_say_nothing_are_refused_with_a_sentence(tab: Tab, things: dict[str, str]) -> None:
    page = tab.open("/library/")
    find(page, "???")
    expect(page.locator("#problem")).to_contain_text("Type what the photo shows")
    find(page, "a cat")
    expect(page.locator("#problem")).to_be_hidden()


def test_on_a_phone_it_fits_and_filters_bound_it(phone: Tab, things: dict[str, str]) -> None:
    page = phone.open("/library/")
    find(page, "a cat")
    assert shown(page)[0] in (things["cat"], things["cut"])
    assert page.evaluate(OVERFLOW) <= 0
    page.fill("#until", "2020-01-01")
    page.locator("#until").dispatch_event("change")
    expect(page.locator("#found")).to_contain_text("Nothing like that among 0 photos")
    assert "q=a+cat" in page.url and "until=" in page.url and phone.errors == []
