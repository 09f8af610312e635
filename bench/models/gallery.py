"""Captions, labels and answers for ordinary photos as the product gives them, to be judged by eye."""

import json

from PIL import Image
from rich.console import Console

from inference.engine import catalogue, runner
from inference.engine.answer import Answer
from inference.engine.doubt import WORDS, certainty
from inference.lab.data import photo_sets

PHOTOS = 24
QUESTIONS = ("what is in the photo?", "where was this photo taken?", "is there a person in the photo?")


def show(console: Console) -> None:
    """A caption, the three likeliest labels and three answers for each photo."""
    root, vision = photo_sets.data_dir() / "photos", runner.load(catalogue.profile("compact"))
    for entry in json.loads(photo_sets.require(root / "photos.json").read_text())[:PHOTOS]:
        image = Image.open(root / "images" / entry["image"]).convert("RGB")
        label = vision.run_whole("classify", image, None)
        console.print(f"[bold]{entry['image']}[/bold]  reference caption: {entry['captions'][0]}")
        console.print(f"  caption  {_text(vision.run_whole('caption', image, None))}")
        console.print(f"  labels   {', '.join(f'{name} {100 * p:.0f} %' for name, p in label.top[:3])} ({_doubt(label)})")
        for question in QUESTIONS:
            console.print(f"  {question}  {_text(vision.run_whole('vqa', image, question))}")


def _text(answer: Answer) -> str:
    return f"{answer.text} ({_doubt(answer)})"


def _doubt(answer: Answer) -> str:
    return f"{100 * answer.confidence:.0f} %, {WORDS[certainty(answer.confidence)].lower()}"
