"""One way to send the photos, measured on all three tasks: what a worker process of `bench.rate_accuracy` does.

Every way is measured on the same held-out photos: Imagenette validation for names, Flickr8k test for captions and for the
questions made from them. The adapted rows give the photo codecs some of what distilling gives the feature code: an affine map on
the tower's last tokens, fitted in closed form so that photos compressed in this very way give the uncompressed photo's tokens.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from transformers.utils import logging

from bench.rate_accuracy.stats import Outcome, bleu_counts
from inference.engine import catalogue, loading, reconstruction, split
from inference.engine.codecs import photo_codec
from inference.lab.codes.codec_eval import even
from inference.lab.data import crops, photo_sets, tokens
from inference.lab.measures import decode, image_metrics, measure, score
from inference.lab.tower import bundle

Pixels = NDArray[np.uint8]
AT_ONCE = 50
WEIGHTS = catalogue.WEIGHTS / "compact"


@dataclass(frozen=True)
class Sizes:
    """How many photos: named, captioned, asked about (the captioned ones first), compared for their looks, and adapted with."""

    named: int
    captioned: int
    asked: int
    looked_at: int
    adapted: int


@dataclass(frozen=True)
class Row:
    told: dict[str, Any]  # how the row is named: its level or quality, and what its photos look like
    bytes: dict[str, float]  # mean per photo, by task
    outcomes: dict[str, Outcome]  # by task


class Exam:
    """Held-out photos [named, then captioned, then only asked about], what is known of each, and the models."""

    def __init__(self, sizes: Sizes) -> None:
        logging.set_verbosity_error()
        logging.disable_progress_bar()
        torch.set_num_threads(1)
        root = photo_sets.data_dir()
        self.sizes, self.profile = sizes, catalogue.profile("compact")
        self.part = loading.load(self.profile, torch.device("cpu"))["classify"]
        self.model, self.tokenizer = bundle.load(WEIGHTS)
        held = measure.Held(root)
        named, asked = even(held.labelled(), sizes.named), even(held.captions("test"), sizes.asked)
        captioned = dict(even(asked, sizes.captioned))
        described = [*captioned, *(name for name, _ in asked if name not in captioned)]
        self.labels = torch.tensor([label for _, label in named])
        self.references = list(captioned.values())
        place = {name: row for row, name in enumerate(described)}
        made = [(f"flickr8k/images/{q.photo}", q) for q in held.made("test")]
        self.asked = [(place[name], q) for name, q in made if name in place]
        names = [*(name for name, _ in named), *described]
        self.files, self.pixels = [root / name for name in names], held.pixels(names)
        self.looked_at = even(range(len(self.pixels)), sizes.looked_at)
        train = [name for name, part, _ in photo_sets.listing(root) if part == "train" and not name.startswith("daquar")]
        self.train = held.pixels(even(train, sizes.adapted))
        self._train_tokens: Tensor | None = None

    @property
    def train_tokens(self) -> Tensor:
        if self._train_tokens is None:
            self._train_tokens = decode.see(self.model, self.train)
        return self._train_tokens

    @torch.inference_mode()
    def outcomes(self, seen: Tensor) -> dict[str, Outcome]:
        """seen [N, T, D], the tower's tokens for every photo."""
        first = len(self.labels)
        return {
            "classify": self._named(seen[:first]),
            "caption": self._captioned(seen[first : first + len(self.references)]),
            "vqa": self._answered(seen[first:]),
        }

    def _named(self, seen: Tensor) -> Outcome:
        logits, ten = self.model.classify.classifier(seen[:, 0]), torch.tensor(photo_sets.IMAGENETTE_IDS)
        sure = (logits / self.profile.calibration("classify").temperature).softmax(1).amax(1)
        of_ten = ten[logits[:, ten].argmax(1)] == self.labels
        return Outcome(_hits(logits.argmax(1) == self.labels), sure.double().numpy(), {"top1_of_ten": of_ten.double().numpy()})

    def _captioned(self, seen: Tensor) -> Outcome:
        said = decode.captions(self.model, self.tokenizer, seen)
        cider = np.array(score.ciders(said, self.references))
        return Outcome(bleu_counts(said, self.references), self._caption_confidence(seen, said), {"cider": cider})

    def _caption_confidence(self, seen: Tensor, said: Sequence[str]) -> NDArray[np.float64]:
        """As `Captioner`: the geometric mean of the probabilities of the tokens, the end included."""
        temperature, found = self.profile.calibration("caption").temperature, []
        for at in range(0, len(said), AT_ONCE):
            part = said[at : at + AT_ONCE]
            logits, wanted = decode.caption_log_p(self.model, self.tokenizer, seen[at : at + AT_ONCE], part)
            chances = (logits / temperature).log_softmax(-1).gather(1, wanted[:, None])[:, 0]
            lengths = [1 + len(ids) for ids in tokens.ids(self.tokenizer, part)]
            found += [float(one.mean().exp()) for one in chances.split(lengths)]
        return np.array(found)

    def _answered(self, seen: Tensor) -> Outcome:
        questions, temperature = [q.text for _, q in self.asked], self.profile.calibration("vqa").temperature
        rows, said = [row for row, _ in self.asked], []
        for at in range(0, len(rows), AT_ONCE):  # a photo's tokens once for each of its questions, but not all at once
            part = slice(at, at + AT_ONCE)
            said += decode.answers(self.model, self.tokenizer, seen[rows[part]], questions[part], temperature)
        right = [measure.plain(one.text) == measure.plain(q.answer) for one, (_, q) in zip(said, self.asked, strict=True)]
        return Outcome(_hits(right), np.array([one.product for one in said]))

    def by_task(self, sizes: Sequence[int]) -> dict[str, float]:
        """Mean bytes of the photos of each task; a photo counts once for each of its questions."""
        first, all_of = len(self.labels), np.array(sizes, np.float64)
        asked = [first + row for row, _ in self.asked]
        captioned = all_of[first : first + len(self.references)]
        return {"classify": all_of[:first].mean(), "caption": captioned.mean(), "vqa": all_of[asked].mean()}


def whole(exam: Exam) -> list[Row]:
    """Uncompressed, as bytes of pixels at the model's size; and the files as they are, which hold the very same pixels."""
    outcomes = exam.outcomes(decode.see(exam.model, exam.pixels))
    raw = exam.by_task([exam.pixels[0].size] * len(exam.pixels))
    files = exam.by_task([file.stat().st_size for file in exam.files])
    return [Row({"way": "full"}, raw, outcomes), Row({"way": "upload"}, files, outcomes)]


@torch.inference_mode()
def code(exam: Exam, k: int) -> list[Row]:
    """Every level of one split point. A photo is encoded once: a lower level is a prefix."""
    tower, feature_code = exam.part.tower, exam.part.codes[k]
    parts = torch.from_numpy(exam.pixels).permute(0, 3, 1, 2).split(AT_ONCE)
    given = np.concatenate([split.head(tower, crops.normalise(part), k).numpy() for part in parts])
    payloads = [feature_code.encode(one, len(feature_code.sizes)) for one in given]
    reconstructor, rows = _reconstructor(), []
    for known in exam.profile.code_levels("classify", k):
        size = feature_code.sizes[known.level - 1]
        back = np.stack([feature_code.decode(payload[:size], known.level) for payload in payloads])
        seen = torch.cat([split.tail(tower, part, k) for part in torch.from_numpy(back).split(AT_ONCE)])
        told: dict[str, Any] = {"way": "code", "split_at": k, "level": known.level}
        if reconstructor:
            at = exam.looked_at
            told |= image_metrics.of(exam.pixels[at], reconstructor.batch(back[at], k, [known.level] * len(at)))
        rows.append(Row(told, exam.by_task([known.bytes] * len(exam.pixels)), exam.outcomes(seen)))
    return rows


def photo(exam: Exam, name: str, quality: int) -> list[Row]:
    """The photos through one photo codec at one quality: the tails as they are, and adapted."""
    sent = [_through(one, name, quality) for one in exam.pixels]
    back = np.stack([pixels for pixels, _ in sent])
    seen, bytes_ = decode.see(exam.model, back), exam.by_task([size for _, size in sent])
    told = {"way": name, "quality": quality, **image_metrics.of(exam.pixels[exam.looked_at], back[exam.looked_at])}
    trained = decode.see(exam.model, np.stack([_through(one, name, quality)[0] for one in exam.train]))
    adapted = Adapted.fit(trained, exam.train_tokens)(seen)
    return [
        Row({**told, "tails": "plain"}, bytes_, exam.outcomes(seen)),
        Row({**told, "tails": "adapted"}, bytes_, exam.outcomes(adapted)),
    ]


class Adapted:
    """token + [token, class token, 1] · W, with one W for the class token and one for the others."""

    RIDGES = (1e-3, 1e-2, 1e-1, 1.0)  # of the mean square; the last fifth of the photos chooses

    def __init__(self, weights: tuple[Tensor, Tensor]) -> None:
        self.weights = weights

    @classmethod
    def fit(cls, given: Tensor, wanted: Tensor) -> "Adapted":
        """given, wanted [N, T, D]: tokens of compressed and of uncompressed training photos."""
        return cls((cls._fit(given, wanted, slice(0, 1)), cls._fit(given, wanted, slice(1, None))))

    @classmethod
    def _fit(cls, given: Tensor, wanted: Tensor, which: slice) -> Tensor:
        rows, off = _with_class(given)[:, which].double(), (wanted - given)[:, which].double()
        cut = len(rows) * 4 // 5
        tried = [_solve(rows[:cut].flatten(0, 1), off[:cut].flatten(0, 1), ridge) for ridge in cls.RIDGES]
        errors = [float((rows[cut:] @ one - off[cut:]).square().mean()) for one in tried]
        best = cls.RIDGES[int(np.argmin(errors))]
        return _solve(rows.flatten(0, 1), off.flatten(0, 1), best).float()

    def __call__(self, seen: Tensor) -> Tensor:
        rows = _with_class(seen)
        return seen + torch.cat([rows[:, :1] @ self.weights[0], rows[:, 1:] @ self.weights[1]], 1)


def _with_class(seen: Tensor) -> Tensor:
    """[N, T, D] -> [N, T, 2 D + 1]; beside the class token stands the mean of the others."""
    beside = torch.cat([seen[:, 1:].mean(1, keepdim=True), seen[:, :1].expand(-1, seen.shape[1] - 1, -1)], 1)
    return torch.cat([seen, beside, torch.ones_like(seen[..., :1])], -1)


def _solve(rows: Tensor, off: Tensor, ridge: float) -> Tensor:
    square = rows.T @ rows
    return torch.linalg.solve(
        square + ridge * square.trace() / len(square) * torch.eye(len(square), dtype=square.dtype), rows.T @ off
    )


def _through(pixels: Pixels, name: str, quality: int) -> tuple[Pixels, int]:
    sent = photo_codec.encode(Image.fromarray(pixels), name, quality, len(pixels))
    return np.asarray(photo_codec.decode(sent)), len(sent)


def _reconstructor() -> reconstruction.Reconstructor | None:
    """Without one, or with one for other weights, the table lacks what can be rebuilt, and nothing else."""
    try:
        return reconstruction.Reconstructor.load(Path(WEIGHTS))
    except reconstruction.ReconstructionError:
        return None


def _hits(right: Any) -> NDArray[np.float64]:
    hits = np.array([bool(one) for one in right], np.float64)
    return np.stack([hits, np.ones_like(hits)], 1)
