"""Our feature code beside others on the same photos: `python -m inference.lab.codes.compare_codes`, after `training.codec`.

At each split point: ours, the same cells without the transform (nested FSQ), residual vector quantisation, and a shallow
convolutional encoder distilled to the features after block k with our quantiser; ours also on the embeddings alone (k = 0).
Each is fitted to the same photos by the tower's output alone, and each gets a restoring block at the edge that learned for as many
steps by that and the names. The bundled code, which learned longer and from all tasks, stands beside them. Told is the share of test
photos named right, as decoded and then restored. Every finished row is kept, so a stopped run goes on. `--write` puts the table
where the page has its markers.
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
from torch import Tensor, nn
from transformers.utils import logging

from devices.contract.wire import HEADER_BYTES
from inference.engine import split, towers
from inference.engine.catalogue import CODE, WEIGHTS, sha256
from inference.engine.codecs import feature_code
from inference.lab.codes import baseline_codecs, fit, markdown_tables, task_divergence, train_dequantiser
from inference.lab.codes.codec_eval import CLASSIFIED, even, features, finished
from inference.lab.codes.markdown_tables import Row
from inference.lab.codes.train_codec import LEARN_FROM as LEARNED_FROM
from inference.lab.codes.train_codec import STEPS as STEPS_BUNDLED
from inference.lab.data import crops, photo_sets
from inference.lab.measures import measure
from inference.lab.tower import bundle
from inference.lab.tower.shape import Compact

WHOLE = (64, 128, 256, 512)  # bytes of the packet: above, all are as good as uncompressed
SIZES = tuple(size - HEADER_BYTES for size in WHOLE)
STEPS = 200  # of every restoring block but the bundled one's
LEARN_FROM = 1500
CONVOLVED = "convolutional head, our cells"
Restored = Callable[[Tensor, Tensor], Tensor]


@dataclass
class Bench:
    model: Compact
    tower: split.Tower
    pixels: NDArray[np.uint8]  # of training photos
    tested: NDArray[np.uint8]
    labels: Tensor

    @cached_property
    def wanted(self) -> Tensor:
        return finished(self.tower, features(self.tower, self.pixels, 0), 0)

    @cached_property
    def apart(self) -> task_divergence.Apart:
        return task_divergence.names(self.model.classify.classifier, self.wanted)

    def restored(self, through: nn.Module, begun: Tensor, given: Tensor, k: int) -> train_dequantiser.Block:
        """The block learned behind a code. begun: what the device begins with; given: the features it should tell."""
        block = train_dequantiser.new_block(given, len(SIZES), k)
        train_dequantiser.learn(self.tower, block, through, begun, self.wanted, k, STEPS, SIZES, self.apart)
        return block

    @torch.inference_mode()
    def row(self, code: str, k: int, through: nn.Module, block: Restored, given: Tensor, more: str = "") -> Row:
        """given: what the device begins with, of the tested photos."""
        found: Row = {"code": code, "k": k, "note": more}
        for level, whole in enumerate(WHOLE, 1):
            right = []
            for part in given.split(100):
                levels = torch.full((len(part),), level)
                decoded = through(part, levels)
                both = [split.tail(self.tower, one, k)[:, 0] for one in (decoded, block(decoded, levels))]
                right.append(torch.stack([self.model.classify.classifier(one).argmax(1) for one in both]))
            found[str(whole)] = [measure.share(one == self.labels) for one in torch.cat(right, 1)]
        return found


def rows(bench: Bench, codes: dict[int, feature_code.LearnedCode]) -> Iterator[tuple[str, Callable[[], Row]]]:
    """(name, how to make it), so that what is there already need not be made again."""
    yield "ours 0", partial(_ours, bench, 0)  # what only embeds is the shallowest head of all
    for k, code in codes.items():
        yield f"bundled {k} {code.digest.hex()}", partial(_bundled, bench, code, k)
        yield f"ours {k}", partial(_ours, bench, k)
        yield f"fsq {k}", partial(_plain, bench, k)
        yield f"rvq {k}", partial(_vectors, bench, k)
        yield f"conv {k}", partial(_convolved, bench, k)


def _bundled(bench: Bench, code: feature_code.LearnedCode, k: int) -> Row:
    through, at = train_dequantiser.Batched(code), torch.tensor([code.sizes.index(size) + 1 for size in SIZES])
    through.depths = through.depths[at - 1]

    def block(decoded: Tensor, levels: Tensor) -> Tensor:
        if code.restorer is None:
            return decoded
        level = int(at[levels[0] - 1])
        return torch.from_numpy(np.stack([code.restorer(one, level) for one in decoded.numpy()]))

    return bench.row("**ours, as bundled**", k, through, block, features(bench.tower, bench.tested, k),
                     f"{STEPS_BUNDLED:,} steps, {LEARNED_FROM:,} photos")  # fmt: skip


def _ours(bench: Bench, k: int) -> Row:
    given = features(bench.tower, bench.pixels, k)
    code = feature_code.LearnedCode(fit.fit(bench.tower, given, k, 8 * max(SIZES)), SIZES)
    return _alike(bench, "ours, trained like the rest", k, train_dequantiser.Turned(code), given)


def _plain(bench: Bench, k: int) -> Row:
    given = features(bench.tower, bench.pixels, k)
    return _alike(bench, "nested FSQ, no transform", k, baseline_codecs.plain_cells(bench.tower, given, k, SIZES), given)


def _vectors(bench: Bench, k: int) -> Row:
    given = features(bench.tower, bench.pixels, k)
    through = baseline_codecs.ResidualVectors(
        given, feature_code.LearnedCode(fit.fit(bench.tower, given, k, 8 * max(SIZES)), SIZES)
    )
    books = f"{max(SIZES) * baseline_codecs.WORDS * through.told.shape[1] * 2 / 1e6:.1f} MB of codebooks"
    return _alike(bench, "residual vectors (RVQ)", k, through, given, books)


def _alike(bench: Bench, name: str, k: int, through: nn.Module, given: Tensor, more: str = "") -> Row:
    block = bench.restored(through, given, given, k)
    return bench.row(name, k, through, block, features(bench.tower, bench.tested, k), more)


def _convolved(bench: Bench, k: int) -> Row:
    given = features(bench.tower, bench.pixels, k)
    photos, tested = (torch.from_numpy(one).permute(0, 3, 1, 2) for one in (bench.pixels, bench.tested))
    head = baseline_codecs.convolutional(bench.tower, photos, given, bench.wanted, k)
    through = baseline_codecs.ConvolvedCells(
        head, feature_code.LearnedCode(fit.fit(bench.tower, _through(head, photos), k, 8 * max(SIZES)), SIZES)
    )
    block = bench.restored(through, photos, given, k)
    parameters = sum(one.numel() for one in head.parameters())
    return bench.row(CONVOLVED, k, through, block, tested,
                     f"{parameters / 1e6:.2f} M parameters, {baseline_codecs.CONV_STEPS} steps before")  # fmt: skip


@torch.inference_mode()
def _through(head: baseline_codecs.ConvHead, photos: Tensor) -> Tensor:
    return torch.cat([head(crops.normalise(part)) for part in photos.split(100)])


def head_ms(bench: Bench, row: Row) -> float:
    """What the device computes before it codes, on one core."""
    k = row["k"]
    if row["code"] != CONVOLVED:
        return _ms(lambda: features(bench.tower, bench.tested[:1], k))
    tokens, width = bench.tower.shape(k)
    head = baseline_codecs.ConvHead(width, feature_code.grid_side(tokens)).eval()  # what it learned costs no time
    photo = torch.from_numpy(bench.tested[:1]).permute(0, 3, 1, 2)
    return _ms(lambda: head(crops.normalise(photo)))


def _ms(work: Callable[[], object], repeats: int = 51) -> float:
    """Median on one core."""
    before, times = torch.get_num_threads(), []
    torch.set_num_threads(1)
    with torch.inference_mode():
        for _ in range(repeats):
            begun = time.perf_counter()
            work()
            times.append(1000 * (time.perf_counter() - begun))
    torch.set_num_threads(before)
    return statistics.median(times)


def kind(row: Row) -> tuple[bool, int]:
    """Rows of one kind have the same head."""
    return row["code"] == CONVOLVED, row["k"]


def table(found: list[Row], ms: dict[tuple[bool, int], float]) -> str:
    """Markdown: top-1 as decoded, and restored."""
    lines = [f"| k | code | {' | '.join(f'{size} B' for size in WHOLE)} | head, one core | |", "|---" * (len(WHOLE) + 4) + "|"]
    for row in found:
        cells = [f"{100 * before:.1f} → {100 * after:.1f} %" for before, after in (row[str(size)] for size in WHOLE)]
        lines.append(f"| {row['k']} | {row['code']} | {' | '.join(cells)} | {ms[kind(row)]:.1f} ms | {row['note']} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, default=WEIGHTS / "compact")
    parser.add_argument("--state", type=Path, default=Path("var/compare_codes.json"))
    parser.add_argument("--write", type=Path, help="the page whose table is replaced, docs/feature-code.md")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    held, (model, _) = measure.Held(photo_sets.data_dir()), bundle.load(photo_sets.require(options.weights))
    names = even([name for name, split_, _ in photo_sets.listing(held.root) if split_ == "train"], LEARN_FROM)
    tested = even(held.labelled()[1::2], CLASSIFIED)
    bench = Bench(model, towers.ResNetTower(model.classify.resnet), held.pixels(names), held.pixels([name for name, _ in tested]),
                  torch.tensor([label for _, label in tested]))  # fmt: skip
    recipe = [sha256(options.weights / "classify" / "model.safetensors"), WHOLE, STEPS, LEARN_FROM]
    made = markdown_tables.rows(options.state, recipe, rows(bench, feature_code.load(options.weights / CODE)))
    # All heads in one go, as a machine is not always as busy, and each once.
    ms = {kind(row): head_ms(bench, row) for row in {kind(row): row for row in made}.values()}
    found = table(made, ms)
    print(found)
    if options.write:
        markdown_tables.write(options.write, "compare_codes", found)


if __name__ == "__main__":
    main()
