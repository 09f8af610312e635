"""BLIP's text decoder with cross-attention to the tower's tokens (Li et al. 2022)."""

import torch
from torch import Tensor
from transformers import BlipForConditionalGeneration, PreTrainedTokenizerBase

from inference.engine import towers
from inference.engine.answer import NOTHING, Answer
from inference.engine.catalogue import Profile
from inference.engine.doubt import PROBABLE_FROM, Calibration
from inference.engine.loading import Classes, Part
from inference.engine.tasks import blip
from inference.engine.tasks.blip import Adapting
from inference.engine.tasks.wording import with_article

BEAMS, MAX_TOKENS = 3, 20
NO_REPEAT = 3  # no trigram twice: small decoders otherwise fall into "a man in a man in a"


class Captioner:
    def __init__(
        self,
        model: BlipForConditionalGeneration,
        tokenizer: PreTrainedTokenizerBase,
        calibration: Calibration,
        adapt: Adapting = blip.as_they_are,
        classes: Classes | None = None,
    ) -> None:
        """`classes`: the classifier on the same tower, where there is one."""
        self.adapt, self.classes = adapt, classes
        self.decoder, self.tokenizer, self.calibration = model.text_decoder, tokenizer, calibration
        text, generation = model.config.text_config, model.generation_config
        self.start, self.end, self.pad = text.bos_token_id, text.sep_token_id, text.pad_token_id
        self.search = {
            "num_beams": generation.num_beams if generation.num_beams and generation.num_beams > 1 else BEAMS,
            "max_new_tokens": generation.max_new_tokens or MAX_TOKENS,
            "no_repeat_ngram_size": generation.no_repeat_ngram_size or NO_REPEAT,
            "do_sample": False,
        }

    @torch.inference_mode()
    def ids(self, tokens: Tensor) -> Tensor:
        """tokens [1, T, width] -> token ids [1, L], start and end included; as BlipForConditionalGeneration.generate."""
        start = torch.full((1, 1), self.start, device=tokens.device)
        mask = torch.ones(tokens.shape[:-1], dtype=torch.long, device=tokens.device)
        ids: Tensor = self.decoder.generate(
            input_ids=start, encoder_hidden_states=tokens, encoder_attention_mask=mask,
            eos_token_id=self.end, pad_token_id=self.pad, **self.search,
        )  # fmt: skip
        return ids

    def answer(self, tokens: Tensor, question: str = "") -> Answer:
        """A sentence; where that is a guess and the classifier knows what is there, its name. Confidence is scaled from the
        geometric mean of the tokens' probabilities, so that length alone does not lower it."""
        adapted = self.adapt(tokens)
        ids = self.ids(adapted)
        text = self.tokenizer.decode(ids[0], skip_special_tokens=True).strip()
        if not text:
            return Answer(NOTHING, 0.0, [])
        confidence = self.calibration.scale.probability(self._probability(adapted, ids), towers.variety(tokens))
        caption = text, confidence
        if confidence < PROBABLE_FROM and self.classes is not None:
            named = self.classes.answer(tokens)
            if named.sure:
                text, confidence = with_article(named.text), named.confidence
        return Answer(text, confidence, list(dict.fromkeys([(text, confidence), caption])))

    @torch.inference_mode()
    def _probability(self, tokens: Tensor, ids: Tensor) -> float:
        """tokens [1, T, width], ids [1, L] -> 0…1."""
        logits = self.decoder(ids[:, :-1], encoder_hidden_states=tokens, use_cache=False).logits[0].float()
        log_probs = (logits / self.calibration.temperature).log_softmax(-1).gather(1, ids[0, 1:, None])
        return float(log_probs.mean().exp())


def load(profile: Profile, device: torch.device, shared: Part | None) -> Part:
    calibration, classes = profile.calibration("caption"), shared.classes if shared else None
    return blip.load(
        BlipForConditionalGeneration,
        lambda model, tokenizer, adapt: Captioner(model, tokenizer, calibration, adapt, classes).answer,
        profile,
        "caption",
        device,
        shared,
    )
