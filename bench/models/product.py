"""What the bundled models answer through the product's own code: the engine on one core, the planner, the composed sentence."""

from bench.models import everyday
from bench.models.everyday import EverydayFigures
from bench.models.people import question_set
from bench.models.people.asking import Asked, ask_all
from bench.models.people.score import PeopleFigures, score
from inference.engine import catalogue, runner
from inference.engine.runner import Vision
from inference.lab.data import photo_sets

PROFILE = "compact"
QUICK_STEP = 4  # of the photos of `everyday` and of the questions, every fourth


class ProductFigures(EverydayFigures):
    """With what `everyday` measures."""

    people: PeopleFigures


def load() -> Vision:
    """On one core, as on a small device."""
    return runner.load(catalogue.profile(PROFILE), threads=1)


def ask(vision: Vision, quick: bool) -> list[Asked]:
    return ask_all(vision, question_set.read()[:: QUICK_STEP if quick else 1], photo_sets.data_dir())


def measure(vision: Vision, quick: bool) -> ProductFigures:
    photos = everyday.labelled(photo_sets.data_dir())[:: QUICK_STEP if quick else 1]
    return {**everyday.measure(vision, photos), "people": score(ask(vision, quick))}
