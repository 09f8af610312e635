"""Progress of a training run: top-1 on some validation photos. `bench.models` gives the published figures."""

import torch

from inference.lab.data import crops, photo_sets
from inference.lab.tower.shape import Compact

PROBED = 300


@torch.no_grad()
def probe(model: Compact, photos: photo_sets.Photos) -> dict[str, float]:
    """Top-1 of all 1000 names, and of Imagenette's ten alone."""
    rows = photos.where("val", "imagenette")
    rows = rows[:: max(1, len(rows) // PROBED)]
    if not len(rows):
        return {}
    device = next(model.parameters()).device
    pixels = torch.from_numpy(photos.pixels[rows]).permute(0, 3, 1, 2)
    logits = torch.cat([model.classify(crops.normalise(part).to(device)).logits.cpu() for part in pixels.split(50)])
    labels, ten = torch.from_numpy(photos.label[rows]), torch.tensor(photo_sets.IMAGENETTE_IDS)
    return {"top1": round(float((logits.argmax(1) == labels).float().mean()), 4),
            "top1_of_ten": round(float((ten[logits[:, ten].argmax(1)] == labels).float().mean()), 4)}  # fmt: skip
