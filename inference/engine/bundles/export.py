"""torch networks -> ONNX files. Runs where torch is: on the server, once for each set of weights.

The tower is cut at every split point that is offered, so head, tail and whole are chains of the same files and no weight is
stored twice. Weights that half precision holds exactly are stored in it; the engine widens them when it loads.
"""

import io
import json
import shutil
import warnings
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from safetensors.numpy import save
from torch import Tensor, nn

from inference.engine import loading
from inference.engine.bundles import rebuild, reference
from inference.engine.bundles.layout import (
    ADAPT,
    CLASSIFIER,
    ENCODE,
    FORMAT,
    MEMORY,
    NETWORKS,
    PIXELS,
    STEP,
    Description,
    piece,
)
from inference.engine.bundles.store import Store, is_whole, made_from, manifest, sources
from inference.engine.catalogue import Profile
from inference.engine.engines.networks import Networks
from inference.engine.engines.part import assemble
from inference.engine.engines.torch_networks import TorchText
from inference.engine.model_files import weights_digest
from inference.engine.reconstruction import FILE, decoder
from inference.engine.split import Tower
from inference.engine.tasks.adapter import Adapter

OPSET, FLOAT = 18, onnx.TensorProto.FLOAT
SMALL = 1024  # weights of fewer numbers stay as they are
Dimensions = Mapping[str, Mapping[int, str]]  # by input, the dimensions that vary, by their names


class _Piece(nn.Module):
    """As layout.piece; the last one gives tokens."""

    def __init__(self, tower: Tower, first: int, last: int) -> None:
        super().__init__()
        self.tower, self.first, self.last = tower, first, last
        self.modules_ = nn.ModuleList(tower.on_device(tower.depth))

    def forward(self, values: Tensor) -> Tensor:
        features = self.tower.embed(values) if self.first == PIXELS else values
        features = self.tower.blocks(features, max(self.first, 0), self.last)
        return self.tower.finish(features) if self.last == self.tower.depth else features


def export(profile: Profile, store: Store) -> Path:
    """The profile's bundle, made where it is not there yet, and in use from then on. The caller holds the store's lock. Raises
    ModelsMissing."""
    digest = made_from(profile)
    place = store.folder(profile.name, digest)
    if not is_whole(place):
        store.remove_parts(profile.name)  # of an export that was killed
        try:
            _write(profile, store.part(profile.name, digest))
            store.publish(manifest(profile.name, digest, store.part(profile.name, digest)))
        finally:
            store.remove_parts(profile.name)
    store.use(profile.name, digest)
    return place


def _write(profile: Profile, part: Path) -> None:
    part.mkdir(parents=True)
    networks = loading.load(profile, torch.device("cpu"))
    for name, file in sources(profile):
        (part / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(file, part / name)
    for task in profile.on_towers:
        folder = profile.folders[task]
        assert folder is not None, "its networks were loaded from it"
        weights, points = weights_digest(folder), profile.split_points(task)
        write(part / task, networks[task], points, weights, not profile.shares_tower(task))
    if profile.code_file is not None and (profile.code_file.parent / FILE).exists():
        _rebuilding(part, profile.code_file.parent)
    reference.write(part, assemble(profile, networks), {task: profile.split_points(task) for task in profile.on_towers})


def write(folder: Path, networks: Networks, points: Iterable[int], weights: str, owns_tower: bool) -> None:
    """One task's networks into its folder. `points`: where its tower is split; `weights`: the SHA-256 of the file that they
    came from; `owns_tower`: False where another task's tower serves it too."""
    cuts: list[int] = []
    if owns_tower:
        tower = loading.tower(networks)
        cuts = sorted({PIXELS, *points, tower.depth})
        for first, last in pairwise(cuts):
            _tower(folder / piece(first, last), tower, first, last)
    if networks.classifier is not None:
        weights_and_bias = {"weight": networks.classifier.weight, "bias": networks.classifier.bias}
        (folder / CLASSIFIER).write_bytes(save(weights_and_bias))  # `save_file` has errors of its own for a full disk
    if networks.text is not None:
        assert isinstance(networks.text, TorchText), "what is exported was loaded by torch"
        _text(folder, networks.text)
    description: Description = {
        "format": FORMAT,
        "weights": weights,
        "digest": networks.digest.hex(),
        "texts": networks.texts.hex(),
        "places": networks.places,
        "cuts": cuts,
    }
    (folder / NETWORKS).write_text(json.dumps(description, indent=1) + "\n")


def _rebuilding(folder: Path, models: Path) -> None:
    """The decoders that reconstruct photos, of the models in a folder."""
    for k, network in decoder.read(models).items():
        levels = network.shape.levels
        example = {"features": torch.rand(2, *network.middle.shape), "level": torch.tensor([1, levels])}
        _export(folder / rebuild.file_name(k, levels), network, example, {"features": {0: "M"}, "level": {0: "M"}})


def _tower(file: Path, tower: Tower, first: int, last: int) -> None:
    side = tower.image_size
    values = torch.rand(2, 3, side, side) if first == PIXELS else torch.rand(2, *tower.shape(first))
    _export(file, _Piece(tower, first, last), {"values": values}, {"values": {0: "M"}})


def _text(folder: Path, text: TorchText) -> None:
    layers, heads = len(text.decoder.layers), text.decoder.heads
    words = text.decoder.embeddings.word_embeddings.weight
    width = words.shape[1] // heads
    context = text.memory.layers[0].crossattention.self.key.in_features
    photos, texts, new, before, places = 2, 3, 4, 5, 6
    if text.adapter is not None:
        assert isinstance(text.adapter, Adapter)
        count, wide = len(text.adapter.position) - 1, text.adapter.mean.in_features
        tokens = torch.rand(photos, 1 + 5 * count, wide)
        _export(folder / ADAPT, text.adapter, {"tokens": tokens}, {"tokens": {0: "M"}})
    seen = torch.rand(photos, places, context)
    if text.encoder is not None:
        ids = torch.ones(photos, new, dtype=torch.long)
        varying = {"ids": {0: "M", 1: "Q"}, "mask": {0: "M", 1: "Q"}, "context": {0: "M", 1: "C"}}
        _export(folder / ENCODE, text.encoder, {"ids": ids, "mask": ids, "context": seen}, varying)
    _export(folder / MEMORY, text.memory, {"context": seen}, {"context": {0: "M", 1: "C"}})
    step = {
        "ids": torch.ones(photos, texts, new, dtype=torch.long),
        "past": torch.rand(layers, 2, photos, texts, heads, before, width),
        "memory": torch.rand(layers, 2, photos, heads, places, width),
        "mask": torch.ones(photos, places, dtype=torch.long),
    }
    varying = {
        "ids": {0: "M", 1: "R", 2: "L"},
        "past": {2: "M", 3: "R", 5: "P"},
        "memory": {2: "M", 4: "C"},
        "mask": {0: "M", 1: "C"},
    }
    _export(folder / STEP, text.decoder, step, varying)


def _export(file: Path, module: nn.Module, example: Mapping[str, Tensor], varying: Dimensions) -> None:
    buffer = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        # The exporter that traces is deprecated. It takes 8 s for the bundled models, where its successor takes two minutes.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.cpu().eval(), tuple(example.values()), buffer,  # type: ignore[arg-type]
            dynamic_axes=dict(varying), opset_version=OPSET, dynamo=False,
            input_names=list(example),
        )  # fmt: skip
    model = onnx.load_from_string(buffer.getvalue())
    _halve(model.graph)
    onnx.save(model, file)


def _halve(graph: Any) -> None:
    """Store in half precision what it holds exactly. A table of embeddings stays so in memory too: only the rows that are
    looked up are widened."""
    users: dict[str, list[Any]] = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    weights, nodes = [], list(graph.node)
    for weight in graph.initializer:
        half = _as_half(numpy_helper.to_array(weight))
        if half is None:
            weights.append(weight)
            continue
        stored = f"{weight.name}.half"
        weights.append(numpy_helper.from_array(half, stored))
        consumers = users.get(weight.name, [])
        if len(consumers) == 1 and consumers[0].op_type == "Gather":
            rows, [result] = consumers[0], consumers[0].output
            rows.input[0], rows.output[0] = stored, f"{result}.half"
            nodes.insert(nodes.index(rows) + 1, helper.make_node("Cast", [f"{result}.half"], [result], to=FLOAT))
        else:
            nodes.insert(0, helper.make_node("Cast", [stored], [weight.name], to=FLOAT))
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(weights)
    graph.node.extend(nodes)


def _as_half(values: NDArray[Any]) -> NDArray[np.float16] | None:
    """The same numbers in half precision; None for small tensors, other types, and what half precision does not hold."""
    if values.dtype != np.float32 or values.size < SMALL:
        return None
    with np.errstate(over="ignore"):
        half = values.astype(np.float16)
    return half if np.array_equal(half.astype(np.float32), values) else None
