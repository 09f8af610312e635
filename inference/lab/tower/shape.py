"""The compact models' architecture in transformers' own classes: one ResNet, and BLIP's text models on its last two maps."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import (
    BlipConfig,
    BlipForConditionalGeneration,
    BlipForQuestionAnswering,
    ResNetConfig,
    ResNetForImageClassification,
)
from transformers.models.resnet.modeling_resnet import ResNetBasicLayer

from inference.lab.data.photo_sets import SIDE
from inference.lab.data.teacher import FEATURES

# Narrow where the map is large, so that a device can afford the first blocks; wide where it is small.
EMBEDDING, WIDTHS, DEPTHS = 32, (32, 64, 192, 256), (1, 2, 4, 2)
WIDTH = WIDTHS[-1]
STRIDE = 32  # pixels between places of the last map
TEXT_WIDTH, TEXT_HEADS = WIDTH, 4
TAGS = 512  # caption words that the tower is trained to predict from the photo


@dataclass(frozen=True)
class Vocabulary:
    size: int
    pad: int
    start: int  # [DEC]
    end: int  # [SEP]


def resnet_config(names: list[str]) -> ResNetConfig:
    return ResNetConfig(
        embedding_size=EMBEDDING,
        hidden_sizes=list(WIDTHS),
        depths=list(DEPTHS),
        layer_type="basic",
        image_size=SIDE,
        id2label=dict(enumerate(names)),
        label2id={name: number for number, name in enumerate(names)},
    )


def blip_config(vocabulary: Vocabulary, layers: int) -> BlipConfig:
    """BLIP builds question encoder and answer decoder from one text configuration, so both have `layers` layers."""
    text = {
        "vocab_size": vocabulary.size,
        "hidden_size": TEXT_WIDTH,
        "encoder_hidden_size": WIDTH,
        "intermediate_size": 2 * TEXT_WIDTH,
        "num_hidden_layers": layers,
        "num_attention_heads": TEXT_HEADS,
        "max_position_embeddings": 64,
        "layer_norm_eps": 1e-12,
        "bos_token_id": vocabulary.start,
        "eos_token_id": vocabulary.end,
        "sep_token_id": vocabulary.end,
        "pad_token_id": vocabulary.pad,
    }
    # BLIP's own vision model is not used, but its width sets that of the text models' cross-attention.
    vision = {"hidden_size": WIDTH, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": WIDTH,
              "image_size": SIDE, "patch_size": STRIDE}  # fmt: skip
    return BlipConfig(text_config=text, vision_config=vision)


class Compact(nn.Module):
    """The tower with all task heads. Two further heads serve training alone: from the last feature map, `dense` predicts the
    teacher's and `tags` the words of the captions."""

    def __init__(self, names: list[str], vocabulary: Vocabulary) -> None:
        super().__init__()
        self.classify = ResNetForImageClassification(resnet_config(names)).to(memory_format=torch.channels_last)
        for block in self.classify.modules():  # every residual block starts as the identity (Goyal et al. 2017)
            if isinstance(block, ResNetBasicLayer):
                nn.init.zeros_(block.layer[-1].normalization.weight)
        caption, vqa = (
            BlipForConditionalGeneration(blip_config(vocabulary, 3)),
            BlipForQuestionAnswering(blip_config(vocabulary, 2)),
        )
        self.caption, self.question, self.answer = caption.text_decoder, vqa.text_encoder, vqa.text_decoder
        self.dense = nn.Linear(WIDTH, FEATURES)
        self.tags = nn.Linear(WIDTH, TAGS)
        self.vocabulary = vocabulary

    def tokens(self, pixels: Tensor) -> Tensor:
        """pixels [B, 3, S, S] -> tokens [B, 1 + 5 places, WIDTH]: the mean of the last map, its places, and the places of the
        map before it, which retains colours and counts better, zero-padded to WIDTH. S: a multiple of STRIDE."""
        seen = self.classify.resnet(pixels.contiguous(memory_format=torch.channels_last), output_hidden_states=True)
        fine, last = (map_.flatten(2).transpose(1, 2) for map_ in seen.hidden_states[-2:])
        return torch.cat([last.mean(1, keepdim=True), last, F.pad(fine, (0, WIDTH - fine.shape[-1]))], 1)

    def caption_loss(self, tokens: Tensor, ids: Tensor) -> Tensor:
        """tokens [B, P, WIDTH]; ids [B, T]: [DEC] words [SEP], padded."""
        return self._next_token_loss(
            self.caption(
                ids[:, :-1], attention_mask=self._mask(ids[:, :-1]), encoder_hidden_states=tokens, use_cache=False
            ).logits,
            ids,
            0.1,
        )

    def answer_loss(self, tokens: Tensor, questions: Tensor, answers: Tensor) -> Tensor:
        """tokens [B, P, WIDTH]; questions [B, Q]: [CLS] words [SEP]; answers [B, A]: [DEC] words [SEP]; both padded."""
        encoded = self.read(tokens, questions)
        logits = self.answer(answers[:, :-1], attention_mask=self._mask(answers[:, :-1]), encoder_hidden_states=encoded,
                             encoder_attention_mask=self._mask(questions), use_cache=False).logits  # fmt: skip
        return self._next_token_loss(logits, answers, 0.0)

    def read(self, tokens: Tensor, questions: Tensor) -> Tensor:
        """The question encoder attending to the photo: questions [B, Q] -> [B, Q, WIDTH]."""
        encoded: Tensor = self.question(
            questions, attention_mask=self._mask(questions), encoder_hidden_states=tokens
        ).last_hidden_state
        return encoded

    def _mask(self, ids: Tensor) -> Tensor:
        return (ids != self.vocabulary.pad).long()

    def _next_token_loss(self, logits: Tensor, ids: Tensor, smoothing: float) -> Tensor:
        return F.cross_entropy(
            logits.float().flatten(0, 1), ids[:, 1:].flatten(), ignore_index=self.vocabulary.pad, label_smoothing=smoothing
        )
