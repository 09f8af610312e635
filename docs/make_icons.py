"""Draws the PNG icons of the installable app from static/icons/isthmus.svg: `python docs/make_icons.py`. Needs Chromium."""

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).resolve().parents[1] / "static" / "icons"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
GROUND = "#f6f7f9"  # --ground of the light theme
# Side in pixels, share of it that the drawing takes, ground. A maskable icon loses what is outside its middle four fifths; a
# badge is shown as its shape alone, in one colour.
ICONS = {
    "icon-192.png": (192, 1.0, "transparent"),
    "icon-512.png": (512, 1.0, "transparent"),
    "maskable-192.png": (192, 0.66, GROUND),
    "maskable-512.png": (512, 0.66, GROUND),
    "apple-touch-180.png": (180, 0.8, GROUND),
    "badge-96.png": (96, 1.0, "transparent"),
}


def main() -> None:
    program = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if program is None:
        sys.exit("No Chromium found. Install it (Debian, Ubuntu: apt install chromium) and try again.")
    drawing = (FOLDER / "isthmus.svg").read_text()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page()
        for name, (side, share, ground) in ICONS.items():
            save(draw(page, drawing, side, share, ground), FOLDER / name, white=name.startswith("badge"))
        browser.close()


def draw(page: Page, drawing: str, side: int, share: float, ground: str) -> Image.Image:
    page.set_viewport_size({"width": side, "height": side})
    style = f"body{{margin:0;height:100vh;display:grid;place-items:center;background:{ground}}}svg{{width:{share * 100}vw}}"
    page.set_content(f"<style>{style}</style>{drawing}")
    return Image.open(io.BytesIO(page.screenshot(omit_background=True))).convert("RGBA")


def save(picture: Image.Image, file: Path, white: bool) -> None:
    if white:
        shape = Image.new("RGBA", picture.size, "#ffffff")
        shape.putalpha(picture.getchannel("A"))
        picture = shape
    picture.quantize(64, method=Image.Quantize.FASTOCTREE).save(file, optimize=True)


if __name__ == "__main__":
    main()
