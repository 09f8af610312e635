"""An answer to a question: BLIP reads the question while looking at the tower's tokens, then writes the answer."""

import torch
from torch import Tensor
from transformers import BlipForQuestionAnswering, PreTrainedTokenizerBase

from inference.engine.answer import NOTHING, Answer, Calibration

LONGEST = 10  # tokens of an answer


class Answerer:
    def __init__(self, model: BlipForQuestionAnswering, tokenizer: PreTrainedTokenizerBase, calibration: Calibration) -> None:
        self.reader, self.decoder, self.tokenizer, self.calibration = (
            model.text_encoder,
            model.text_decoder,
            tokenizer,
            calibration,
        )
        text = model.config.text_config
        self.start, self.end, self.pad = model.decoder_start_token_id, text.sep_token_id, text.pad_token_id
        self.longest_question = int(text.max_position_embeddings)
        self.longest = model.generation_config.max_new_tokens or LONGEST

    @torch.inference_mode()
    def ids(self, tokens: Tensor, question: str) -> tuple[Tensor, Tensor]:
        """-> ids [1, L] from the start token on, and the logits [L - 1, vocabulary] they were chosen from."""
        asked = self.tokenizer(question, return_tensors="pt", truncation=True, max_length=self.longest_question)
        seen = torch.ones(tokens.shape[:-1], dtype=torch.long, device=tokens.device)
        read = self.reader(
            input_ids=asked["input_ids"].to(tokens.device), attention_mask=asked["attention_mask"].to(tokens.device),
            encoder_hidden_states=tokens, encoder_attention_mask=seen,
        ).last_hidden_state  # fmt: skip
        found = self.decoder.generate(
            input_ids=torch.full((1, 1), self.start, device=tokens.device), encoder_hidden_states=read,
            encoder_attention_mask=torch.ones(read.shape[:-1], dtype=torch.long, device=read.device),
            eos_token_id=self.end, pad_token_id=self.pad, num_beams=1, do_sample=False, max_new_tokens=self.longest,
            return_dict_in_generate=True, output_logits=True,
        )  # fmt: skip
        return found.sequences, torch.cat(found.logits)

    def answer(self, tokens: Tensor, question: str) -> Answer:
        """Confidence is the probability of exactly this answer: the product over its tokens, the end included."""
        ids, logits = self.ids(tokens, question)
        text = self.tokenizer.decode(ids[0], skip_special_tokens=True).strip()
        if not text:
            return Answer(NOTHING, 0.0, False, [])
        chances = (logits.float() / self.calibration.temperature).log_softmax(-1).gather(1, ids[0, 1:, None])
        confidence = float(chances.sum().exp())
        return Answer(text, confidence, confidence >= self.calibration.unsure_below, [(text, confidence)])
