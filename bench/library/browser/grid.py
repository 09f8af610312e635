"""The grid of a library with many photos, scrolled from end to end in Chromium."""

import io
from typing import Any

from PIL import Image
from playwright.sync_api import Page

from bench.library.browser.page import FRAMES

STEP, STOPS = 4000, 20  # pixels from one frame to the next; places at which the page has to read everything
FLING = """async (step) => {
  for (let y = 0, height = document.documentElement.scrollHeight; y < height; y += step) {
    scrollTo(0, y);
    await new Promise(requestAnimationFrame);
  }
}"""
STOP = "(share) => scrollTo(0, share * (document.documentElement.scrollHeight - innerHeight))"
READ = """() => {
  const cells = [...document.querySelectorAll('#grid .cell')];
  return cells.length && cells.every((cell) => cell.querySelector('img'));
}"""
COUNTED = "(least) => Number(document.querySelector('#total').textContent.replace(/\\D/g, '')) >= least"
REQUESTS = """() => performance.getEntriesByType('resource').filter(({ name }) => name.includes('/api/v1/library/photos'))
  .map(({ duration }) => duration)"""


def scroll(page: Page, url: str, photos: int) -> dict[str, Any]:
    """The rows have no files, so a picture is put in the place of every thumbnail."""
    picture = io.BytesIO()
    Image.effect_noise((256, 256), 60).convert("RGB").save(picture, "JPEG")
    page.route("**/photos/*?small=1", lambda route: route.fulfill(body=picture.getvalue(), content_type="image/jpeg"))
    page.goto(f"{url}/library/")
    page.wait_for_function(COUNTED, arg=photos)
    page.evaluate(FRAMES)
    page.evaluate(FLING, STEP)
    cells = page.locator("#grid .cell").count()
    for stop in range(STOPS):
        page.evaluate(STOP, stop / (STOPS - 1))
        page.wait_for_timeout(200)
        page.wait_for_function(READ)
    requests = page.evaluate(REQUESTS)
    return {
        **page.evaluate("() => frames_.end()"),
        "cells_in_document": cells,
        "requests": len(requests),
        "request_ms_max": max(requests),
    }
