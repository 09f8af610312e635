"""One sentence about the photo: BLIP's text decoder looking at the tower's tokens."""

import torch
from torch import Tensor
from transformers import BlipForConditionalGeneration, PreTrainedTokenizerBase

from inference.engine.answer import NOTHING, Answer, Calibration

BEAMS, LONGEST = 3, 20
REPEAT = 3  # no run of three words twice: small decoders otherwise fall into "a man in a man in a"


class Captioner:
    def __init__(
        self, model: BlipForConditionalGeneration, tokenizer: PreTrainedTokenizerBase, calibration: Calibration
    ) -> None:
        self.decoder, self.tokenizer, self.calibration = model.text_decoder, tokenizer, calibration
        text, told = model.config.text_config, model.generation_config
        self.start, self.end, self.pad = text.bos_token_id, text.sep_token_id, text.pad_token_id
        self.search = {
            "num_beams": told.num_beams if told.num_beams and told.num_beams > 1 else BEAMS,
            "max_new_tokens": told.max_new_tokens or LONGEST,
            "no_repeat_ngram_size": told.no_repeat_ngram_size or REPEAT,
            "do_sample": False,
        }

    @torch.inference_mode()
    def ids(self, tokens: Tensor) -> Tensor:
        """tokens [1, T, width] -> token ids [1, L], start and end included; as BlipForConditionalGeneration.generate."""
        start = torch.full((1, 1), self.start, device=tokens.device)
        seen = torch.ones(tokens.shape[:-1], dtype=torch.long, device=tokens.device)
        found: Tensor = self.decoder.generate(
            input_ids=start, encoder_hidden_states=tokens, encoder_attention_mask=seen,
            eos_token_id=self.end, pad_token_id=self.pad, **self.search,
        )  # fmt: skip
        return found

    def answer(self, tokens: Tensor) -> Answer:
        """Confidence is the geometric mean of the tokens' probabilities, so that long captions are not doubted for length."""
        ids = self.ids(tokens)
        text = self.tokenizer.decode(ids[0], skip_special_tokens=True).strip()
        if not text:
            return Answer(NOTHING, 0.0, False, [])
        confidence = self._confidence(tokens, ids)
        return Answer(text, confidence, confidence >= self.calibration.unsure_below, [(text, confidence)])

    @torch.inference_mode()
    def _confidence(self, tokens: Tensor, ids: Tensor) -> float:
        logits = self.decoder(ids[:, :-1], encoder_hidden_states=tokens, use_cache=False).logits[0].float()
        chances = (logits / self.calibration.temperature).log_softmax(-1).gather(1, ids[0, 1:, None])
        return float(chances.mean().exp())
