"""Takes the pictures in docs/screenshots from a running instance: `make screenshots`, or with ARGS="--photo FILE".

Starts the whole stack in a temporary folder, asks questions about one photo, trains a small federated model, fills the
other pages (screenshot_scenes.py), and photographs the pages with the system's Chromium at desktop and phone width. With
`--all FOLDER` every page is taken, light and dark, into that folder, to be looked at; docs/screenshots is left as it is.
"""

import argparse
import io
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import screenshot_scenes as scenes  # noqa: E402

from bench.harness.processes import wait_for  # noqa: E402
from bench.harness.stack import Stack  # noqa: E402

FOLDER = ROOT / "docs" / "screenshots"
VIEWPORTS = {"": (1360, 900), "-phone": (390, 844)}
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = get_args(Scheme)
MAX_BYTES = 150_000
COLOURS = (256, 128, 64, 32)  # of the palette: the first that fits MAX_BYTES is used
QUESTIONS = ("What is this?", "Is there a dog?", "What colour is the roof?")
RUN = {"clients": 4, "rounds": 6}
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
ANSWER_S, TRAINING_S = 90, 300


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--photo", type=Path, help="the photo that the questions are about; default: one that scikit-learn ships"
    )
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="take every page, light and dark, into this folder")
    options = parser.parse_args()
    photo = options.photo or default_photo()
    program = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if program is None:
        sys.exit("No Chromium found. Install it (Debian, Ubuntu: apt install chromium) and try again.")
    folder = options.all or FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as var, sync_playwright() as playwright:
        stack = Stack(Path(var), "--slowdown", "4")
        scenes.prepare(stack)
        with stack:
            batch = scenes.fill(stack)
            conversation = ask(stack, photo)
            run = train(stack)
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
            for suffix, size in VIEWPORTS.items():
                for scheme in SCHEMES if options.all else SCHEMES[:1]:
                    page = open_page(browser, stack, size, bool(suffix), scheme)
                    end = suffix + ("-dark" if scheme == "dark" else "")
                    take_all(page, stack, folder, end, conversation, run, batch, bool(options.all))
                    page.context.close()
            browser.close()


def default_photo() -> Path:
    import sklearn.datasets

    return Path(sklearn.datasets.__file__).parent / "images" / "china.jpg"


def ask(stack: Stack, photo: Path) -> str:
    """The id of a conversation with an answer to each question; before it, others give the links a history."""
    uploaded = stack.upload(photo.read_bytes())
    for node in ("jetson-a", "jetson-b"):
        for route in ("edge", "split", "device", None):
            stack.finished(stack.put("What is it?", photo=uploaded, node=node, route=route)["id"], ANSWER_S)
    fresh = stack.upload(photo.read_bytes())  # no features of this one are cached yet
    conversation = None
    for question in QUESTIONS:
        turn = stack.put(question, photo=fresh, node="jetson-a", conversation=conversation)
        conversation = str(stack.finished(turn["id"], ANSWER_S)["conversation"])
    return str(conversation)


def train(stack: Stack) -> int:
    """The number of a finished run."""

    def ready() -> bool:
        return bool(stack.owner.post("/api/v1/federation/estimate", json={"spec": RUN}).json()["nodes"])

    wait_for(ready, ANSWER_S, "no node could train", every=1)
    run = int(stack.owner.post("/api/v1/federation/runs", json={"spec": RUN, "start": True}).json()["run"])
    wait_for(lambda: state_of(stack, run) in ("done", "failed"), TRAINING_S, "the run did not end", every=2)
    return run


def state_of(stack: Stack, run: int) -> str:
    return str(stack.owner.get(f"/api/v1/federation/runs/{run}").json()["state"])


def open_page(browser: Browser, stack: Stack, size: tuple[int, int], phone: bool, scheme: Scheme) -> Page:
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=2 if phone else 1.5,
        has_touch=phone,
        color_scheme=scheme,
    )
    page = context.new_page()
    stack.login(page)
    return page


def take_all(page: Page, stack: Stack, folder: Path, suffix: str, conversation: str, run: int, batch: str, every: bool) -> None:
    pages = {
        "chat": (f"/c/{conversation}/", show_receipt),
        "devices": ("/devices/", waiting_for("#chart .scatterlayer .points path", 2500)),
        "federation": (f"/federation/{run}/", waiting_for("#accuracy .scatterlayer .points path")),
        "curves": ("/curves/", waiting_for(".curve .scatterlayer .points path")),
        "batch": (f"/batches/{batch}/", waiting_for("#items tr", 1500)),
        "watches": ("/watches/", waiting_for("#events .event .caption", 1500)),
        "calls": ("/calls/", waiting_for("#rows")),
    }
    others = {
        "library": ("/library/?q=a+cup+of+coffee", waiting_for("#grid .cell img", 1500)),
        "batches": ("/batches/", waiting_for("#photos img", 1500)),
        "notifications": ("/account/notifications/", waiting_for("#rules")),
        "allowances": ("/allowances/", waiting_for("#main")),
        "retention": ("/retention/", waiting_for("#kinds")),
        "node": ("/devices/jetson-a/", show_log),
    }
    for name, (path, ready) in {**pages, **(others if every else {})}.items():
        page.goto(f"{stack.url}{path}")
        ready(page)
        save(page, folder / f"{name}{suffix}.png", every)


def waiting_for(selector: str, more_ms: int = 500) -> Callable[[Page], None]:
    """Then as many milliseconds, in which pictures and charts are drawn."""

    def wait(page: Page) -> None:
        page.locator(selector).first.wait_for()
        page.wait_for_timeout(more_ms)

    return wait


def show_receipt(page: Page) -> None:
    page.locator(".turn").nth(len(QUESTIONS) - 1).wait_for()
    page.locator(".why summary").first.click()
    page.locator(".turn .me").first.scroll_into_view_if_needed()
    page.evaluate("() => document.querySelector('.turn').scrollIntoView()")
    page.evaluate("() => window.scrollBy(0, -80)")
    page.wait_for_timeout(1500)  # badges and the sparkline are drawn by then


def show_log(page: Page) -> None:
    page.click("#read-log")
    page.locator("#log-text").wait_for()
    page.wait_for_timeout(1500)


def save(page: Page, file: Path, whole: bool) -> None:
    """A PNG with a palette, small enough for a repository."""
    picture = Image.open(io.BytesIO(page.screenshot(full_page=whole))).convert("RGB")
    for colours in COLOURS:
        out = io.BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        if out.tell() <= MAX_BYTES:
            break
    file.write_bytes(out.getvalue())


if __name__ == "__main__":
    main()
