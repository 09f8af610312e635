"""What export writes, transformers reads, and it answers as the trained model did."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import (
    BertTokenizerFast,
    BlipForQuestionAnswering,
)

from inference.engine import runner
from inference.engine.catalogue import Profile
from inference.lab.data.photo_sets import SIDE
from inference.lab.halves import bundle
from inference.lab.halves.shape import Compact
from inference.lab.measures import decode


@pytest.fixture
def folder(tmp_path: Path, model: Compact, tokenizer: BertTokenizerFast) -> Path:
    bundle.save(model, tokenizer, tmp_path / "compact")
    return tmp_path / "compact"


@pytest.mark.parametrize("task", ["caption", "vqa"])
def test_the_tokenizer_comes_back_with_its_real_vocabulary(folder: Path, tokenizer: BertTokenizerFast, task: str) -> None:
    back = BertTokenizerFast.from_pretrained(folder / task)
    assert back.get_vocab() == tokenizer.get_vocab() and back.bos_token == "[DEC]"
    assert back.unk_token_id not in back("a black dog runs")["input_ids"]


def test_loading_gives_the_saved_model_within_half_precision(folder: Path, model: Compact) -> None:
    back, _ = bundle.load(folder)
    pixels = torch.rand(1, 3, SIDE, SIDE)
    tokens = model.tokens(pixels)
    assert torch.equal(back.tokens(pixels), tokens)
    for half in ("caption", "vqa"):
        ours, theirs = getattr(model, half).adapter(tokens), getattr(back, half).adapter(tokens)
        assert torch.allclose(ours, theirs, atol=0.02) and theirs.dtype == torch.float32


def test_the_engine_answers_as_the_lab_does(folder: Path, tokenizer: BertTokenizerFast) -> None:
    model, _ = bundle.load(folder)
    vision = runner.load(
        Profile.from_folders("saved", {task: folder / task for task in ("classify", "caption", "vqa")}), threads=1
    )
    image = Image.effect_mandelbrot((SIDE, SIDE), (-2, -1.5, 1, 1.5), 50).convert("RGB")
    seen = decode.vision_tokens(model, np.asarray(image)[None])
    best = int(model.classifier(seen[:, 0]).argmax())
    assert vision.run_whole("classify", image, None).text == f"name {best}"
    assert vision.run_whole("caption", image, None).top[-1][0] == decode.captions(model.caption, tokenizer, seen)[0]
    question = "why is it here?"  # nothing is taken for granted, and any words may answer
    assert vision.run_whole("vqa", image, question).text == decode.answers(model.vqa, tokenizer, seen, [question])[0].text


def test_the_blip_folders_hold_no_vision_and_no_tied_weight_twice(folder: Path) -> None:
    for task in ("caption", "vqa"):
        names = load_file(folder / task / "model.safetensors").keys()
        assert not [name for name in names if name.startswith("vision_model.") or name.endswith("predictions.decoder.weight")]


def test_transformers_own_answer_is_ours(folder: Path) -> None:
    """Its question encoder and answer decoder, given our tower's tokens, as its own generate would give them its vision's."""
    model, tokenizer = bundle.load(folder)
    blip = BlipForQuestionAnswering.from_pretrained(folder / "vqa", dtype=torch.float32).eval()
    tokens, asked = model.tokens(torch.rand(1, 3, SIDE, SIDE)), tokenizer("how many dogs are there?", return_tensors="pt")
    adapted = model.vqa.adapter(tokens)
    read = blip.text_encoder(asked["input_ids"], asked["attention_mask"], encoder_hidden_states=adapted).last_hidden_state
    start, end, pad = model.vocabulary.start, model.vocabulary.end, model.vocabulary.pad
    theirs = blip.text_decoder.generate(
        input_ids=torch.tensor([[start]]), encoder_hidden_states=read, encoder_attention_mask=asked["attention_mask"],
        eos_token_id=end, pad_token_id=pad, max_new_tokens=6, do_sample=False,
    )[0]  # fmt: skip
    ours = decode.answers(model.vqa, tokenizer, tokens, ["how many dogs are there?"])[0]
    assert tokenizer.decode(theirs, skip_special_tokens=True).strip() == ours.text


def test_weights_of_another_shape_are_refused_with_the_folder_named(folder: Path) -> None:
    file = folder / "vqa" / "model.safetensors"
    weights = load_file(file)
    save_file({name: value for name, value in weights.items() if "text_decoder.bert.encoder.layer.1" not in name}, file)
    with pytest.raises(ValueError, match="vqa does not have the shapes of the compact models; export it again"):
        bundle.load(folder)
