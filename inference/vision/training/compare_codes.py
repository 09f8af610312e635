"""Our feature code beside others on the same photos: `python -m inference.vision.training.compare_codes`, after `training.codec`.

At each split point: ours with and without the restoring block, the same cells without the transform (nested FSQ), residual vector
quantisation, and a shallow convolutional encoder distilled to the features after block k with our quantiser. Told are the share of
test photos named right and the squared error of the tower's output. Every finished row is kept, so a stopped run goes on.
`--write` puts the table where the page has its markers.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers.utils import logging

from inference.vision import codec, split, towers
from inference.vision.catalogue import CODE, WEIGHTS, sha256
from inference.vision.training import bundle, crops, data, fit, measure, rivals
from inference.vision.training.examined import CLASSIFIED, even, features, finished
from inference.vision.training.shape import Compact
from inference.vision.wire import HEADER_BYTES

WHOLE = (64, 128, 256, 512)  # bytes of the packet: above, all are as good as uncompressed
SIZES = tuple(size - HEADER_BYTES for size in WHOLE)
CONVOLVED = (2, 4)
LEARN_FROM = 1500
BEGIN, END = "<!-- compare_codes -->", "<!-- /compare_codes -->"
Row = dict[str, Any]


@dataclass
class Bench:
    model: Compact
    tower: split.Tower
    pixels: NDArray[np.uint8]  # of training photos
    tested: NDArray[np.uint8]
    labels: Tensor

    @cached_property
    def clean(self) -> Tensor:
        return finished(self.tower, features(self.tower, self.tested, 0), 0)

    def row(self, code: str, k: int, decoded: rivals.Decoded, given: Tensor, ms: float, more: str = "") -> Row:
        found: Row = {"code": code, "k": k, "ms": round(ms, 2), "note": more}
        for whole, size in zip(WHOLE, SIZES, strict=True):
            with torch.inference_mode():
                seen = finished(self.tower, decoded(given, size), k)
                named = self.model.classify.classifier(seen[:, 0]).argmax(1) == self.labels
            error = float((seen - self.clean).square().mean() / self.clean.var())
            found[str(whole)] = {"top1": measure.share(named), "error": round(error, 3)}
        return found


def rows(bench: Bench, codes: dict[int, codec.LearnedCode]) -> Iterator[tuple[str, Callable[[], Row]]]:
    """(name, how to make it), so that what is there already need not be made again."""
    for k, code in codes.items():
        yield f"restored {k}", partial(_ours, bench, code, k, True)
        yield f"ours {k}", partial(_ours, bench, code, k, False)
        yield f"fsq {k}", partial(_plain, bench, k)
        yield f"rvq {k}", partial(_vectors, bench, code, k)
        if k in CONVOLVED:
            yield f"conv {k}", partial(_convolved, bench, k)


def _ours(bench: Bench, code: codec.LearnedCode, k: int, restored: bool) -> Row:
    name = "ours, restored at the edge" if restored else "ours, not restored"
    return bench.row(name, k, rivals.cells(code, restored), features(bench.tower, bench.tested, k), _head_ms(bench, k))


def _plain(bench: Bench, k: int) -> Row:
    decoded = rivals.plain_cells(bench.tower, features(bench.tower, bench.pixels, k), k, SIZES)
    return bench.row("nested FSQ, no transform", k, decoded, features(bench.tower, bench.tested, k), _head_ms(bench, k))


def _vectors(bench: Bench, code: codec.LearnedCode, k: int) -> Row:
    decoded = rivals.residual_vectors(features(bench.tower, bench.pixels, k), code, SIZES)
    return bench.row("residual vectors (RVQ)", k, decoded, features(bench.tower, bench.tested, k), _head_ms(bench, k),
                     f"{max(SIZES) * rivals.WORDS * rivals.STRONGEST * 2 / 1e6:.1f} MB of codebooks")  # fmt: skip


def _convolved(bench: Bench, k: int) -> Row:
    given = features(bench.tower, bench.pixels, k)
    photos, tested = (torch.from_numpy(one).permute(0, 3, 1, 2) for one in (bench.pixels, bench.tested))
    head = rivals.convolutional(bench.tower, photos, given, finished(bench.tower, given, k), k)
    arrays = fit.fit(bench.tower, _through(head, photos), k, 8 * max(SIZES))
    decoded = rivals.cells(codec.LearnedCode(arrays, SIZES), False)
    parameters = sum(one.numel() for one in head.parameters())
    return bench.row("convolutional head, our cells", k, decoded, _through(head, tested),
                     _ms(lambda: head(crops.normalise(tested[:1]))), f"{parameters / 1e6:.2f} M parameters")  # fmt: skip


@torch.inference_mode()
def _through(head: rivals.ConvHead, photos: Tensor) -> Tensor:
    return torch.cat([head(crops.normalise(part)) for part in photos.split(100)])


def _head_ms(bench: Bench, k: int) -> float:
    return _ms(lambda: features(bench.tower, bench.tested[:1], k))


def _ms(work: Callable[[], object], repeats: int = 15) -> float:
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


def table(found: list[Row]) -> str:
    """Markdown: top-1 and, in brackets, the relative squared error of the tower's output."""
    lines = [f"| k | code | {' | '.join(f'{size} B' for size in WHOLE)} | head, one core | |", "|---" * (len(WHOLE) + 4) + "|"]
    for row in found:
        cells = [f"{100 * row[str(size)]['top1']:.1f} % ({row[str(size)]['error']:.3f})" for size in WHOLE]
        lines.append(f"| {row['k']} | {row['code']} | {' | '.join(cells)} | {row['ms']:.1f} ms | {row['note']} |")
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
    held, (model, _) = measure.Held(data.data_dir()), bundle.load(data.require(options.weights))
    names = even([name for name, split_, _ in data.listing(held.root) if split_ == "train"], LEARN_FROM)
    tested = even(held.labelled()[1::2], CLASSIFIED)
    bench = Bench(model, towers.ResNetTower(model.classify.resnet), held.pixels(names), held.pixels([name for name, _ in tested]),
                  torch.tensor([label for _, label in tested]))  # fmt: skip
    version = sha256(options.weights / CODE)
    state = json.loads(options.state.read_text()) if options.state.exists() else {}
    state = state if state.get("code") == version else {"code": version, "rows": {}}
    for name, make in rows(bench, codec.load(options.weights / CODE)):
        if name not in state["rows"]:
            state["rows"][name] = make()
            options.state.parent.mkdir(parents=True, exist_ok=True)
            options.state.write_text(json.dumps(state))
    found = table(list(state["rows"].values()))
    print(found)
    if options.write:
        before, _, rest = options.write.read_text().partition(BEGIN)
        options.write.write_text(f"{before}{BEGIN}\n\n{found}\n\n{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    main()
