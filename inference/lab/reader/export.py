"""Turn a trained reader into the files that the planner reads: `python -m inference.lab.reader.export`.

Two ONNX graphs, the encoder and one step of the decoder, with their matrices in int8; and the table of pieces, of which a
message needs a few rows, in int8 with a scale for each row.
"""

import argparse
import io
import json
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import cast

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import save_file
from torch import Tensor, nn

from inference.lab.reader.network import DECODER, DECODER_HEADS, WIDTH, DecoderLayer, Network, pretrained
from inference.lab.reader.train import package_folder
from inference.planning.reader.network import ENCODER, STEP, TABLES
from inference.planning.reader.plan_lines import marks
from inference.planning.reader.reader import FOLDER
from inference.planning.reader.words import Pieces

OPSET = 17


class Encoder(nn.Module):
    """Embedded pieces [S, WIDTH], which of them are the message's [S], where words begin [W] -> the words' states [W, WIDTH],
    and what the decoder reads of them: keys and values [2, layers, heads, W, d] and keys to copy them by [W, DECODER]."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, embedded: Tensor, is_message: Tensor, first: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        own = self.network
        positions = torch.arange(embedded.shape[0])
        x = own.embedded(embedded + own.positions(positions) + own.kinds(is_message))[None]
        mask = torch.ones(1, embedded.shape[0], dtype=torch.bool)
        for layer in own.encoder:
            x = layer(x, mask)
        words = x[:, first]
        read = [torch.stack([_heads(part(words)) for part in (layer.read_key, layer.read_value)]) for layer in layers_of(own)]
        return words[0], torch.stack(read, 1), own.copy_key(words)[0]


class Step(nn.Module):
    """The last token [WIDTH] and its position [1]; of each word whether the token stands there (as shares of 1) and whether it
    was written at all [W]; what the encoder gave; and the past [2, layers, heads, t, d] -> the probabilities of writing each
    token of the vocabulary [V] and of copying each word [W], together 1, and the past with this step.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(
        self, token: Tensor, position: Tensor, last: Tensor, written: Tensor, words: Tensor, read: Tensor, copy_keys: Tensor,
        past: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
        own = self.network
        x = own.read_token(token[None, None]) + own.read_place((last @ words)[None, None]) + own.token_positions(position)
        present = []
        for number, layer in enumerate(layers_of(own)):
            y = layer.before_self(x)
            new = torch.stack([_heads(layer.key(y)), _heads(layer.value(y))])
            key, value = known = torch.cat([past[:, number], new], 2)
            present.append(known)
            x = x + layer.out(_attended(_heads(layer.query(y)), key, value))
            query = _heads(layer.asks(layer.before_read(x)))
            x = x + layer.read_out(_attended(query, read[0, number], read[1, number]))
            x = x + layer.narrow(torch.relu(layer.wide(layer.before_wide(x))))
        x = own.decoded(x)
        scores = (own.copy_query(x)[0] @ copy_keys.T)[0] / DECODER**0.5
        following = torch.cat([torch.zeros(1), torch.ceil(last)[:-1]])
        scores = scores + own.nudges[0] * following + own.nudges[1] * written
        copies = torch.sigmoid(own.copies(x))[0, 0]
        return (1 - copies) * own.vocabulary(x)[0, 0].softmax(-1), copies * scores.softmax(-1), torch.stack(present, 1)


def layers_of(network: Network) -> list[DecoderLayer]:
    return cast("list[DecoderLayer]", list(network.decoder))


def _heads(x: Tensor) -> Tensor:
    """[1, n, DECODER] -> [heads, n, d]"""
    return x[0].unflatten(-1, (DECODER_HEADS, DECODER // DECODER_HEADS)).transpose(0, 1)


def _attended(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """[1, n, DECODER]"""
    scores = query @ key.transpose(1, 2) / (DECODER // DECODER_HEADS) ** 0.5
    return (scores.softmax(-1) @ value).transpose(0, 1).flatten(1)[None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, default=Path("var/training/reader"), help="the folder of the checkpoint")
    parser.add_argument("--to", type=Path, default=FOLDER)
    parser.add_argument("--exact", action="store_true", help="leave the matrices as they are, to see what rounding costs")
    options = parser.parse_args()
    export(options.run / "checkpoint.pt", options.to, options.exact)


def export(checkpoint: Path, folder: Path, exact: bool = False) -> None:
    package = package_folder()
    state = torch.load(checkpoint, weights_only=True)
    layers = 1 + max(int(name.split(".")[1]) for name in state["network"] if name.startswith("encoder."))
    network = Network(layers, Pieces(package / "vocab.txt").count, len(marks()), len(state["vocabulary"])).eval()
    pretrained(network, package / "model.safetensors")
    network.load_state_dict(state["network"] | {"pieces.weight": network.pieces.weight})
    write(network, folder, exact)
    (folder / "vocabulary.json").write_text(json.dumps(state["vocabulary"], ensure_ascii=False) + "\n", encoding="utf-8")
    shutil.copyfile(package / "vocab.txt", folder / "pieces.txt")


def write(network: Network, folder: Path, exact: bool = False) -> None:
    """The graphs and the table."""
    folder.mkdir(parents=True, exist_ok=True)
    pieces, words, before, head = 9, 7, 3, DECODER // DECODER_HEADS
    read = torch.rand(2, len(network.decoder), DECODER_HEADS, words, head)
    flags = torch.zeros(pieces, dtype=torch.long)
    encoder = {"embedded": torch.rand(pieces, WIDTH), "is_message": flags, "first": torch.arange(words)}
    _write(
        folder / ENCODER, Encoder(network), encoder, {"embedded": {0: "S"}, "is_message": {0: "S"}, "first": {0: "W"}}, exact
    )
    step = {
        "token": torch.rand(WIDTH), "position": torch.tensor([before]), "last": torch.rand(words), "written": torch.rand(words),
        "words": torch.rand(words, WIDTH), "read": read, "copy_keys": torch.rand(words, DECODER),
        "past": read[:, :, :, :before],
    }  # fmt: skip
    varying = {name: {0: "W"} for name in ("last", "written", "words", "copy_keys")} | {"read": {3: "W"}, "past": {3: "T"}}
    _write(folder / STEP, Step(network), step, varying, exact)
    table = network.pieces.weight.detach()
    scale = (table.abs().amax(1, keepdim=True) / 127).clamp(min=1e-8)
    save_file(
        {
            "pieces": (table / scale).round().to(torch.int8).numpy(),
            "scale": scale[:, 0].numpy(),
            "marks": network.marks.weight[1:].detach().half().numpy(),
        },
        folder / TABLES,
    )


def _write(file: Path, module: nn.Module, example: dict[str, Tensor], varying: dict[str, dict[int, str]], exact: bool) -> None:
    buffer = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the exporter that traces is deprecated, and ten times as fast as its successor
        torch.onnx.export(
            module.eval(), tuple(example.values()), buffer, dynamic_axes=varying, opset_version=OPSET, dynamo=False,  # type: ignore[arg-type]
            input_names=list(example),
        )  # fmt: skip
    if exact:
        file.write_bytes(buffer.getvalue())
        return
    with tempfile.NamedTemporaryFile(suffix=".onnx") as whole:
        onnx.save(onnx.load_from_string(buffer.getvalue()), whole.name)
        quantize_dynamic(whole.name, file, per_channel=True, weight_type=QuantType.QInt8)


if __name__ == "__main__":
    main()
