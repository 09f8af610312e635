"""Train the space of photos and words: `python -m inference.lab.search.train`.

Needs the photos' means (`python -m inference.lab.search.photos`) and the bundled reader, whose encoder reads the words. The
photos' side is one linear layer, so that a device computes it in no time; the words' side has a hidden layer more. About ten
minutes on one core. Writes inference/engine/weights/space.safetensors and inference/search/weights/text.safetensors.
"""

import argparse
import random
import re
import time

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from inference.engine import towers
from inference.engine.mean_token import space
from inference.engine.towers import EfficientNetTower
from inference.lab.data import photo_sets
from inference.lab.halves import bundle
from inference.lab.search import photos
from inference.lab.search.recall import recall
from inference.planning.reader.reader import bundled
from inference.search import text

BATCH, EPOCHS, RATE, DECAY, DROPOUT, HIDDEN = 512, 14, 2e-3, 0.02, 0.3, 512
PER_PHOTO = 5  # captions
SPANS = 3  # parts of each photo's captions that are learnt besides: people search by a word or two
LONGEST_SPAN = 4  # words
WARMEST = 4.6  # log of the highest inverse temperature
_DULL_WORDS = (
    "a an the is are was were be being and or of in on at to with by for from into onto near while as it its his her their "
    "there this that"
)
_DULL = frozenset(_DULL_WORDS.split())


def spans(captions: list[str], dice: random.Random) -> list[str]:
    """Short requests for a photo: words that follow one another in one of its captions, dull ones not at the ends."""
    wanted = list[str]()
    while len(wanted) < SPANS:
        words = re.findall(r"[a-z'-]+", dice.choice(captions).lower())
        start, length = dice.randrange(len(words)), dice.randrange(1, LONGEST_SPAN + 1)
        part = words[start : start + length]
        while part and part[0] in _DULL:
            part.pop(0)
        while part and part[-1] in _DULL:
            part.pop()
        if part:
            wanted.append(" ".join(part))
    return wanted


class Space(nn.Module):
    """Both sides. Features are standardised by the training photos' and texts' own mean and deviation."""

    def __init__(self, means: Tensor, words: Tensor) -> None:
        super().__init__()
        self.photo_mean, self.photo_deviation = means.mean(0), means.std(0) + 1e-3
        self.mean, self.deviation = words.mean(0), words.std(0) + 1e-3
        self.photo = nn.Linear(means.shape[1], space.SIZE)
        self.straight = nn.Linear(words.shape[1], space.SIZE)
        self.wide, self.narrow = nn.Linear(words.shape[1], HIDDEN), nn.Linear(HIDDEN, space.SIZE)
        self.warmth = nn.Parameter(torch.tensor(3.0))
        self.dropout = nn.Dropout(DROPOUT)

    def photos(self, means: Tensor) -> Tensor:
        """[N, 1280] -> unit vectors [N, SIZE]."""
        return F.normalize(self.photo(self.dropout((means - self.photo_mean) / self.photo_deviation)), dim=-1)

    def texts(self, words: Tensor) -> Tensor:
        words = self.dropout((words - self.mean) / self.deviation)
        return F.normalize(self.straight(words) + self.narrow(F.gelu(self.wide(words), approximate="tanh")), dim=-1)

    def loss(self, means: Tensor, words: Tensor) -> Tensor:
        scores = self.photos(means) @ self.texts(words).T * self.warmth.exp()
        own = torch.arange(len(scores))
        return (F.cross_entropy(scores, own) + F.cross_entropy(scores.T, own)) / 2


def read(texts: list[str], name: str) -> Tensor:
    """The features of texts, [N, 2 * width]."""
    reader = bundled()
    rows = [text.features(reader, one).astype(np.float16) for one in tqdm(texts, desc=name, mininterval=20)]
    return torch.from_numpy(np.stack(rows)).float()


def train(epochs: int) -> Space:
    root, dice = photo_sets.data_dir(), random.Random(0)
    torch.manual_seed(0)
    items = {split: [one for one in photo_sets.captions(root) if one["split"] == split] for split in ("train", "dev")}
    views = [torch.from_numpy(photos.means(photos.FOLDER, "train", view)) for view in range(photos.VIEWS["train"])]
    of_photo = [[*one["captions"][:PER_PHOTO], *spans(one["captions"], dice)] for one in items["train"]]
    each = PER_PHOTO + SPANS
    words = read([one for texts in of_photo for one in texts], "train")
    dev_means = torch.from_numpy(photos.means(photos.FOLDER, "dev", 0))
    dev_words = read([caption for one in items["dev"] for caption in one["captions"]], "dev")
    network, count = Space(views[0], words), len(views[0])
    steps = epochs * count * PER_PHOTO // BATCH
    optimizer = torch.optim.AdamW(network.parameters(), RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    begun = time.monotonic()
    for step in range(1, steps + 1):
        rows = torch.randperm(count)[:BATCH]
        view = views[int(torch.randint(len(views), ()))]
        loss = network.loss(view[rows], words[rows * each + torch.randint(each, (len(rows),))])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            network.warmth.clamp_(max=WARMEST)
        if step % (steps // 4) == 0:
            network.eval()
            with torch.inference_mode():
                shares = recall(network.texts(dev_words).numpy(), network.photos(dev_means).numpy(), PER_PHOTO)
            network.train()
            print(f"step {step}: loss {loss.item():.3f}, dev {shares}, {time.monotonic() - begun:.0f} s", flush=True)
    return network.eval()


def write(network: Space) -> None:
    """The photos' standardisation becomes part of their layer."""
    tower = EfficientNetTower(bundle.network(), photo_sets.SIDE)
    weight = network.photo.weight / network.photo_deviation
    bias = network.photo.bias - weight @ network.photo_mean
    digest = {"tower": towers.digest(tower.weights).hex()}
    save_file({"weight": _half(weight), "bias": _half(bias)}, space.FILE, digest)
    layers = {name: value for name, value in network.state_dict().items() if not name.startswith(("photo", "warmth"))}
    layers |= {"mean": network.mean, "deviation": network.deviation}
    text.FILE.parent.mkdir(exist_ok=True)
    save_file({name: _half(value) for name, value in layers.items()}, text.FILE)


def _half(value: Tensor) -> NDArray[np.float16]:
    return value.detach().numpy().astype(np.float16)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    write(train(options.epochs))


if __name__ == "__main__":
    main()
