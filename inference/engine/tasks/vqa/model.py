"""BLIP's question encoder with cross-attention to the tower's tokens, then its answer decoder (Li et al. 2022).

The decoder may only give answers of the kind that the question asks for: of a closed list every answer is scored, and
elsewhere the words that cannot begin an answer are suppressed.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers import BlipForQuestionAnswering, PreTrainedTokenizerBase

from inference.engine import towers
from inference.engine.answer import NOTHING, Answer
from inference.engine.catalogue import Profile
from inference.engine.doubt import Calibration, log_odds, logistic, shared
from inference.engine.loading import Classes, Part
from inference.engine.questions import choice_table, closed_answers, kinds, naming
from inference.engine.questions.choice_table import ChoiceTable
from inference.engine.questions.closed_answers import Choice
from inference.engine.questions.kinds import Kind, Reading
from inference.engine.questions.label_tree import Branch
from inference.engine.questions.nouns import NUMBERS, is_people, singular
from inference.engine.tasks import blip
from inference.engine.tasks.blip import Adapting
from inference.engine.tasks.evidence import LogProbability
from inference.engine.tasks.vqa.fit import asks_for_number
from inference.engine.tasks.wording import with_article

MAX_TOKENS = 10  # of an answer
TOP = 3
UNNOTICED = 0.5  # of the things that people ask after and neither model sees, the share that is there
AT_ITS_PLACE = 0.8  # the share of things that are where they are asked after
ABSENT_BELOW = 0.2  # a thing whose presence is less likely is not given a colour
TAKEN_FOR_GRANTED = 2.6  # log odds, about 13 to 1: who asks for the colour of a car mostly sees one
_SUPPOSING = (Kind.COLOUR, Kind.NUMBER, Kind.ACTION, Kind.FREE)
_DIGITS = tuple(str(number) for number in range(100))


class Answerer:
    def __init__(
        self,
        model: BlipForQuestionAnswering,
        tokenizer: PreTrainedTokenizerBase,
        calibration: Calibration,
        table: ChoiceTable | None = None,
        classes: Classes | None = None,
        adapt: Adapting = blip.as_they_are,
    ) -> None:
        """`classes`: the classifier on the same tower, where there is one."""
        self.adapt = adapt
        self.encoder, self.decoder = model.text_encoder, model.text_decoder
        self.tokenizer, self.calibration = tokenizer, calibration
        self.table, self.classes = table or choice_table.read(None), classes
        text = model.config.text_config
        self.start, self.end, self.pad = model.decoder_start_token_id, text.sep_token_id, text.pad_token_id
        self.max_question_tokens = int(text.max_position_embeddings)
        self.max_tokens = model.generation_config.max_new_tokens or MAX_TOKENS
        self._yes_no, self._numbers = self._first_tokens(("yes", "no")), self._first_tokens((*_DIGITS, *NUMBERS))

    def _first_tokens(self, words: Sequence[str]) -> list[int]:
        """Of words that are one token each: only they can be suppressed by it."""
        tokens = [self.tokenizer(word, add_special_tokens=False)["input_ids"] for word in words]
        return [ids[0] for ids in tokens if len(ids) == 1 and ids[0] != self.tokenizer.unk_token_id]

    @torch.inference_mode()
    def encode(self, tokens: Tensor, question: str) -> Tensor:
        """tokens [1, T, width] -> the question in the light of the photo, [1, Q, width]."""
        tokens = self.adapt(tokens)
        words = self.tokenizer(question, return_tensors="pt", truncation=True, max_length=self.max_question_tokens)
        mask = torch.ones(tokens.shape[:-1], dtype=torch.long, device=tokens.device)
        hidden: Tensor = self.encoder(
            input_ids=words["input_ids"].to(tokens.device), attention_mask=words["attention_mask"].to(tokens.device),
            encoder_hidden_states=tokens, encoder_attention_mask=mask,
        ).last_hidden_state  # fmt: skip
        return hidden

    @torch.inference_mode()
    def ids(self, tokens: Tensor, question: str, suppressed: Sequence[int] = ()) -> tuple[Tensor, Tensor]:
        """tokens [1, T, width] -> ids [1, L] from the start token on, and the logits [L - 1, vocabulary] they were chosen
        from. `suppressed`: tokens that no answer begins with.
        """
        hidden = self.encode(tokens, question)
        output = self.decoder.generate(
            input_ids=torch.full((1, 1), self.start, device=tokens.device), encoder_hidden_states=hidden,
            encoder_attention_mask=torch.ones(hidden.shape[:-1], dtype=torch.long, device=hidden.device),
            eos_token_id=self.end, pad_token_id=self.pad, num_beams=1, do_sample=False, max_new_tokens=self.max_tokens,
            begin_suppress_tokens=list(suppressed) or None, return_dict_in_generate=True, output_scores=True,
        )  # fmt: skip
        return output.sequences, torch.cat(output.scores)

    def answer(self, tokens: Tensor, question: str) -> Answer:
        """Confidence is scaled from the probability of exactly this answer among those of its kind."""
        reading = kinds.read(question)
        if absent := self._absent(tokens, reading):
            return absent
        if (probability := self._is_there(tokens, reading)) is not None:
            scaled = sorted((("yes", probability), ("no", 1 - probability)), key=lambda pair: -pair[1])
            return Answer(*scaled[0], scaled)
        if choices := self._encodable(closed_answers.choices(reading)):
            probabilities = self.probabilities(tokens, reading.text, choices)
            top = sorted(zip((c.text for c in choices), probabilities, strict=True), key=lambda pair: -pair[1])[:TOP]
            return self._answer(tokens, reading.kind, top)
        ids, logits = self.ids(tokens, reading.text, self._unfitting(reading))
        text = self.tokenizer.decode(ids[0], skip_special_tokens=True).strip()
        if not text:
            return Answer(NOTHING, 0.0, [])
        log_probs = (logits.float() / self.calibration.temperature).log_softmax(-1).gather(1, ids[0, 1:, None])
        return self._answer(tokens, reading.kind, [(text, float(log_probs.sum().exp()))])

    def _answer(self, tokens: Tensor, kind: Kind, top: list[tuple[str, float]]) -> Answer:
        """`top`: texts with their probabilities, the best first."""
        best = self.calibration.scale.probability(top[0][1], towers.variety(tokens), kind)
        return Answer(top[0][0], best, shared(top, best))

    def _unfitting(self, reading: Reading) -> list[int]:
        """What a free answer cannot begin with."""
        if asks_for_number(reading.text):
            return self._yes_no
        return [*self._yes_no, *self._numbers]

    def _encodable(self, choices: Sequence[Choice]) -> list[Choice]:
        """With the forms that the vocabulary can spell. Alternatives of the question stay as they are."""
        unknown = self.tokenizer.unk_token_id
        spelt = [
            Choice(choice.text, forms)
            for choice in choices
            if (forms := tuple(form for form in choice.forms if unknown not in self._ids_of(form)))
        ]
        return spelt if len(spelt) > 1 else list(choices)

    def _ids_of(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    @torch.inference_mode()
    def probabilities(self, tokens: Tensor, question: str, choices: Sequence[Choice]) -> list[float]:
        """tokens [1, T, width] -> the probability of each choice among them all. All forms in one call of the decoder."""
        hidden = self.encode(tokens, question)
        forms = [(number, self._ids_of(form)) for number, choice in enumerate(choices) for form in choice.forms]
        rows = [torch.tensor([self.start, *ids, self.end]) for _, ids in forms]
        ids = pad_sequence(rows, batch_first=True, padding_value=self.pad).to(hidden.device)  # [F, L]
        lengths = torch.tensor([len(row) - 1 for row in rows], device=hidden.device)
        encoded = hidden.expand(len(rows), -1, -1)
        logits = self.decoder(
            ids[:, :-1], encoder_hidden_states=encoded, use_cache=False,
            encoder_attention_mask=torch.ones(encoded.shape[:-1], dtype=torch.long, device=hidden.device),
        ).logits.float()  # fmt: skip
        steps = (logits / self.calibration.temperature).log_softmax(-1).gather(2, ids[:, 1:, None])[..., 0]  # [F, L - 1]
        inside = torch.arange(steps.shape[1], device=hidden.device) < lengths[:, None]
        scores = (steps * inside).sum(1)
        totals = [
            torch.logsumexp(scores[[row for row, (of, _) in enumerate(forms) if of == number]], 0)
            for number in range(len(choices))
        ]
        shares: list[float] = torch.stack(totals).softmax(0).tolist()
        return shares

    def _absent(self, tokens: Tensor, reading: Reading) -> Answer | None:
        """Where what the question takes for granted was not seen, that is the answer."""
        if not reading.subject or reading.kind not in _SUPPOSING:
            return None
        seen = self.presence(tokens, reading.subject)
        if seen is None or (probability := logistic(log_odds(seen) + TAKEN_FOR_GRANTED)) >= ABSENT_BELOW:
            return None
        text = "0" if reading.kind is Kind.NUMBER else f"no {reading.subject}"
        return Answer(text, 1 - probability, [(text, 1 - probability)], absent=reading.subject)

    def _is_there(self, tokens: Tensor, reading: Reading) -> float | None:
        """The probability of yes to whether a thing is there. What the photo is of is seen, and so are people and animals; of
        other things a photo can show more than the models see. None for another question."""
        presence = reading.presence
        seen = self.presence(tokens, presence.subject) if presence else None
        if presence is None or seen is None:
            return None
        branch = self._branch(presence.subject)
        is_conspicuous = is_people(presence.subject) or (branch is not None and branch.kind == "animal")
        there = seen if presence.identity or is_conspicuous else seen + (1 - seen) * UNNOTICED
        if presence.located:
            there *= AT_ITS_PLACE
        if presence.qualified:
            yes, no = self.probabilities(tokens, reading.text, _YES_NO)
            surer = self.calibration.scale.probability(max(yes, no), towers.variety(tokens), Kind.YES_NO)
            there *= surer if yes > no else 1 - surer
        return there

    def _branch(self, subject: str) -> Branch | None:
        return self.classes.tree.find(subject) if self.classes and self.classes.tree else None

    def presence(self, tokens: Tensor, subject: str) -> float | None:
        """The probability that a thing is seen in the photo, from both models; None where the vocabulary lacks the word."""
        if self.tokenizer.unk_token_id in self._ids_of(subject):
            return None
        branch = self._branch(subject)
        yes, _ = self.probabilities(tokens, f"is there {with_article(singular(subject))}?", _YES_NO)
        if self.classes is None or branch is None:
            return self.table.presence(subject, choice_table.UNNAMED).probability(0.0, log_odds(yes))
        mass = naming.of(self.classes.probabilities(tokens), branch)
        return self.table.presence(branch.name, branch.kind).probability(log_odds(mass), log_odds(yes))


_YES_NO = closed_answers.choices(Reading(Kind.YES_NO, ""))


def scoring(model: BlipForQuestionAnswering, tokenizer: PreTrainedTokenizerBase) -> LogProbability:
    """The log-probability of a given answer, for its gradient."""
    start, end = model.decoder_start_token_id, model.config.text_config.sep_token_id
    longest = int(model.config.text_config.max_position_embeddings)

    def log_probability(tokens: Tensor, question: str, text: str) -> Tensor:
        prompt = tokenizer(kinds.read(question).text, return_tensors="pt", truncation=True, max_length=longest)["input_ids"]
        words = tokenizer(text, add_special_tokens=False)["input_ids"]
        ids = torch.tensor([[start, *words, end]], device=tokens.device)
        encoded = model.text_encoder(prompt.to(tokens.device), encoder_hidden_states=tokens).last_hidden_state
        logits = model.text_decoder(ids[:, :-1], encoder_hidden_states=encoded, use_cache=False).logits
        return logits.log_softmax(-1).gather(2, ids[:, 1:, None]).sum()

    return log_probability


def load(profile: Profile, device: torch.device, shared: Part | None) -> Part:
    calibration, table = profile.calibration("vqa"), choice_table.of(profile)
    classes = shared.classes if shared else None
    return blip.load(
        BlipForQuestionAnswering,
        lambda model, tokenizer, adapt: Answerer(model, tokenizer, calibration, table, classes, adapt).answer,
        profile,
        "vqa",
        device,
        shared,
        scoring,
    )
