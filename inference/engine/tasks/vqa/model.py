"""BLIP's question encoder with cross-attention to the tower's tokens, then its answer decoder (Li et al. 2022)."""

import torch
from torch import Tensor
from transformers import BlipForQuestionAnswering, PreTrainedTokenizerBase

from inference.engine.answer import NOTHING, Answer, Calibration
from inference.engine.catalogue import Profile
from inference.engine.loading import Part
from inference.engine.tasks import blip

MAX_TOKENS = 10  # of an answer


class Answerer:
    def __init__(self, model: BlipForQuestionAnswering, tokenizer: PreTrainedTokenizerBase, calibration: Calibration) -> None:
        self.encoder, self.decoder = model.text_encoder, model.text_decoder
        self.tokenizer, self.calibration = tokenizer, calibration
        text = model.config.text_config
        self.start, self.end, self.pad = model.decoder_start_token_id, text.sep_token_id, text.pad_token_id
        self.max_question_tokens = int(text.max_position_embeddings)
        self.max_tokens = model.generation_config.max_new_tokens or MAX_TOKENS

    @torch.inference_mode()
    def ids(self, tokens: Tensor, question: str) -> tuple[Tensor, Tensor]:
        """tokens [1, T, width] -> ids [1, L] from the start token on, and the logits [L - 1, vocabulary] they were chosen
        from.
        """
        words = self.tokenizer(question, return_tensors="pt", truncation=True, max_length=self.max_question_tokens)
        mask = torch.ones(tokens.shape[:-1], dtype=torch.long, device=tokens.device)
        hidden = self.encoder(
            input_ids=words["input_ids"].to(tokens.device), attention_mask=words["attention_mask"].to(tokens.device),
            encoder_hidden_states=tokens, encoder_attention_mask=mask,
        ).last_hidden_state  # fmt: skip
        output = self.decoder.generate(
            input_ids=torch.full((1, 1), self.start, device=tokens.device), encoder_hidden_states=hidden,
            encoder_attention_mask=torch.ones(hidden.shape[:-1], dtype=torch.long, device=hidden.device),
            eos_token_id=self.end, pad_token_id=self.pad, num_beams=1, do_sample=False, max_new_tokens=self.max_tokens,
            return_dict_in_generate=True, output_logits=True,
        )  # fmt: skip
        return output.sequences, torch.cat(output.logits)

    def answer(self, tokens: Tensor, question: str) -> Answer:
        """Confidence is the probability of exactly this answer: the product over its tokens, the end included."""
        ids, logits = self.ids(tokens, question)
        text = self.tokenizer.decode(ids[0], skip_special_tokens=True).strip()
        if not text:
            return Answer(NOTHING, 0.0, False, [])
        log_probs = (logits.float() / self.calibration.temperature).log_softmax(-1).gather(1, ids[0, 1:, None])
        confidence = float(log_probs.sum().exp())
        return Answer(text, confidence, confidence >= self.calibration.unsure_below, [(text, confidence)])


def load(profile: Profile, device: torch.device, shared: Part | None) -> Part:
    calibration = profile.calibration("vqa")
    return blip.load(
        BlipForQuestionAnswering,
        lambda model, tokenizer: Answerer(model, tokenizer, calibration).answer,
        profile,
        "vqa",
        device,
        shared,
    )
