"""The page of the library in Chromium, against a whole stack."""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from bench.harness.stack import OWNER, Stack
from bench.library.browser import files, grid

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
QUIET = ("--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync")
PATIENCE_MS = 120_000
FILL = """
from bench.library.measurement import add_photos
from webapp.accounts.models import User
print(len(add_photos(User.objects.get(username={owner!r}), {photos})))
"""


def measure_page(photos: int, count: int) -> dict[str, Any]:
    program = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if program is None:
        sys.exit("No Chromium found. Install it (Debian, Ubuntu: apt install chromium) and try again.")
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder)) as stack, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(QUIET))
        page = browser.new_page(viewport={"width": 1360, "height": 900})
        page.set_default_timeout(PATIENCE_MS)
        stack.login(page)
        figures = {"files": count, "upload": files.upload(page, stack.url, count)}
        stack.shell(FILL.format(owner=OWNER, photos=photos))
        figures |= {"photos": photos, "grid": grid.scroll(page, stack.url, photos)}
        browser.close()
    return figures
