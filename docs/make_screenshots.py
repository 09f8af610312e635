"""Takes the pictures in docs/screenshots from a running instance: `make screenshots`, or with ARGS="--photo FILE".

Starts the whole stack in a temporary folder, asks questions about one photo, trains a small federated model, and
photographs the pages with the system's Chromium at desktop and phone width.
"""

import argparse
import io
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.harness.processes import wait_for  # noqa: E402
from bench.harness.stack import Stack  # noqa: E402

FOLDER = ROOT / "docs" / "screenshots"
VIEWPORTS = {"": (1360, 900), "-phone": (390, 844)}
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
    photo = parser.parse_args().photo or default_photo()
    program = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if program is None:
        sys.exit("No Chromium found. Install it (Debian, Ubuntu: apt install chromium) and try again.")
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(Path(folder), "--slowdown", "4") as stack,
        sync_playwright() as playwright,
    ):
        conversation = ask(stack, photo)
        run = train(stack)
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for suffix, size in VIEWPORTS.items():
            take_all(browser, stack, size, suffix, conversation, run)
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


def take_all(browser: Browser, stack: Stack, size: tuple[int, int], suffix: str, conversation: str, run: int) -> None:
    width, height = size
    scale = 2 if suffix else 1.5
    context = browser.new_context(
        viewport={"width": width, "height": height}, device_scale_factor=scale, has_touch=bool(suffix)
    )
    page = context.new_page()
    stack.login(page)
    page.goto(f"{stack.url}/c/{conversation}/")
    page.locator(".turn").nth(len(QUESTIONS) - 1).wait_for()
    page.locator(".why summary").first.click()
    page.locator(".turn .me").first.scroll_into_view_if_needed()
    page.evaluate("() => document.querySelector('.turn').scrollIntoView()")
    page.evaluate("() => window.scrollBy(0, -80)")
    page.wait_for_timeout(1500)  # badges and the sparkline are drawn by then
    save(page, f"chat{suffix}")
    page.goto(f"{stack.url}/devices/")
    page.locator("#chart .scatterlayer .points path").first.wait_for()
    page.wait_for_timeout(2500)
    save(page, f"devices{suffix}")
    page.goto(f"{stack.url}/federation/{run}/")
    page.locator("#accuracy .scatterlayer .points path").first.wait_for()
    page.wait_for_timeout(500)
    save(page, f"federation{suffix}")
    page.goto(f"{stack.url}/curves/")
    page.locator(".curve .scatterlayer .points path").first.wait_for()
    page.wait_for_timeout(500)
    save(page, f"curves{suffix}")
    context.close()


def save(page: Page, name: str) -> None:
    """A PNG with a palette, small enough for a repository."""
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    for colours in COLOURS:
        out = io.BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        if out.tell() <= MAX_BYTES:
            break
    (FOLDER / f"{name}.png").write_bytes(out.getvalue())


if __name__ == "__main__":
    main()
