"""What the pages in docs/screenshots show besides a conversation: a library, a batch, a watch with an event, an allowance."""

import io
import time
from pathlib import Path

import numpy as np
import sklearn.datasets
from PIL import Image
from skimage import data

from bench.harness.processes import wait_for
from bench.harness.stack import OWNER, Stack

CAMERA = "porch"
PHOTOS = ("astronaut", "chelsea", "coffee", "rocket", "hubble_deep_field", "retina", "china.jpg", "flower.jpg")
BATCH = "What is in this photo?"
WATCH = {"looks_for": "cat", "per_second": 3, "cool_down_s": 0, "clear_after": 2}
FRAME_S, GRAIN, WATCHED_S = 0.3, 4.0, 240
EMPTY, VISITOR = "coffee", "chelsea"


def prepare(stack: Stack) -> None:
    """Before it starts: a camera of jetson-a that is a folder."""
    home = stack.var / "nodes" / "jetson-a"
    for folder in (home, folder_of(stack)):
        folder.mkdir(parents=True, mode=0o700)
    (home / "cameras.toml").write_text(f'{CAMERA} = "folder:{folder_of(stack)}"\n')


def folder_of(stack: Stack) -> Path:
    return stack.var / "shots"


def fill(stack: Stack) -> str:
    """The id of a batch that has ended."""
    photos = [add(stack, jpeg(picture)) for picture in pictures()]
    batch = str(stack.owner.post("/api/v1/batches", json={"question": BATCH, "photos": photos}).json()["id"])
    watch(stack)
    stack.manage("allowances", "set", OWNER, "--questions", "60")
    ended = ("done", "failed")
    wait_for(
        lambda: stack.owner.get(f"/api/v1/batches/{batch}").json()["state"] in ended, WATCHED_S, "the batch did not end", 1
    )
    wait_for(lambda: is_searchable(stack, len(photos)), WATCHED_S, "the photos cannot be searched", 1)
    return batch


def pictures() -> list[Image.Image]:
    """Eight photos that scikit-image and scikit-learn ship, and a part of each."""
    folder = Path(sklearn.datasets.__file__).parent / "images"
    whole = [Image.open(folder / name) if "." in name else Image.fromarray(getattr(data, name)()) for name in PHOTOS]
    parts = [picture.crop((0, 0, int(0.8 * picture.width), int(0.8 * picture.height))) for picture in whole]
    return [picture.convert("RGB") for picture in (*parts, *whole)]


def jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=92)
    return out.getvalue()


def add(stack: Stack, photo: bytes) -> str:
    """To the library. Returns its id."""
    answer = stack.owner.post("/api/v1/photos", data={"library": "true"}, files={"photo": ("photo.jpg", photo, "image/jpeg")})
    assert answer.status_code in (200, 201), answer.text
    return str(answer.json()["id"])


def is_searchable(stack: Stack, photos: int) -> bool:
    (count,) = stack.rows("SELECT count(*) FROM search_photovector")[0]
    return bool(count >= photos)


def watch(stack: Stack) -> None:
    """Returns once an event was raised, described and over."""
    new = {"node": "jetson-a", "camera": CAMERA, "title": "Cat", "settings": WATCH}
    show(stack, EMPTY, 3)
    answer = stack.owner.post("/api/v1/watches", json=new)
    assert answer.status_code == 201, answer.text
    address = f"/api/v1/watches/{answer.json()['id']}"
    assert stack.owner.post(f"{address}/switch", json={"on": True}).status_code == 200
    until = time.monotonic() + WATCHED_S
    while not stack.owner.get(address).json()["applied"] and time.monotonic() < until:
        show(stack, EMPTY, 1)
    show(stack, EMPTY, 12)
    while not raised(stack) and time.monotonic() < until:
        show(stack, VISITOR, 1)
    show(stack, EMPTY, 12)
    assert raised(stack), "the watch raised no event"


def raised(stack: Stack) -> bool:
    return bool(stack.owner.get("/api/v1/watches/events?kind=raised").json()["items"])


def show(stack: Stack, name: str, seconds: float) -> None:
    """Play a photo as the camera's, with the noise of a sensor."""
    picture = np.asarray(Image.fromarray(getattr(data, name)()).convert("RGB").resize((640, 480)), np.float32)
    noise, until = np.random.default_rng(7), time.monotonic() + seconds
    while time.monotonic() < until:
        frame = np.clip(picture + noise.normal(0, GRAIN, (480, 640, 1)), 0, 255).astype(np.uint8)
        part = folder_of(stack) / "now.part"
        part.write_bytes(jpeg(Image.fromarray(frame)))
        part.replace(part.with_name("now.jpg"))
        time.sleep(FRAME_S)
