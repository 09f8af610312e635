"""Our feature code beside others on the same photos: `python -m inference.lab.codes.compare_codes`, after train_codec.

At each split point: ours, the same transform with fixed bits instead of an entropy coder, fixed bits without the transform
(nested FSQ), residual vector quantisation (RVQ), token merging, and a shallow convolutional encoder distilled to the features
after block k with our quantiser; where there are few enough tokens ours also on the embeddings alone (k = 0). Each is fitted
to the same photos from the tower's output alone, and each gets a dequantiser at the edge, trained for the same number of steps
on that output and the class labels. The bundled code, which trained longer and on all tasks, is listed beside them. The table
shows top-1 of 1000 names on Imagenette test photos (ten classes), as decoded and then restored. Finished rows are stored, so a
stopped run resumes. `--write` replaces the table between the markers of a page.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers.utils import logging

from devices.contract.wire import HEADER_BYTES
from inference.engine import split
from inference.engine.catalogue import CODE, WEIGHTS
from inference.engine.codecs import feature_code, learned_code
from inference.engine.model_files import tower_digest
from inference.lab.codes import baseline_codecs, fit, markdown_tables, task_divergence, train_dequantiser
from inference.lab.codes.codec_eval import CLASSIFIED, even_sample, features, tower_output
from inference.lab.codes.fixed_bits import FixedBits
from inference.lab.codes.markdown_tables import Row
from inference.lab.codes.train_codec import STEPS as BUNDLED_STEPS
from inference.lab.codes.train_codec import TRAINING_PHOTOS as BUNDLED_PHOTOS
from inference.lab.codes.train_dequantiser import Codec
from inference.lab.data import crops, photo_sets
from inference.lab.halves import bundle
from inference.lab.halves.shape import Compact
from inference.lab.measures import measure

PACKET_SIZES = (128, 256, 512, 1024)  # bytes with the header; RVQ needs a codebook for each
SIZES = tuple(size - HEADER_BYTES for size in PACKET_SIZES)
STEPS = 200  # of every dequantiser but the bundled one
TRAINING_PHOTOS = 1500
MOST_TOKENS = 2000  # that a dequantiser can attend over
GROUPS = (4, 8, 16, 32)  # of merged tokens at each size
CONVOLUTIONAL = "convolutional head, our quantiser"
Restore = Callable[[Tensor, Tensor], Tensor]  # (decoded features [B, T, D], levels [B]) -> their remainder


@dataclass
class Comparison:
    model: Compact
    tower: split.Tower
    pixels: NDArray[np.uint8]  # of training photos
    test_pixels: NDArray[np.uint8]
    labels: Tensor  # of the test photos

    @cached_property
    def target(self) -> Tensor:
        return tower_output(self.tower, features(self.tower, self.pixels, 0), 0)

    @cached_property
    def divergence(self) -> task_divergence.Divergence:
        return task_divergence.label_divergence(self.model.classifier, self.target)

    def train_block(self, codec: Codec, inputs: Tensor, original: Tensor, k: int) -> train_dequantiser.Dequantiser:
        """inputs: what the device encodes; original: the features that decoding should give."""
        block = train_dequantiser.new_dequantiser(original, len(SIZES), k)
        train_dequantiser.learn(self.tower, block, codec, inputs, self.target, k, STEPS, SIZES, self.divergence)
        return block

    @torch.inference_mode()
    def row(self, name: str, k: int, codec: Codec, block: Restore, inputs: Tensor, note: str = "") -> Row:
        """inputs: what the device encodes of the test photos."""
        row: Row = {"code": name, "k": k, "note": note}
        for level, size in enumerate(PACKET_SIZES, 1):
            predictions = []
            for part in inputs.split(100):
                levels = torch.full((len(part),), level)
                decoded, left = codec(part, levels)
                restored = codec.restored(decoded, block(decoded, levels), left)
                outputs = [split.tail(self.tower, variant, k)[:, 0] for variant in (decoded, restored)]
                predictions.append(torch.stack([self.model.classifier(output).argmax(1) for output in outputs]))
            row[str(size)] = [measure.share((labels == self.labels).tolist()) for labels in torch.cat(predictions, 1)]
        return row


def jobs(comparison: Comparison, codes: dict[int, learned_code.LearnedCode]) -> Iterator[tuple[str, Callable[[], Row]]]:
    """(name, function) per row, so that stored rows need not be computed again."""
    if comparison.tower.shape(0)[0] <= MOST_TOKENS:
        yield "ours 0", partial(_ours, comparison, 0)  # embeddings alone are the shallowest head of all
    for k, code in codes.items():
        yield f"bundled {k} {code.digest.hex()}", partial(_bundled, comparison, code, k)
        yield f"ours {k}", partial(_ours, comparison, k)
        yield f"fixed {k}", partial(_fixed, comparison, k)
        yield f"fsq {k}", partial(_fsq, comparison, k)
        yield f"rvq {k}", partial(_rvq, comparison, k)
        yield f"merged {k}", partial(_merged, comparison, k)
        yield f"conv {k}", partial(_convolutional, comparison, k)


def _bundled(comparison: Comparison, code: learned_code.LearnedCode, k: int) -> Row:
    at = [code.sizes.index(size) + 1 for size in SIZES]

    def restore(decoded: Tensor, levels: Tensor) -> Tensor:
        if code.restorer is None:
            return torch.zeros_like(decoded)
        level = at[int(levels[0]) - 1]
        return torch.from_numpy(np.stack([code.restorer(photo, level) for photo in decoded.numpy()]))

    inputs = features(comparison.tower, comparison.test_pixels, k)
    note = f"{BUNDLED_STEPS:,} steps, {BUNDLED_PHOTOS:,} photos"
    return comparison.row("**ours, as bundled**", k, train_dequantiser.SomeLevels(code, at), restore, inputs, note)


def _ours(comparison: Comparison, k: int) -> Row:
    original = features(comparison.tower, comparison.pixels, k)
    codec = train_dequantiser.TrainableCode(_fitted(comparison, original, k))
    return _trained_row(comparison, "ours, trained like the rest", k, codec, original)


def _fixed(comparison: Comparison, k: int) -> Row:
    original = features(comparison.tower, comparison.pixels, k)
    return _trained_row(comparison, "fixed bits, no entropy coder", k, _fixed_bits(comparison, original, k), original)


def _fsq(comparison: Comparison, k: int) -> Row:
    original = features(comparison.tower, comparison.pixels, k)
    codec = baseline_codecs.untransformed_fsq(comparison.tower, original, k, SIZES)
    return _trained_row(comparison, "nested FSQ, no transform", k, codec, original)


def _rvq(comparison: Comparison, k: int) -> Row:
    original = features(comparison.tower, comparison.pixels, k)
    codec = baseline_codecs.ResidualVectorQuantiser(original, _fixed_bits(comparison, original, k))
    megabytes = max(SIZES) * baseline_codecs.CODEWORDS * baseline_codecs.DIRECTIONS * 2 / 1e6
    return _trained_row(comparison, "residual vectors (RVQ)", k, codec, original, f"{megabytes:.1f} MB of codebooks")


def _merged(comparison: Comparison, k: int) -> Row:
    original = features(comparison.tower, comparison.pixels, k)
    codec = baseline_codecs.MergedTokens(original, _fixed_bits(comparison, original, k), GROUPS)
    return _trained_row(comparison, "token merging", k, codec, original, "no level is a prefix of the next")


def _convolutional(comparison: Comparison, k: int) -> Row:
    original = features(comparison.tower, comparison.pixels, k)
    photos, test = (torch.from_numpy(part).permute(0, 3, 1, 2) for part in (comparison.pixels, comparison.test_pixels))
    head = baseline_codecs.distil_head(comparison.tower, photos, original, comparison.target, k)
    codec = baseline_codecs.ConvolutionalCode(head, _fitted(comparison, _head_output(head, photos), k))
    block = comparison.train_block(codec, photos, original, k)
    parameters = sum(parameter.numel() for parameter in head.parameters())
    note = f"{parameters / 1e6:.2f} M parameters, {baseline_codecs.CONV_STEPS} distillation steps before"
    return comparison.row(CONVOLUTIONAL, k, codec, block, test, note)


def _trained_row(comparison: Comparison, name: str, k: int, codec: Codec, original: Tensor, note: str = "") -> Row:
    block = comparison.train_block(codec, original, original, k)
    return comparison.row(name, k, codec, block, features(comparison.tower, comparison.test_pixels, k), note)


def _fitted(comparison: Comparison, original: Tensor, k: int) -> learned_code.LearnedCode:
    return learned_code.LearnedCode(fit.fit(comparison.tower, original, k), SIZES)


def _fixed_bits(comparison: Comparison, original: Tensor, k: int) -> FixedBits:
    return FixedBits(fit.basis(comparison.tower, original, k), SIZES)


@torch.inference_mode()
def _head_output(head: baseline_codecs.ConvolutionalHead, photos: Tensor) -> Tensor:
    return torch.cat([head(crops.normalise(part)) for part in photos.split(100)])


def head_ms(comparison: Comparison, row: Row) -> float:
    """Compute on the device before encoding, on one core."""
    k = row["k"]
    if row["code"] != CONVOLUTIONAL:
        return _median_ms(lambda: features(comparison.tower, comparison.test_pixels[:1], k))
    tokens, width = comparison.tower.shape(k)
    head = baseline_codecs.ConvolutionalHead(width, feature_code.grid_side(tokens)).eval()  # its weights do not affect the time
    photo = torch.from_numpy(comparison.test_pixels[:1]).permute(0, 3, 1, 2)
    return _median_ms(lambda: head(crops.normalise(photo)))


def _median_ms(work: Callable[[], object], repeats: int = 51) -> float:
    """On one core."""
    threads, times = torch.get_num_threads(), []
    torch.set_num_threads(1)
    with torch.inference_mode():
        for _ in range(repeats):
            started = time.perf_counter()
            work()
            times.append(1000 * (time.perf_counter() - started))
    torch.set_num_threads(threads)
    return statistics.median(times)


def head_kind(row: Row) -> tuple[bool, int]:
    """Rows of the same kind have the same head."""
    return row["code"] == CONVOLUTIONAL, row["k"]


def table(rows: list[Row], ms: dict[tuple[bool, int], float]) -> str:
    """Markdown: top-1 as decoded, and restored."""
    header = f"| k | code | {' | '.join(f'{size} B' for size in PACKET_SIZES)} | head, one core | |"
    lines = [header, "|---" * (len(PACKET_SIZES) + 4) + "|"]
    for row in rows:
        cells = [
            f"{100 * decoded:.1f} → {100 * restored:.1f} %" for decoded, restored in (row[str(size)] for size in PACKET_SIZES)
        ]
        lines.append(f"| {row['k']} | {row['code']} | {' | '.join(cells)} | {ms[head_kind(row)]:.1f} ms | {row['note']} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--weights", type=Path, default=WEIGHTS / "compact", help="the models' folder (default: the bundled ones)"
    )
    parser.add_argument("--state", type=Path, default=Path("var/compare_codes.json"), help="where finished rows are stored")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="page whose table is replaced: docs/feature-code.md")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    photos, (model, _) = measure.HeldOut(photo_sets.data_dir()), bundle.load(photo_sets.require(options.weights))
    names = even_sample([name for name, part, _ in photo_sets.listing(photos.root) if part == "train"], TRAINING_PHOTOS)
    test = even_sample(photos.labelled()[1::2], CLASSIFIED)
    comparison = Comparison(
        model, model.tower, photos.pixels(names), photos.pixels([name for name, _ in test]),
        torch.tensor([label for _, label in test]),
    )  # fmt: skip
    recipe = [tower_digest(options.weights), PACKET_SIZES, STEPS, TRAINING_PHOTOS, CONVOLUTIONAL]
    rows = markdown_tables.rows(options.state, recipe, jobs(comparison, learned_code.load(options.weights / CODE)))
    # All heads in one go and each kind once, as the load of the machine changes.
    ms = {kind: head_ms(comparison, row) for kind, row in {head_kind(row): row for row in rows}.items()}
    text = table(rows, ms)
    print(text)
    if options.write:
        markdown_tables.write(options.write, "compare_codes", text)


if __name__ == "__main__":
    main()
