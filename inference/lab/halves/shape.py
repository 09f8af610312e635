"""The compact models: a frozen, pretrained EfficientNet-Lite, and BLIP's text models on adapters to it."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import BlipConfig, BlipForConditionalGeneration, BlipForQuestionAnswering

from inference.engine import split
from inference.engine.efficientnet.blocks import HEAD
from inference.engine.efficientnet.network import EfficientNetLite
from inference.engine.tasks.adapter import Adapter
from inference.engine.towers import EfficientNetTower
from inference.lab.data.photo_sets import SIDE

SIZE = "lite2"
STRIDE = 32  # pixels between places of the last map
TEXT_WIDTH, TEXT_HEADS = 256, 4
CAPTION_LAYERS, ANSWER_LAYERS = 3, 2
DROPOUT = 0.15  # of the text models while they are trained: there are few captions
SMOOTHING = 0.1  # of the caption's words


@dataclass(frozen=True)
class Vocabulary:
    size: int
    pad: int
    start: int  # [DEC]
    end: int  # [SEP]


def blip_config(vocabulary: Vocabulary, layers: int) -> BlipConfig:
    """BLIP builds question encoder and answer decoder from one text configuration, so both have `layers` layers."""
    text = {
        "vocab_size": vocabulary.size,
        "hidden_size": TEXT_WIDTH,
        "encoder_hidden_size": TEXT_WIDTH,
        "intermediate_size": 2 * TEXT_WIDTH,
        "num_hidden_layers": layers,
        "num_attention_heads": TEXT_HEADS,
        "max_position_embeddings": 64,
        "layer_norm_eps": 1e-12,
        "hidden_dropout_prob": DROPOUT,
        "attention_probs_dropout_prob": DROPOUT,
        "bos_token_id": vocabulary.start,
        "eos_token_id": vocabulary.end,
        "sep_token_id": vocabulary.end,
        "pad_token_id": vocabulary.pad,
    }
    # BLIP's own vision model is not used, but its width sets that of the text models' cross-attention.
    vision = {"hidden_size": TEXT_WIDTH, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": TEXT_WIDTH,
              "image_size": SIDE, "patch_size": STRIDE}  # fmt: skip
    return BlipConfig(text_config=text, vision_config=vision)


def adapter(tower: EfficientNetTower) -> Adapter:
    """For the tower's last two maps."""
    return Adapter(tower.places, HEAD, tower.fine_width, TEXT_WIDTH)


class Captioner(nn.Module):
    """Adapter and decoder. `tokens` are the tower's, [B, 1 + S² + 4S², 1280]."""

    def __init__(self, tower: EfficientNetTower, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.pad, self.adapter = vocabulary.pad, adapter(tower)
        self.decoder = BlipForConditionalGeneration(blip_config(vocabulary, CAPTION_LAYERS)).text_decoder

    def logits(self, adapted: Tensor, ids: Tensor) -> Tensor:
        """adapted [B, 1 + S², TEXT_WIDTH]; ids [B, T]: [DEC] words [SEP], padded -> [B, T - 1, vocabulary] at the words."""
        inputs = ids[:, :-1]
        output = self.decoder(
            inputs, attention_mask=_mask(inputs, self.pad), encoder_hidden_states=adapted, use_cache=False
        )  # fmt: skip
        logits: Tensor = output.logits
        return logits

    def loss(self, adapted: Tensor, ids: Tensor) -> Tensor:
        return _word_loss(self.logits(adapted, ids), ids, self.pad, SMOOTHING)


class Answerer(nn.Module):
    """Adapter, question encoder and answer decoder.

    Only questions of one length are computed together: BLIP's cross-attention in transformers 5.23 does not receive the mask of
    padded ones (tried), so an answer would depend on the other questions of its batch."""

    def __init__(self, tower: EfficientNetTower, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.pad, self.adapter = vocabulary.pad, adapter(tower)
        vqa = BlipForQuestionAnswering(blip_config(vocabulary, ANSWER_LAYERS))
        self.question, self.answer = vqa.text_encoder, vqa.text_decoder

    def by_length(self, questions: Tensor) -> list[tuple[Tensor, Tensor]]:
        """questions [B, Q], padded -> (rows [b], their questions [b, length]) for each length."""
        lengths = (questions != self.pad).sum(1)
        rows = [(lengths == length).nonzero()[:, 0] for length in lengths.unique()]
        return [(part, questions[part, : int(lengths[part[0]])]) for part in rows]

    def read(self, adapted: Tensor, questions: Tensor) -> Tensor:
        """The question encoder attending to the photo. questions [B, Q]: [CLS] words [SEP] -> [B, Q, TEXT_WIDTH]."""
        encoded: Tensor = self.question(questions, encoder_hidden_states=adapted).last_hidden_state
        return encoded

    def logits(self, adapted: Tensor, questions: Tensor, answers: Tensor) -> Tensor:
        """questions [B, Q], padded; answers [B, A]: [DEC] words [SEP], padded -> [B, A - 1, vocabulary] at the words."""
        groups, parts = self.by_length(questions), []
        for rows, group in groups:
            inputs, encoded = answers[rows, :-1], self.read(adapted[rows], group)
            mask = _mask(inputs, self.pad)
            parts.append(self.answer(inputs, attention_mask=mask, encoder_hidden_states=encoded, use_cache=False).logits)
        return torch.cat(parts)[torch.cat([rows for rows, _ in groups]).argsort()]

    def loss(self, adapted: Tensor, questions: Tensor, answers: Tensor) -> Tensor:
        return _word_loss(self.logits(adapted, questions, answers), answers, self.pad, 0.0)


class Compact(nn.Module):
    """Everything that the compact profile runs. The network is not trained."""

    def __init__(self, network: EfficientNetLite, names: list[str], vocabulary: Vocabulary) -> None:
        super().__init__()
        self.network, self.names, self.vocabulary = network.requires_grad_(False), names, vocabulary
        self.tower = EfficientNetTower(network, SIDE)
        self.caption, self.vqa = Captioner(self.tower, vocabulary), Answerer(self.tower, vocabulary)

    @property
    def classifier(self) -> nn.Linear:
        return self.network.classifier

    def tokens(self, pixels: Tensor) -> Tensor:
        """pixels [B, 3, S, S], normalised -> the tower's tokens [B, 1 + S² + 4S², 1280]."""
        return split.whole(self.tower, pixels)


def _mask(ids: Tensor, pad: int) -> Tensor:
    return (ids != pad).long()


def _word_loss(logits: Tensor, ids: Tensor, pad: int, smoothing: float) -> Tensor:
    targets = ids[:, 1:].flatten()
    return F.cross_entropy(logits.float().flatten(0, 1), targets, ignore_index=pad, label_smoothing=smoothing)
