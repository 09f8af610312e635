"""One way to send the photos, evaluated on all three tasks: the work of one process of `bench.rate_accuracy`.

Every way is evaluated on the same held-out photos: Imagenette validation for labels, Flickr8k test for captions and for the
questions generated from them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from transformers.utils import logging

from bench.rate_accuracy.adaptation import AffineAdapter
from bench.rate_accuracy.stats import Floats, Outcome, bleu_counts
from inference.engine import catalogue, doubt, loading, reconstruction, split
from inference.engine.codecs import photo_codec
from inference.engine.engines.torch_engine import TorchEngine
from inference.engine.questions import kinds
from inference.engine.questions.kinds import Kind
from inference.lab.codes.codec_eval import even_sample
from inference.lab.data import crops, photo_sets, tokens
from inference.lab.halves import bundle
from inference.lab.measures import decode, image_metrics, measure
from inference.lab.measures.score import Cider

Pixels = NDArray[np.uint8]
BATCH = 50
WEIGHTS = catalogue.WEIGHTS / "compact"


EVERYDAY = "everyday"  # the classifier on photos of 500 classes, beside the ten of Imagenette


@dataclass(frozen=True)
class Sizes:
    """Photos classified, captioned, asked about (the captioned ones first), compared for image quality, and used to adapt."""

    classified: int
    everyday: int
    captioned: int
    asked: int
    compared: int
    adapted: int


class Setting(TypedDict, total=False):
    """What identifies a row, and the image quality of its photos. The keys are those of the stored results."""

    way: str
    split_at: int
    level: int
    quality: int
    tails: str  # plain | adapted
    psnr: float
    ssim: float
    refine_to: int
    sure_above: float
    refined_share: float
    saved: float


@dataclass(frozen=True)
class Row:
    setting: Setting
    bytes: dict[str, float]  # mean per photo, by task
    outcomes: dict[str, Outcome]  # by task


class Evaluation:
    """Held-out photos (classified, everyday, captioned, then only asked about) with their references, and the models."""

    def __init__(self, sizes: Sizes) -> None:
        logging.set_verbosity_error()
        logging.disable_progress_bar()
        torch.set_num_threads(1)
        root = photo_sets.data_dir()
        self.sizes, self.profile = sizes, catalogue.profile("compact")
        self.part = TorchEngine(self.profile).parts["classify"]
        self.model, self.tokenizer = bundle.load(WEIGHTS)
        photos = measure.HeldOut(root)
        labelled, flickr_sample = (
            even_sample(photos.labelled(), sizes.classified),
            even_sample(photos.captions("test"), sizes.asked),
        )
        captioned = dict(even_sample(flickr_sample, sizes.captioned))
        flickr = [*captioned, *(name for name, _ in flickr_sample if name not in captioned)]
        everyday = even_sample(photos.everyday(), sizes.everyday) if sizes.everyday else []
        self.labels, self.everyday = (torch.tensor([label for _, label in rows]) for rows in (labelled, everyday))
        self.references = list(captioned.values())
        self.cider = Cider(self.references)
        place = {name: row for row, name in enumerate(flickr)}
        questions = [(f"flickr8k/images/{q.photo}", q) for q in photos.generated_questions("test")]
        self.questions = [(place[name], q) for name, q in questions if name in place]
        names = [*(name for name, _ in [*labelled, *everyday]), *flickr]
        self.files, self.pixels = [root / name for name in names], photos.pixels(names)
        self.compared = even_sample(range(len(self.pixels)), sizes.compared)
        train = [name for name, part, _ in photo_sets.listing(root) if part == "train" and not name.startswith("daquar")]
        self.train = photos.pixels(even_sample(train, sizes.adapted))
        self._train_tokens: Tensor | None = None

    @property
    def train_tokens(self) -> Tensor:
        if self._train_tokens is None:
            self._train_tokens = decode.vision_tokens(self.model, self.train)
        return self._train_tokens

    @torch.inference_mode()
    def outcomes(self, seen: Tensor) -> dict[str, Outcome]:
        """seen [N, T, D]: the tower's tokens for every photo."""
        first, flickr = len(self.labels), len(self.labels) + len(self.everyday)
        return {
            "classify": self._classified(seen[:first], self.labels),
            EVERYDAY: self._classified(seen[first:flickr], self.everyday),
            "caption": self._captioned(seen[flickr : flickr + len(self.references)]),
            "vqa": self._answered(seen[flickr:]),
        }

    def _classified(self, seen: Tensor, labels: Tensor) -> Outcome:
        logits, ten = self.model.classifier(seen[:, 0]), torch.tensor(photo_sets.IMAGENETTE_IDS)
        calibration = self.profile.calibration("classify")
        best = (logits / calibration.temperature).softmax(1).amax(1).tolist()
        variety = [doubt.variety(tokens[None].numpy()) for tokens in seen]
        of_ten = ten[logits[:, ten].argmax(1)] == labels
        return Outcome(
            _counts((logits.argmax(1) == labels).tolist()),
            np.array([calibration.scale.probability(*row, Kind.NAME) for row in zip(best, variety, strict=True)]),
            {"top1_of_ten": of_ten.double().numpy()},
        )

    def _captioned(self, seen: Tensor) -> Outcome:
        captions = decode.captions(self.model.caption, self.tokenizer, seen)
        cider = np.array([self.cider(text, photo) for photo, text in enumerate(captions)])
        return Outcome(bleu_counts(captions, self.references), self._caption_confidence(seen, captions), {"cider": cider})

    def _caption_confidence(self, seen: Tensor, captions: Sequence[str]) -> Floats:
        """As the product computes it: scaled from the geometric mean of the token probabilities, the end token included."""
        calibration = self.profile.calibration("caption")
        confidences: list[float] = []
        for at in range(0, len(captions), BATCH):
            part = captions[at : at + BATCH]
            logits, targets = decode.caption_logits(self.model.caption, self.tokenizer, seen[at : at + BATCH], part)
            log_p = (logits / calibration.temperature).log_softmax(-1).gather(1, targets[:, None])[:, 0]
            lengths = [1 + len(ids) for ids in tokens.ids(self.tokenizer, part)]
            means = [float(caption.mean().exp()) for caption in log_p.split(lengths)]
            variety = [doubt.variety(tokens[None].numpy()) for tokens in seen[at : at + BATCH]]
            confidences += [calibration.scale.probability(*row) for row in zip(means, variety, strict=True)]
        return np.array(confidences)

    def _answered(self, seen: Tensor) -> Outcome:
        texts, calibration = [q.text for _, q in self.questions], self.profile.calibration("vqa")
        rows, answers = [row for row, _ in self.questions], []
        for at in range(0, len(rows), BATCH):  # a photo's tokens are repeated for each of its questions, so not all at once
            part = slice(at, at + BATCH)
            answers += decode.answers(self.model.vqa, self.tokenizer, seen[rows[part]], texts[part], calibration.temperature)
        correct = [
            measure.normalise(answer.text) == measure.normalise(q.answer)
            for answer, (_, q) in zip(answers, self.questions, strict=True)
        ]
        variety = [doubt.variety(tokens[None].numpy()) for tokens in seen]
        confidences = [
            calibration.scale.probability(answer.product, variety[row], kinds.read(text).kind)
            for answer, row, text in zip(answers, rows, texts, strict=True)
        ]
        return Outcome(_counts(correct), np.array(confidences))

    def by_task(self, sizes: Sequence[int]) -> dict[str, float]:
        """Mean bytes of the photos of each task; a photo counts once for each of its questions."""
        first, all_sizes = len(self.labels), np.array(sizes, np.float64)
        flickr = first + len(self.everyday)
        rows = [flickr + row for row, _ in self.questions]
        captioned = all_sizes[flickr : flickr + len(self.references)]
        return {"classify": all_sizes[:first].mean(), EVERYDAY: all_sizes[first:flickr].mean(), "caption": captioned.mean(),
                "vqa": all_sizes[rows].mean()}  # fmt: skip


def uncompressed(photos: Evaluation) -> list[Row]:
    """`full`: raw pixels at the model's size. `upload`: the files, which hold the same pixels."""
    outcomes = photos.outcomes(decode.vision_tokens(photos.model, photos.pixels))
    raw = photos.by_task([photos.pixels[0].size] * len(photos.pixels))
    files = photos.by_task([file.stat().st_size for file in photos.files])
    return [Row({"way": "full"}, raw, outcomes), Row({"way": "upload"}, files, outcomes)]


@torch.inference_mode()
def feature_code(photos: Evaluation, k: int) -> list[Row]:
    """Every level at split point k. A photo is encoded once, as a lower level is a prefix."""
    tower, code = loading.tower(photos.part.networks), photos.part.codes[k]
    parts = torch.from_numpy(photos.pixels).permute(0, 3, 1, 2).split(BATCH)
    features = np.concatenate([split.head(tower, crops.normalise(part), k).numpy() for part in parts])
    payloads = [code.encode(photo, len(code.sizes)) for photo in features]
    reconstructor, rows = _reconstructor(), []
    for level in photos.profile.code_levels("classify", k):
        size = code.sizes[level.level - 1]
        decoded = np.stack([code.decode(payload[:size], level.level) for payload in payloads])
        seen = torch.cat([split.tail(tower, part, k) for part in torch.from_numpy(decoded).split(BATCH)])
        setting: Setting = {"way": "code", "split_at": k, "level": level.level}
        if reconstructor:
            at = photos.compared
            rebuilt = reconstructor.batch(decoded[at], k, [level.level] * len(at))
            quality = image_metrics.mean_quality(photos.pixels[at], rebuilt)
            setting["psnr"], setting["ssim"] = quality["psnr"], quality["ssim"]
        rows.append(Row(setting, photos.by_task([level.bytes] * len(photos.pixels)), photos.outcomes(seen)))
    return rows


def photo_codec_rows(photos: Evaluation, name: str, quality: int) -> list[Row]:
    """The photos through one photo codec at one quality, with plain and with adapted task heads."""
    transcoded = [_transcode(photo, name, quality) for photo in photos.pixels]
    decoded = np.stack([pixels for pixels, _ in transcoded])
    seen = decode.vision_tokens(photos.model, decoded)
    sizes = photos.by_task([size for _, size in transcoded])
    looks = image_metrics.mean_quality(photos.pixels[photos.compared], decoded[photos.compared])
    psnr, ssim = looks["psnr"], looks["ssim"]
    train = decode.vision_tokens(photos.model, np.stack([_transcode(photo, name, quality)[0] for photo in photos.train]))
    adapted = AffineAdapter.fit(train, photos.train_tokens)(seen)
    return [
        Row({"way": name, "quality": quality, "psnr": psnr, "ssim": ssim, "tails": "plain"}, sizes, photos.outcomes(seen)),
        Row({"way": name, "quality": quality, "psnr": psnr, "ssim": ssim, "tails": "adapted"}, sizes, photos.outcomes(adapted)),
    ]


def _transcode(pixels: Pixels, name: str, quality: int) -> tuple[Pixels, int]:
    """-> (decoded pixels, bytes)."""
    data = photo_codec.encode(Image.fromarray(pixels), name, quality, len(pixels))
    return np.asarray(photo_codec.decode(data)), len(data)


def _reconstructor() -> reconstruction.Reconstructor | None:
    """Without a decoder for these weights the results lack reconstruction quality and nothing else."""
    try:
        return reconstruction.load(Path(WEIGHTS))
    except reconstruction.ReconstructionError:
        return None


def _counts(correct: Iterable[bool]) -> Floats:
    """[n, 2]: (correct, 1)."""
    hits = np.array([bool(hit) for hit in correct], np.float64)
    return np.stack([hits, np.ones_like(hits)], 1)
