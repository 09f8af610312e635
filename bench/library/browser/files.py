"""Thousands of files at once, most of them rubbish, chosen in the library in Chromium."""

import time
from typing import Any

from playwright.sync_api import Page

from bench.library.browser.page import FRAMES

PATIENCE_MS = 3_600_000
# Of ten files one is a new photo, three are copies of one, six are none: texts, and photos that end too soon.
CHOOSE = """async (count) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 48, height: 36 }), context = canvas.getContext("2d");
  const noise = async () => {
    const pixels = context.createImageData(48, 36);
    crypto.getRandomValues(pixels.data);
    for (let n = 3; n < pixels.data.length; n += 4) pixels.data[n] = 255;
    context.putImageData(pixels, 0, 0);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  };
  const files = new DataTransfer(), copy = await noise();
  for (let n = 0; n < count; n++) {
    const kind = n % 10, photo = kind === 0 ? await noise() : kind < 4 ? copy : null;
    const body = photo ?? (kind % 2 ? new Blob([`no photo ${n}`]) : copy.slice(0, 400 + n % 300));
    const name = photo ? `photo ${n}.png` : `rubbish ${n}.${kind % 2 ? "txt" : "png"}`;
    files.items.add(new File([body], name, { lastModified: n }));
  }
  const input = document.getElementById("files");
  input.files = files.files;
  input.dispatchEvent(new Event("change"));
}"""

ROWS = "(count) => document.querySelectorAll('#uploads .problems li').length === count"


def upload(page: Page, url: str, count: int) -> dict[str, Any]:
    page.goto(f"{url}/library/")
    page.wait_for_load_state("networkidle")
    page.evaluate(FRAMES)
    started = time.monotonic()
    page.evaluate(CHOOSE, count)
    page.locator("#uploads .sum", has_text="added.").wait_for(timeout=PATIENCE_MS)
    seconds = time.monotonic() - started
    unfold(page)
    page.wait_for_function(ROWS, arg=sum(n % 10 > 3 for n in range(count)))
    return {**page.evaluate("() => frames_.end()"), "seconds": seconds, "summary": page.locator("#uploads .sum").inner_text()}


def unfold(page: Page) -> None:
    """Every reason with its files."""
    for reason in page.locator("#uploads .reasons details").all():
        if reason.get_attribute("open") is None:
            reason.locator("summary").click()
