"""The bundled profile on disk: `classify/`, `caption/`, `vqa/` in transformers' folder layout, half precision.

`classify/` has no weights: those come from an installed package. The BLIP folders omit `vision_model.*` and have the adapter to
that tower's maps in a file of its own.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import (
    BertTokenizerFast,
    BlipConfig,
    BlipForConditionalGeneration,
    BlipForQuestionAnswering,
    GenerationConfig,
    PreTrainedModel,
)

from inference.engine import loading
from inference.engine.catalogue import WEIGHTS
from inference.engine.efficientnet.network import EfficientNetLite
from inference.engine.model_options import EFFICIENTNET
from inference.engine.tasks import adapter
from inference.lab.data.crops import DEVIATION, MEAN
from inference.lab.data.photo_sets import SIDE
from inference.lab.halves.shape import ANSWER_LAYERS, CAPTION_LAYERS, SIZE, Compact, Vocabulary, blip_config

BEAMS, LONGEST_CAPTION, LONGEST_ANSWER = 3, 20, 6
CLASSIFY = WEIGHTS / "compact" / "classify"


def network(folder: Path = CLASSIFY) -> EfficientNetLite:
    """The published weights. Raises ModelsMissing where their package is not installed."""
    return loading.efficientnet(folder)


def save(model: Compact, tokenizer: BertTokenizerFast, folder: Path) -> None:
    """Replaces the three task folders, each atomically; other files in `folder` stay."""
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = model.vocabulary
    caption = BlipForConditionalGeneration(blip_config(vocabulary, CAPTION_LAYERS))
    vqa = BlipForQuestionAnswering(blip_config(vocabulary, ANSWER_LAYERS))
    caption.text_decoder.load_state_dict(model.caption.decoder.state_dict())
    vqa.text_encoder.load_state_dict(model.vqa.question.state_dict())
    vqa.text_decoder.load_state_dict(model.vqa.answer.state_dict())
    with _replacing(folder / "classify") as part:
        _write_json(part / "config.json", {"model_type": EFFICIENTNET, "size": SIZE, "image_size": SIDE,
                                           "id2label": dict(enumerate(model.names))})  # fmt: skip
        _write_json(part / "preprocessor_config.json", _processor("ViTImageProcessor"))
    for name, net, layer in (("caption", caption, model.caption.adapter), ("vqa", vqa, model.vqa.adapter)):
        with _replacing(folder / name) as part:
            _write(net, part)
            _write_weights(layer, part / adapter.FILE)
            _write_json(part / "preprocessor_config.json", _processor("BlipImageProcessor"))
            _generation(vocabulary, name).save_pretrained(part)
            tokenizer.save_pretrained(part)


def _write(net: PreTrainedModel, folder: Path) -> None:
    _write_weights(net, folder / "model.safetensors", set(getattr(net, "_tied_weights_keys", None) or ()))
    net.config.architectures = [type(net).__name__]
    net.config.dtype = torch.float32  # of the computation; the file is in half precision to save space
    net.config.save_pretrained(folder)


def _write_weights(net: nn.Module, file: Path, tied: set[str] = frozenset()) -> None:  # type: ignore[assignment]
    weights = {key: value.detach().half().contiguous() for key, value in net.state_dict().items()
               if not key.startswith("vision_model.") and key not in tied}  # fmt: skip
    save_file(weights, file, metadata={"format": "pt"})
    file.chmod(0o644)  # safetensors makes it readable by the owner only; a node may run as another user


def _write_json(file: Path, values: dict[str, Any]) -> None:
    file.write_text(json.dumps(values, indent=2) + "\n")


def _processor(kind: str) -> dict[str, Any]:
    return {
        "image_processor_type": kind,
        "do_convert_rgb": True,
        "do_resize": True,
        "size": {"height": SIDE, "width": SIDE},
        "resample": 3,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [MEAN / 255] * 3,
        "image_std": [DEVIATION / 255] * 3,
    }


def _generation(vocabulary: Vocabulary, task: str) -> GenerationConfig:
    """Captions: beam search without repeated trigrams. Answers: greedy decoding."""
    shared = {"bos_token_id": vocabulary.start, "eos_token_id": vocabulary.end, "pad_token_id": vocabulary.pad}
    if task == "caption":
        return GenerationConfig(**shared, num_beams=BEAMS, max_new_tokens=LONGEST_CAPTION, no_repeat_ngram_size=3)
    return GenerationConfig(**shared, max_new_tokens=LONGEST_ANSWER)


@contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """A folder to fill, which then takes the place of `target`."""
    part, old = target.with_name(f".{target.name}.part"), target.with_name(f".{target.name}.old")
    for folder in (part, old):
        shutil.rmtree(folder, ignore_errors=True)
    part.mkdir()
    yield part
    if target.exists():
        target.rename(old)
    part.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def load(folder: Path) -> tuple[Compact, BertTokenizerFast]:
    """The saved folders as one model in single precision, in evaluation mode. Raises ValueError for weights of another
    shape and ModelsMissing without the package.
    """
    tokenizer = BertTokenizerFast.from_pretrained(folder / "caption")
    text = BlipConfig.from_pretrained(folder / "caption").text_config
    names = json.loads((folder / "classify" / "config.json").read_text())["id2label"]
    vocabulary = Vocabulary(text.vocab_size, text.pad_token_id, text.bos_token_id, text.sep_token_id)
    model = Compact(network(folder / "classify"), [names[str(number)] for number in range(len(names))], vocabulary)
    for task, halves in (
        ("caption", {"text_decoder": model.caption.decoder}),
        ("vqa", {"text_encoder": model.vqa.question, "text_decoder": model.vqa.answer}),
    ):
        weights = load_file(folder / task / "model.safetensors")
        for prefix, half in halves.items():
            own = {key.removeprefix(f"{prefix}."): value for key, value in weights.items() if key.startswith(f"{prefix}.")}
            missing, unexpected = half.load_state_dict(own, strict=False)
            if unexpected or any(not key.startswith("cls.predictions.decoder.") for key in missing):
                raise ValueError(
                    f"{folder / task} does not have the shapes of the compact models; export it again: "
                    f"{sorted(missing)[:3]} {unexpected[:3]}."
                )
    model.caption.adapter.load_state_dict(load_file(folder / "caption" / adapter.FILE))
    model.vqa.adapter.load_state_dict(load_file(folder / "vqa" / adapter.FILE))
    return model.eval().requires_grad_(False), tokenizer
