"""The language of plans that the reader writes: text to lines, lines to tokens and back, and what its grammar allows."""

import random

import pytest

from inference.planning.plan import MAX_STEPS
from inference.planning.reader.plan_lines import (
    END,
    MOST_LINES,
    Condition,
    Grammar,
    Line,
    from_tokens,
    kind_of,
    marks,
    parse,
    to_tokens,
)
from inference.planning.reader.words import words_of

PLAN = (
    "vqa how many eggs are in the nest?",
    "if 1 yes: run 12: classify",
    "if 1 great tit: photo 2: read what does the label say?",
    "photos 1 3: caption",
    "say metadata",
    "train",
)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("caption", Line("caption")),
        ("vqa is there a dog?", Line("vqa", "is there a dog?")),
        ("if 2 no: read", Line("read", condition=Condition(2, "no"))),
        ("photos 1 2: vqa is it red?", Line("vqa", "is it red?", photos=(1, 2))),
        ("run 7: classify", Line("classify", run="7")),
        ("say why", Line(said="why")),
    ],
)
def test_a_line_is_read(text: str, line: Line) -> None:
    assert parse(text) == line


@pytest.mark.parametrize(
    "text", ["", "dance", "say hello", "if yes: caption", "photo 0: caption", "if 1 yes: say why", "photos : vqa x?"]
)
def test_what_is_no_line_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse(text)


def _tokens(*plan: str) -> list[str]:
    lines = [parse(text) for text in plan]
    return to_tokens(lines, [words_of(line.question.rstrip("?")) for line in lines])


def test_lines_become_tokens_and_come_back() -> None:
    back = from_tokens(_tokens(*PLAN))
    assert back == [parse(text.rstrip("?")) for text in PLAN]


def test_the_grammar_allows_every_plan() -> None:
    grammar = Grammar()
    for token in _tokens(*PLAN):
        assert grammar.allows(kind_of(token)), token
        grammar.take(token)


def test_whatever_the_grammar_allows_is_a_plan() -> None:
    dice = random.Random(3)
    for _ in range(300):
        grammar, tokens = Grammar(), list[str]()
        while not tokens or tokens[-1] != END:
            choices = [token for token in (*marks(), "dog", "12") if grammar.allows(kind_of(token))]
            assert choices, tokens
            tokens.append(dice.choice(choices) if len(tokens) < 80 or END not in choices else END)
            grammar.take(tokens[-1])
        lines = from_tokens(tokens)
        assert 0 < len(lines) <= MOST_LINES
        assert sum(bool(line.task) for line in lines) <= MAX_STEPS
        assert len(lines) == sum(kind_of(token) in ("task", "say") for token in tokens)


@pytest.mark.parametrize("token", [END, "dog", "<1>", "<yes>", "<if>"])
def test_a_plan_begins_with_a_line(token: str) -> None:
    assert not Grammar().allows(kind_of(token))
