"""How well text in photos is read: `python -m bench.reading [--quick] [--json] [--card]`.

Signs are drawn with the fonts of this machine, so nothing is downloaded. A word is right if it was read letter by letter, upper
and lower case alike. Shares stand beside their 95 % interval, `…_ci`.

words_clean         words right on signs of 640 × 480 pixels, seen straight
words_aslant        the same with the corners moved by up to a tenth
words_blurred       the same with a Gaussian blur of 1.5 pixels
words_upside_down   straight ones, upside down
false_words         words read that are not there, for each word that is, over all of these
false_alarms        everyday photos in which words were read, as a share (those with real text included); null without the data
ladder              words right, and average bytes, of large photos in each encoding that placement may choose
lines_by_score      lines of all signs, and of real photos (judged by eye), by the recogniser's score, and the share right
line_confidence     the correction of that score that fits the real photos, as in the card
latency_ms_p50      processor time of one core for a sign of 640 pixels
encodings_per_answer  the same, by the time that the card's first encoding of such a photo takes

--card writes what placement and confidence use into the card of the task: the ladder, the correction and the last row.
"""

import json

from bench.harness import command
from bench.harness.intervals import rounded, wilson
from bench.reading import confidence, measurement, signs
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
# The first is the one that the time of an answer is predicted from.
LEVELS = [PhotoLevel("webp", quality, None, side=side) for side, quality in ((960, 40), (1280, 50), (640, 40))]
EVERYDAY = 200  # photos
TIMED = 10  # signs


def main() -> None:
    parser = command.parser("reading", __doc__)
    parser.add_argument("--quick", action="store_true", help="8 signs of each kind instead of 100")
    parser.add_argument("--card", action="store_true", help="write the ladder and the calibration into the card")
    parser.add_argument("--signs", type=int, help="signs of each kind")
    parser.add_argument("--large", type=int, help="large photos for the ladder")
    options = parser.parse_args()
    count, large, photos = (8, 4, 40) if options.quick else (100, 40, EVERYDAY)
    figures = measure(options.signs or count, options.large or large, photos)
    if options.card:
        _write(figures)
    command.print_figures(figures, options.json)


def measure(count: int, large: int, everyday: int) -> dict[str, object]:
    read = measurement.reader()
    drawn = {kind: [signs.draw(1000 + seed, **how) for seed in range(count)] for kind, how in KINDS.items()}
    results = {kind: measurement.of_signs(read, several) for kind, several in drawn.items()}
    results["upside_down"] = measurement.of_signs(read, drawn["clean"], is_upside_down=True)
    scores, lines = [score for score, _ in results.values()], [line for _, several in results.values() for line in several]
    full, rungs = measurement.ladder(read, [measurement.large(500 + seed) for seed in range(large)], LEVELS)
    judged = confidence.judged_lines()
    timed = [measurement.stored(sign.photo) for sign in drawn["clean"][:TIMED]]
    seconds = measurement.seconds(read, timed)
    encoding_s = measurement.seconds(lambda file: photo_codec.again(file, LEVELS[0], 0), map(measurement.as_jpeg, timed))
    return {
        **{name: value for kind, (score, _) in results.items() for name, value in _named(f"words_{kind}", score).items()},
        "n_words": scores[0].words,
        "n_signs": count,
        "n_large": large,
        "false_words": round(sum(score.false for score in scores) / sum(score.words for score in scores), 4),
        **_false_alarms(read, everyday),
        "full": _rung(full),
        "ladder": [{**_rung(rung.score), **_level(rung.level), "bytes": rung.bytes} for rung in rungs],
        "lines_by_score": {"signs": confidence.table(lines), "photos": confidence.table(judged)},
        "line_confidence": confidence.fit(judged),
        "n_judged": len(judged),
        "latency_ms_p50": round(1000 * seconds),
        "encodings_per_answer": round(seconds / encoding_s, 1),
        "fonts": len(signs.fonts()),
    }


def _named(name: str, score: Score) -> dict[str, object]:
    return {name: round(score.accuracy, 4), f"{name}_ci": score.interval}


def _rung(score: Score) -> dict[str, object]:
    return {**_named("accuracy", score), "n_words": score.words}


def _level(level: PhotoLevel) -> dict[str, object]:
    return {"codec": level.codec, "quality": level.quality, "side": level.side}


def _false_alarms(read: measurement.Read, count: int) -> dict[str, object]:
    files = sorted((photo_sets.data_dir() / "everyday" / "images").glob("*.jpg"))[:count]
    alarms = [bool(measurement.words_of(read(photo_codec.decode(file.read_bytes())))) for file in files]
    if not alarms:
        return {"false_alarms": None}
    return {
        "false_alarms": round(sum(alarms) / len(alarms), 4), "false_alarms_ci": rounded(wilson(sum(alarms), len(alarms))),
        "n_photos": len(alarms),
    }  # fmt: skip


def _write(figures: dict[str, object]) -> None:
    card, full = json.loads(CARD.read_text()), figures["full"]
    assert isinstance(full, dict) and isinstance(figures["ladder"], list)
    card["accuracy"] = full["accuracy"]
    card["measured_on"] = (
        f"{full['n_words']} words of {figures['n_large']} drawn signs of 2048 x 1536 pixels in {figures['fonts']} fonts; "
        f"line_confidence on {figures['n_judged']} lines of real photos, judged by eye (python -m bench.reading)"
    )
    card["photo"] = [
        {name: rung[name] for name in ("codec", "quality", "side", "accuracy", "bytes")} for rung in figures["ladder"]
    ]
    card |= {name: figures[name] for name in ("encodings_per_answer", "line_confidence")}
    CARD.write_text(json.dumps(card, indent=1) + "\n")


if __name__ == "__main__":
    main()
