"""How well text in photos is read: `python -m bench.reading [--quick] [--json] [--card]`.

Signs are drawn with the fonts of this machine, so nothing is downloaded. A word is right if it was read letter by letter, upper
and lower case alike.

words_clean         words right on signs of 640 × 480 pixels, seen straight
words_aslant        the same with the corners moved by up to a tenth
words_blurred       the same with a Gaussian blur of 1.5 pixels
words_upside_down   straight ones, upside down
false_words         words read that are not there, for each word that is, over all of these
false_alarms        everyday photos in which words were read, as a share (those with real text included); null without the data
ladder              words right, and average bytes, of large photos in each encoding that placement may choose
latency_ms_p50      processor time of one core for a sign of 640 pixels

--card writes the ladder into the card of the task.
"""

import json
import statistics

from bench.harness import command
from bench.reading import measurement, signs
from bench.reading.measurement import Score
from inference.engine.codecs import photo_codec
from inference.engine.model_options import PhotoLevel
from inference.engine.tasks.read.calibration import CARD
from inference.lab.data import photo_sets

KINDS: dict[str, signs.How] = {
    "clean": {},
    "aslant": {"aslant": 0.1},
    "blurred": {"blur": 1.5},
}  # fmt: skip
LEVELS = [PhotoLevel("webp", quality, None, side=side) for side, quality in ((960, 40), (1280, 50), (640, 40))]
EVERYDAY = 200  # photos


def main() -> None:
    parser = command.parser("reading", __doc__)
    parser.add_argument("--quick", action="store_true", help="8 signs of each kind instead of 100")
    parser.add_argument("--card", action="store_true", help="write the ladder into the card")
    options = parser.parse_args()
    figures = measure(8 if options.quick else 100, 4 if options.quick else 40)
    if options.card:
        _write(figures)
    command.print_figures(figures, options.json)


def measure(count: int, large: int) -> dict[str, object]:
    read = measurement.reader()
    drawn = {kind: [signs.draw(1000 + seed, **how) for seed in range(count)] for kind, how in KINDS.items()}
    scores = {kind: measurement.of_signs(read, several) for kind, several in drawn.items()}
    scores["upside_down"] = measurement.of_signs(read, drawn["clean"], lambda photo: photo.rotate(180))
    full, rungs = measurement.ladder(read, [measurement.large(500 + seed) for seed in range(large)], LEVELS)
    return {
        **{f"words_{kind}": round(score.accuracy, 4) for kind, score in scores.items()},
        "n_words": scores["clean"].words,
        "false_words": round(sum(score.false for score in scores.values()) / sum(score.words for score in scores.values()), 4),
        "false_alarms": _false_alarms(read),
        "full": _rung(full),
        "ladder": [{**_rung(rung.score), **_level(rung.level), "bytes": rung.bytes} for rung in rungs],
        "latency_ms_p50": round(1000 * statistics.median(measurement.seconds(read, drawn["clean"][:10]))),
        "fonts": len(signs.fonts()),
    }


def _rung(score: Score) -> dict[str, object]:
    return {"accuracy": round(score.accuracy, 4), "n_words": score.words}


def _level(level: PhotoLevel) -> dict[str, object]:
    return {"codec": level.codec, "quality": level.quality, "side": level.side}


def _false_alarms(read: measurement.Read) -> float | None:
    files = sorted((photo_sets.data_dir() / "everyday" / "images").glob("*.jpg"))[:EVERYDAY]
    alarms = [bool(measurement.words_of(read(photo_codec.decode(file.read_bytes())))) for file in files]
    return round(sum(alarms) / len(alarms), 4) if alarms else None


def _write(figures: dict[str, object]) -> None:
    card, full = json.loads(CARD.read_text()), figures["full"]
    assert isinstance(full, dict) and isinstance(figures["ladder"], list)
    card["accuracy"] = full["accuracy"]
    card["photo"] = [
        {name: rung[name] for name in ("codec", "quality", "side", "accuracy", "bytes")} for rung in figures["ladder"]
    ]
    CARD.write_text(json.dumps(card, indent=1) + "\n")


if __name__ == "__main__":
    main()
