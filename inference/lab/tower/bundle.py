"""The bundled profile on disk: `classify/`, `caption/`, `vqa/` as transformers' own folders, half precision.

`classify/` holds the vision tower. The BLIP folders omit `vision_model.*`: their text models use that tower's feature maps.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import (
    BertTokenizerFast,
    BlipConfig,
    BlipForConditionalGeneration,
    BlipForQuestionAnswering,
    GenerationConfig,
    PreTrainedModel,
    ResNetForImageClassification,
)

from inference.lab.data.photo_sets import SIDE
from inference.lab.tower.shape import Compact, Vocabulary, blip_config

BEAMS, LONGEST_CAPTION, LONGEST_ANSWER = 3, 20, 6


def save(model: Compact, tokenizer: BertTokenizerFast, folder: Path) -> None:
    """Replaces the three task folders, each atomically; other files in `folder` stay."""
    folder.mkdir(parents=True, exist_ok=True)
    caption, vqa = (
        BlipForConditionalGeneration(blip_config(model.vocabulary, 3)),
        BlipForQuestionAnswering(blip_config(model.vocabulary, 2)),
    )
    caption.text_decoder.load_state_dict(model.caption.state_dict())
    vqa.text_encoder.load_state_dict(model.question.state_dict())
    vqa.text_decoder.load_state_dict(model.answer.state_dict())
    for name, net, processor in (("classify", model.classify, "ViTImageProcessor"), ("caption", caption, "BlipImageProcessor"),
                                 ("vqa", vqa, "BlipImageProcessor")):  # fmt: skip
        part = folder / f".{name}.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        _write(net, processor, part)
        if name != "classify":
            _generation(model.vocabulary, name).save_pretrained(part)
            tokenizer.save_pretrained(part)
        _swap(part, folder / name)


def _write(net: PreTrainedModel, processor: str, folder: Path) -> None:
    tied = set(getattr(net, "_tied_weights_keys", None) or ())
    weights = {key: value.detach().half().contiguous() for key, value in net.state_dict().items()
               if not key.startswith("vision_model.") and key not in tied}  # fmt: skip
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(
        0o644
    )  # safetensors makes it readable by the owner only; a node may run as another user
    net.config.architectures = [type(net).__name__]
    net.config.dtype = torch.float32  # of the computation; the file is in half precision to save space
    net.config.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(_processor(processor), indent=2) + "\n")


def _processor(kind: str) -> dict[str, Any]:
    return {
        "image_processor_type": kind,
        "do_convert_rgb": True,
        "do_resize": True,
        "size": {"height": SIDE, "width": SIDE},
        "resample": 2,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [0.5] * 3,
        "image_std": [0.5] * 3,
    }


def _generation(vocabulary: Vocabulary, task: str) -> GenerationConfig:
    """Captions: beam search without repeated trigrams. Answers: greedy decoding."""
    shared = {"bos_token_id": vocabulary.start, "eos_token_id": vocabulary.end, "pad_token_id": vocabulary.pad}
    if task == "caption":
        return GenerationConfig(**shared, num_beams=BEAMS, max_new_tokens=LONGEST_CAPTION, no_repeat_ngram_size=3)
    return GenerationConfig(**shared, max_new_tokens=LONGEST_ANSWER)


def _swap(part: Path, target: Path) -> None:
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    part.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def load(folder: Path) -> tuple[Compact, BertTokenizerFast]:
    """The saved folders as one model in single precision, in evaluation mode. Raises ValueError for weights of another
    shape.
    """
    tokenizer = BertTokenizerFast.from_pretrained(folder / "caption")
    text = BlipConfig.from_pretrained(folder / "caption").text_config
    classify = ResNetForImageClassification.from_pretrained(folder / "classify", dtype=torch.float32)
    names = [name for _, name in sorted(classify.config.id2label.items())]
    model = Compact(names, Vocabulary(text.vocab_size, text.pad_token_id, text.bos_token_id, text.sep_token_id))
    model.classify = classify
    for task, halves in (
        ("caption", {"text_decoder": "caption"}),
        ("vqa", {"text_encoder": "question", "text_decoder": "answer"}),
    ):
        weights = load_file(folder / task / "model.safetensors")
        for half, attribute in halves.items():
            own = {key.removeprefix(f"{half}."): value for key, value in weights.items() if key.startswith(f"{half}.")}
            missing, unexpected = getattr(model, attribute).load_state_dict(own, strict=False)
            if unexpected or any(not key.startswith("cls.predictions.decoder.") for key in missing):
                raise ValueError(
                    f"{folder / task} does not have the shapes of the compact models; export it again: "
                    f"{sorted(missing)[:3]} {unexpected[:3]}."
                )
    return model.eval().requires_grad_(False), tokenizer
