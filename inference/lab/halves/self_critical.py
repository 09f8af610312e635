"""Fine-tunes the captioner on CIDEr-D itself: `python -m inference.lab.halves.self_critical --minutes 20`.

After `captioner`. Self-critical sequence training (Rennie et al. 2017) with the mean of the photo's other samples as baseline
(Luo 2020): captions are sampled, and each becomes likelier as far as it scores better than the others of its photo. A share
of the words' cross-entropy is kept, so that captions stay sentences.
"""

from pathlib import Path

import torch
from torch import Tensor
from transformers import BertTokenizerFast

from inference.lab.data import photo_sets, texts, tokens
from inference.lab.halves import captioner
from inference.lab.halves.captioner import CAPTIONS, CaptionBatches
from inference.lab.halves.features import Features
from inference.lab.halves.run import Run
from inference.lab.halves.shape import Captioner
from inference.lab.measures.score import Cider

PHOTOS, SAMPLES = 16, 5
WORDS_WEIGHT = 0.1
RATE = 1e-4


class Reward:
    def __init__(self, root: Path, place: dict[str, int]) -> None:
        references: dict[int, list[str]] = {}
        for name, text in texts.training_captions(root):
            references.setdefault(place[name], []).append(text)
        self.row = {photo: number for number, photo in enumerate(references)}
        self.measure = Cider(list(references.values()))

    def __call__(self, written: list[str], rows: list[int]) -> Tensor:
        """SAMPLES captions of each row in turn -> CIDEr-D [rows, SAMPLES]."""
        scores = [self.measure(text, self.row[rows[n // SAMPLES]]) for n, text in enumerate(written)]
        return torch.tensor(scores).view(len(rows), SAMPLES)


@torch.no_grad()
def sample(model: Captioner, adapted: Tensor, start: int, end: int) -> Tensor:
    """adapted [B, 1 + S², TEXT_WIDTH] -> ids [B, L]: [DEC] words [SEP], padded."""
    model.eval()
    ids: Tensor = model.decoder.generate(
        torch.full((len(adapted), 1), start), encoder_hidden_states=adapted, do_sample=True, top_k=0,
        max_new_tokens=captioner.LONGEST + 1, eos_token_id=end, pad_token_id=model.pad,
    )  # fmt: skip
    model.train()
    return ids


def loss(model: Captioner, adapted: Tensor, ids: Tensor, rewards: Tensor) -> Tensor:
    """ids [rows * SAMPLES, L]; rewards [rows, SAMPLES] -> policy-gradient loss per word."""
    others = (rewards.sum(1, keepdim=True) - rewards) / (SAMPLES - 1)
    advantage = (rewards - others).flatten()
    log_p = model.logits(adapted, ids).log_softmax(-1).gather(2, ids[:, 1:, None])[..., 0]
    real = ids[:, 1:] != model.pad
    return -(log_p * real * advantage[:, None]).sum() / real.sum()


def main() -> None:
    options = captioner.parser(__doc__, 20).parse_args()
    torch.set_num_threads(options.threads)
    root = photo_sets.data_dir()
    tokenizer: BertTokenizerFast = captioner.tokenizer_of(options.run / "tokenizer", root)
    start, end = tokenizer.convert_tokens_to_ids([tokens.START, "[SEP]"])
    seen, dev = (Features(options.run / "features", root, split) for split in ("train", "dev"))
    batches, reward = CaptionBatches(seen, root, tokenizer, options.seed + 1), Reward(root, seen.place)
    model, averaged = captioner.new(tokenizer, options.seed), captioner.new(tokenizer, options.seed).eval()
    model.load_state_dict(torch.load(options.run / "caption" / "checkpoint.pt", weights_only=True)["average"])
    run = Run(model, options.run / "caption-tuned", options.minutes, min(options.rate, RATE))

    def losses(step: int) -> dict[str, Tensor]:
        torch.manual_seed(step)
        shown, ids, rows = batches(step, PHOTOS)
        adapted = model.adapter(shown)
        repeated = adapted.repeat_interleave(SAMPLES, 0)
        drawn = sample(model, repeated.detach(), start, end)
        rewards = reward(tokenizer.batch_decode(drawn, skip_special_tokens=True), rows)
        words = model.loss(adapted.repeat_interleave(CAPTIONS, 0), ids)
        return {"reward": loss(model, repeated, drawn, rewards), "words": WORDS_WEIGHT * words}

    def dev_report() -> dict[str, object]:
        averaged.load_state_dict(run.average)
        return captioner.report(averaged, dev, root, tokenizer, captioner.REPORTED)

    run.train(losses, dev_report)


if __name__ == "__main__":
    main()
