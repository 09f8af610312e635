"""Train the tower and its three tasks together: `python -m inference.lab.tower.train --minutes 45`.

The schedule is a cosine over wall-clock minutes (or steps), so a slower machine trains for fewer steps, not longer. A stopped
run resumes from its last checkpoint with the remaining time. A photo's loss is the sum over its available targets: the
teacher's classes and feature map for its crop, its label, captions, and questions with answers.
"""

import argparse
import json
import math
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm
from transformers import BertTokenizerFast

from inference.lab.data import batches, cifar, crops, photo_sets, texts, tokens
from inference.lab.data.batches import Batch, Batches, Phase
from inference.lab.tower.checkpoint import Checkpoint, average
from inference.lab.tower.probe import probe
from inference.lab.tower.shape import Compact, Vocabulary

WARM_UP = 0.03
DENSE, LABEL, TAG, TINY = 2.0, 0.6, 20.0, 0.1  # loss weights; the tag loss is a mean over hundreds of words, nearly all absent


@dataclass(frozen=True)
class Recipe:
    minutes: float
    steps: int | None = None  # instead of minutes, for a schedule that does not depend on the machine
    rate: float = 1.2e-3
    decay: float = 0.05
    batch: int = 48
    seed: int = 1
    bf16: bool = True
    device: str = "cpu"


def batch_losses(model: Compact, batch: Batch, phase: Phase, device: str = "cpu") -> dict[str, Tensor]:
    """Weighted loss of one batch by target; targets that the batch lacks have no entry."""
    noise = torch.Generator().manual_seed(int(batch.soft_ids.sum()))
    photos = torch.cat([batch.pixels, batch.tiny])  # together, so that batch norm sees one distribution
    seen, small = model.tokens(crops.jitter(crops.normalise(photos), noise).to(device)).split(
        [len(batch.pixels), len(batch.tiny)]
    )
    log_p = model.classify.classifier(seen[:, 0]).float().log_softmax(-1)
    # CutMix: labels are weighted by area, a photo's own and that of the photo pasted into it.
    own_loss, has_label = F.nll_loss(log_p, batch.label.clamp(min=0), reduction="none"), batch.label >= 0
    other, other_has_label = batch.label.roll(1, 0), batch.label.roll(1, 0) >= 0
    share = batch.own * has_label + (1 - batch.own) * other_has_label
    other_loss = F.nll_loss(log_p, other.clamp(min=0), reduction="none")
    label = batch.own * has_label * own_loss + (1 - batch.own) * other_has_label * other_loss
    teacher = -(batch.soft * log_p.gather(1, batch.soft_ids)).sum(1)
    losses = {"distil": (teacher * (1 - LABEL * share)).mean(), "label": LABEL * label.mean()}
    if len(small):
        losses["tiny"] = TINY * cifar.loss(model.classify.classifier(small[:, 0]).float().log_softmax(-1), batch.tiny_label)
    # Relative to the features' variance, so that the weight does not depend on their units.
    last = seen[:, : 1 + batch.features.shape[1]]  # without the finer map, which only the text models train
    losses["dense"] = DENSE * F.mse_loss(model.dense(last[:, 1:]).float(), batch.features) / batch.features.var()
    tagged = batch.tags[:, 0] >= 0
    if tagged.any():
        expected = model.tags(last[tagged].mean(1)).float()
        losses["tags"] = TAG * F.binary_cross_entropy_with_logits(expected, batch.tags[tagged]) * tagged.float().mean()
    if (batch.captions[:, 1:] != 0).any():
        losses["caption"] = phase.text_weight * model.caption_loss(seen[batch.caption_of], batch.captions)
    if (batch.answers[:, 1:] != 0).any():
        losses["answer"] = phase.text_weight * model.answer_loss(seen[batch.question_of], batch.questions, batch.answers)
    return losses


def to(batch: Batch, device: str) -> Batch:
    tensors: dict[str, Tensor] = vars(batch)
    return Batch(**{name: value.to(device) for name, value in tensors.items()})


def rate_at(progress: float) -> float:
    """Learning-rate factor: linear warm-up, then a cosine to zero."""
    return (
        progress / WARM_UP
        if progress < WARM_UP
        else 0.5 * (1 + math.cos(math.pi * min(1.0, (progress - WARM_UP) / (1 - WARM_UP))))
    )


def optimiser(model: Compact, recipe: Recipe) -> torch.optim.AdamW:
    """Without weight decay for norms, biases and embeddings."""
    undecayed = [p for n, p in model.named_parameters() if p.ndim < 2 or "embeddings" in n]
    decayed = [p for n, p in model.named_parameters() if not (p.ndim < 2 or "embeddings" in n)]
    return torch.optim.AdamW([{"params": decayed, "weight_decay": recipe.decay}, {"params": undecayed, "weight_decay": 0.0}],
                             lr=recipe.rate, betas=(0.9, 0.98), fused=True)  # fmt: skip


def step(state: Checkpoint, batch: Batch, phase: Phase, factor: float, recipe: Recipe) -> dict[str, float]:
    for group in state.optimiser.param_groups:
        group["lr"] = recipe.rate * factor
    with torch.autocast(recipe.device, torch.bfloat16, enabled=recipe.bf16):
        losses = batch_losses(state.model, to(batch, recipe.device), phase, recipe.device)
    state.optimiser.zero_grad(set_to_none=True)
    torch.stack(list(losses.values())).sum().backward()
    torch.nn.utils.clip_grad_norm_(state.model.parameters(), 1.0)
    state.optimiser.step()
    average(state.average, state.model, state.step)
    state.step += 1
    return {name: value.item() for name, value in losses.items()}


def train(
    state: Checkpoint, feed: Batches, recipe: Recipe, folder: Path, photos: photo_sets.Photos, save_every: float = 150.0
) -> None:
    """Runs until the schedule ends. Each save writes `checkpoint.pt` and a line of `metrics.jsonl` to `folder`."""
    started, saved, bar = time.monotonic() - state.seconds, time.monotonic(), tqdm(initial=state.step, mininterval=20)
    recent: list[dict[str, float]] = []

    def progress(at: int) -> float:
        return at / recipe.steps if recipe.steps else (time.monotonic() - started) / (60 * recipe.minutes)

    while (now := progress(state.step)) < 1.0:
        phase = batches.phase_at(now, state.step)
        # Not prefetched by a thread: on few cores, two thread pools cost more than the 15 ms they would hide.
        recent.append(step(state, feed(state.step, phase), phase, rate_at(now), recipe))
        bar.update()
        if time.monotonic() - saved > save_every:
            state.seconds, saved = time.monotonic() - started, time.monotonic()
            _report(state, recent, folder, photos, now)
            recent = []
    state.seconds = time.monotonic() - started
    _report(state, recent, folder, photos, 1.0)


def _report(
    state: Checkpoint, recent: list[dict[str, float]], folder: Path, photos: photo_sets.Photos, progress: float
) -> None:
    state.save(folder / "checkpoint.pt")
    means = {
        name: round(sum(values := [losses[name] for losses in recent if name in losses]) / max(len(values), 1), 4)
        for name in ("distil", "label", "tiny", "dense", "tags", "caption", "answer")
    }
    line = {
        "step": state.step,
        "minutes": round(state.seconds / 60, 2),
        "progress": round(progress, 4),
        **means,
        **probe(state.average, photos),
    }
    with (folder / "metrics.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")


def _tokenizer(folder: Path, root: Path) -> BertTokenizerFast:
    """Trained once: a resumed run keeps the vocabulary of its weights."""
    if not folder.exists():
        questions = [part for _, q in texts.training_questions(root) for part in (q.text, q.answer)]
        tokens.learn([*(text for _, text in texts.training_captions(root)), *questions]).save_pretrained(folder)
    return BertTokenizerFast.from_pretrained(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=45, help="duration of the schedule (default 45)")
    parser.add_argument("--batch", type=int, default=48, help="photos per step (default 48)")
    parser.add_argument("--rate", type=float, default=1.2e-3, help="peak learning rate (default 0.0012)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument(
        "--fp32",
        action="store_true",
        help="single precision instead of bfloat16, which is faster on processors that support it",
    )
    parser.add_argument("--out", type=Path, default=Path("var/training"), help="where the checkpoint and metrics are written")
    parser.add_argument(
        "--begin-from", type=Path, help="checkpoint.pt of an earlier run: start from its averaged weights with a new schedule"
    )
    parser.add_argument("--labels", type=Path, default=Path("inference/lab/data/imagenet_names.txt"), help="1000 class names")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    recipe = Recipe(
        options.minutes, rate=options.rate, batch=options.batch, seed=options.seed, bf16=not options.fp32, device=options.device
    )
    photos, root = photo_sets.load(options.out / "photos.npy"), photo_sets.data_dir()
    tokenizer = _tokenizer(options.out / "tokenizer", root)
    feed = Batches(
        photos,
        texts.read_texts(photos, tokenizer, root),
        batches.read_labels(options.out),
        tokenizer,
        recipe.batch,
        recipe.seed,
        cifar.Small(root),
    )
    torch.manual_seed(recipe.seed)
    model = Compact(options.labels.read_text().splitlines(), Vocabulary(len(tokenizer), 0, feed.start, feed.end)).to(
        recipe.device
    )
    state = Checkpoint.resume(options.out / "checkpoint.pt", model, optimiser(model, recipe), options.begin_from)
    train(state, feed, recipe, options.out, photos)


if __name__ == "__main__":
    main()
