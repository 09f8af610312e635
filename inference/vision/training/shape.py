"""The compact models' shapes, in transformers' own classes: one ViT, and BLIP's text halves reading its tokens."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import (
    BlipConfig,
    BlipForConditionalGeneration,
    BlipForQuestionAnswering,
    ViTConfig,
    ViTForImageClassification,
)

from inference.vision.training.data import SIDE
from inference.vision.training.teacher import FEATURES

WIDTH, BLOCKS, HEADS, PATCH = 192, 6, 3, 20
GRID = SIDE // PATCH
TAGS = 512  # caption words the tower is taught to expect from the photo


@dataclass(frozen=True)
class Vocabulary:
    size: int
    pad: int
    start: int  # [DEC]
    end: int  # [SEP]


def vit_config(names: list[str]) -> ViTConfig:
    return ViTConfig(hidden_size=WIDTH, num_hidden_layers=BLOCKS, num_attention_heads=HEADS, intermediate_size=4 * WIDTH, image_size=SIDE,
                     patch_size=PATCH, layer_norm_eps=1e-5, hidden_act="gelu", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
                     id2label=dict(enumerate(names)), label2id={name: number for number, name in enumerate(names)})  # fmt: skip


def blip_config(vocabulary: Vocabulary, layers: int) -> BlipConfig:
    """BLIP builds question encoder and answer decoder from one text configuration, so both have `layers`."""
    text = {"vocab_size": vocabulary.size, "hidden_size": WIDTH, "encoder_hidden_size": WIDTH, "intermediate_size": 2 * WIDTH,
            "num_hidden_layers": layers, "num_attention_heads": HEADS, "max_position_embeddings": 64, "layer_norm_eps": 1e-12,
            "bos_token_id": vocabulary.start, "eos_token_id": vocabulary.end, "sep_token_id": vocabulary.end,
            "pad_token_id": vocabulary.pad}  # fmt: skip
    vision = {"hidden_size": WIDTH, "num_hidden_layers": BLOCKS, "num_attention_heads": HEADS, "intermediate_size": 4 * WIDTH,
              "image_size": SIDE, "patch_size": PATCH, "layer_norm_eps": 1e-5, "hidden_act": "gelu"}  # fmt: skip
    return BlipConfig(text_config=text, vision_config=vision)


class Compact(nn.Module):
    """The tower with everything that learns through it. Two heads are for training alone: `dense` reads the teacher's feature
    map off the patch tokens, `tags` the words of the captions off all tokens."""

    def __init__(self, names: list[str], vocabulary: Vocabulary) -> None:
        super().__init__()
        self.classify = ViTForImageClassification(vit_config(names))
        caption, vqa = (
            BlipForConditionalGeneration(blip_config(vocabulary, 3)),
            BlipForQuestionAnswering(blip_config(vocabulary, 2)),
        )
        self.caption, self.question, self.answer = caption.text_decoder, vqa.text_encoder, vqa.text_decoder
        self.dense = nn.Linear(WIDTH, FEATURES)
        self.tags = nn.Linear(WIDTH, TAGS)
        self.vocabulary = vocabulary

    def tokens(self, pixels: Tensor, keep: Tensor | None = None) -> Tensor:
        """pixels [B, 3, SIDE, SIDE] -> tokens [B, 1 + patches, WIDTH] after the last norm.

        keep [B, n]: the patches to look at. Half of them in the first phase buys nearly twice the photos (PatchDropout,
        Liu et al. 2023)."""
        tower = self.classify.vit
        hidden = tower.embeddings(pixels)
        if keep is not None:
            patches = torch.gather(hidden[:, 1:], 1, keep[..., None].expand(-1, -1, WIDTH))
            hidden = torch.cat([hidden[:, :1], patches], 1)
        for block in tower.layers:
            hidden = block(hidden)
        normed: Tensor = tower.layernorm(hidden)
        return normed

    def caption_loss(self, tokens: Tensor, ids: Tensor) -> Tensor:
        """ids [B, T]: [DEC] words [SEP], padded."""
        return self._next(self.caption(ids[:, :-1], attention_mask=self._mask(ids[:, :-1]), encoder_hidden_states=tokens,
                                       use_cache=False).logits, ids, 0.1)  # fmt: skip

    def answer_loss(self, tokens: Tensor, questions: Tensor, answers: Tensor) -> Tensor:
        """questions [B, Q]: [CLS] words [SEP]; answers [B, A]: [DEC] words [SEP]; both padded."""
        asked = self.read(tokens, questions)
        logits = self.answer(answers[:, :-1], attention_mask=self._mask(answers[:, :-1]), encoder_hidden_states=asked,
                             encoder_attention_mask=self._mask(questions), use_cache=False).logits  # fmt: skip
        return self._next(logits, answers, 0.0)

    def read(self, tokens: Tensor, questions: Tensor) -> Tensor:
        read: Tensor = self.question(
            questions, attention_mask=self._mask(questions), encoder_hidden_states=tokens
        ).last_hidden_state
        return read

    def _mask(self, ids: Tensor) -> Tensor:
        return (ids != self.vocabulary.pad).long()

    def _next(self, logits: Tensor, ids: Tensor, smoothing: float) -> Tensor:
        return F.cross_entropy(
            logits.float().flatten(0, 1), ids[:, 1:].flatten(), ignore_index=self.vocabulary.pad, label_smoothing=smoothing
        )
