"""What the reader is trained on, and that the network in numpy computes what the trained one does."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch

from bench.planning.people.scoring import read
from inference.lab.reader import bank as banks
from inference.lab.reader import export
from inference.lab.reader.bank import Bank
from inference.lab.reader.batches import Batcher, vocabulary
from inference.lab.reader.mixing import Mixer
from inference.lab.reader.network import Network
from inference.lab.reader.typos import misspell
from inference.planning.plan import MAX_STEPS
from inference.planning.reader import network as light
from inference.planning.reader.plan_lines import END, Grammar, Line, is_mark, kind_of, marks
from inference.planning.reader.reader import FOLDER
from inference.planning.reader.words import Pieces


@pytest.fixture(scope="module")
def bank() -> Bank:
    return banks.read()


@pytest.fixture(scope="module")
def pieces() -> Pieces:
    return Pieces(FOLDER / "pieces.txt")


def test_every_plan_of_the_bank_can_be_carried_out(bank: Bank) -> None:
    for message in [*bank.messages, *bank.conditions]:
        steps = [line for line in message.plan if line.task]
        assert len(steps) <= MAX_STEPS, message.text
        for number, line in enumerate(steps):
            assert line.condition is None or line.condition.step <= number, message.text
            assert all(photo <= message.photos for photo in line.photos), message.text
            assert line.task != "vqa" or line.question, message.text


def test_no_message_of_the_bank_is_one_that_the_planner_is_measured_with(bank: Bank) -> None:
    measured = {request.message.lower().strip() for half in ("dev", "test") for request in read(half)}
    written = {message.text.lower().strip() for message in bank.messages}
    written |= {form.lower().strip() for group in bank.forms for form in group.forms}
    common = {message for message in measured & written if len(message.split()) > 4}
    assert not common, "short ones may meet by chance"


def test_samples_are_plans_that_the_grammar_allows(bank: Bank) -> None:
    mixer = Mixer(bank, random.Random(1))
    for _ in range(500):
        sample, grammar = mixer.sample(), Grammar()
        assert len(sample.words) == len(sample.meant) and sample.start <= len(sample.words)
        for token in sample.tokens:
            assert grammar.allows(kind_of(token)), sample
            grammar.take(token)
        assert sample.tokens[-1] == END


def test_things_are_exchanged_in_the_message_and_its_plan_alike(bank: Bank) -> None:
    mixer = Mixer(bank, random.Random(2))
    words, tokens = ["how", "many", "dogs", "are", "there", "?"], ["<vqa>", "how", "many", "dogs", "are", "there", END]
    changed = False
    for _ in range(20):
        _, new_words, new_tokens = mixer._exchanged([], words, tokens)
        assert new_words[2] == new_tokens[3] and new_words[2].endswith("s")
        changed |= new_words[2] != "dogs"
    assert changed


def test_words_are_misspelt_but_not_lost() -> None:
    dice = random.Random(4)
    slips = {misspell("umbrella", dice) for _ in range(100)}
    assert len(slips) > 20 and all(slip and len(slip) >= 4 for slip in slips)
    assert misspell("12", dice) == "12"


def test_the_exported_network_computes_the_same(bank: Bank, pieces: Pieces, tmp_path: Path) -> None:
    torch.manual_seed(0)
    words = vocabulary(bank)
    network = Network(2, pieces.count, len(marks()), len(words)).eval()
    with torch.no_grad():  # numbers that int8 and half precision hold
        network.pieces.weight.copy_(torch.randint(-127, 128, network.pieces.weight.shape) / 127)
        network.pieces.weight[:, 0] = 1
        network.marks.weight.copy_(network.marks.weight.half().float())
    export.write(network, tmp_path, exact=True)
    sample = Mixer(bank, random.Random(5)).sample()
    batch = Batcher(pieces, words)([sample])
    with torch.no_grad():
        from_vocabulary, from_words, copies = network(batch)
    exported = light.Network(tmp_path)
    count = int(batch.piece_mask[0].sum())
    first = batch.first_pieces[0][batch.word_mask[0]].tolist()
    state = exported.encode(batch.pieces[0, :count].tolist(), batch.is_message[0, :count].tolist(), first)
    writing = exported.begin(state)
    places = list[int]()
    for t, token in enumerate([END, *sample.tokens[:-1]]):
        embedding = (
            exported.mark(marks().index(token)) if is_mark(token) else exported.embedding(pieces.of([token])[0][:5]).mean(0)
        )
        written, copied = exported.step(writing, embedding, places)
        places = [place for place, word in enumerate(sample.meant, 1) if word == sample.tokens[t]]
        gate = float(copies[0, t].sigmoid())
        assert np.allclose(written, from_vocabulary[0, t].exp().numpy() * (1 - gate), atol=1e-5)
        assert np.allclose(copied, from_words[0, t].exp().numpy() * gate, atol=1e-4)
        assert np.isclose(written.sum() + copied.sum(), 1, atol=1e-4)


def test_a_damaged_bank_is_named(tmp_path: Path) -> None:
    (tmp_path / "asides.txt").write_text("well\n")
    (tmp_path / "one-forms.jsonl").write_text('{"step": "caption", "forms": ["describe it"]}\n{"step": \n')
    with pytest.raises(ValueError, match=r"one-forms\.jsonl, line 2"):
        banks.read(tmp_path)


def test_a_form_of_the_bank_is_a_line(bank: Bank) -> None:
    assert Line("caption") in {group.line for group in bank.forms}
